"""The explorer's panes on many units: what a reader waits for after a key, in the explorer's own code.

A run of 22,000 units: make FILE.duckdb --images 2000 --units 5616 --before 4096 4096 4096 4096 --dimension 64
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import numpy as np

from engine.store.reader import RunReader
from mammi_tui.app import ExplorerApp
from mammi_tui.images.ascii import AsciiBackend
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.evidence import EvidenceAsker
from mammi_tui.questions.start import Start
from mammi_tui.verdicts.log import log_of
from tests.support.measuring import Report, Row

BOUND, ROWS_BOUND = 200.0, 50.0
"""Milliseconds"""
FILTERS = ("concept:12", "score>0.05", "images>3", "4", "verdict:undecided", "finding:Mass", "unit:100-2000")
ORDERS = ("best score", "best concept", "finding", "representatives", "best z", "undecided first", "unit")
TIMES = 5


class Panes:
    """An explorer without a terminal. Evidence, which takes seconds, is not asked for."""

    def __init__(self, report: Report, app: ExplorerApp) -> None:
        self.report, self.app, self.explorer = report, app, app.explorer

    async def rest(self) -> None:
        """Waits until all that is wanted has been answered and drawn."""
        still = 0
        while still < 3:
            await asyncio.sleep(0.0005)
            done = self.explorer.desk.at_rest and self.explorer.view_pane.is_whole and not self.app.keys_underway
            still = still + 1 if done else 0

    async def time(self, what: str, acts: list[Callable[[], object]], bound: float | None = BOUND) -> None:
        """The 95th percentile of these acts, each until its result is on screen."""
        walls, cpus = [], []
        for act in acts:
            cpu, wall = time.process_time(), time.perf_counter()
            act()
            await self.rest()
            walls.append(1e3 * (time.perf_counter() - wall))
            cpus.append(1e3 * (time.process_time() - cpu))
        median, p95 = float(np.median(walls)), float(np.percentile(walls, 95))
        self.report.add(Row(what, p95, "ms", "p95", median, p95, float(np.median(cpus)), bound))

    async def rows_on_screen(self) -> None:
        """From a change of α until the rows on screen are drawn, then until all is."""
        bar, looking, walls = self.explorer.cuts_bar, self.explorer.looking, []
        for _ in range(TIMES):
            wall = time.perf_counter()
            bar.move_by("alpha", -0.01)
            while (shown := looking.rows.found(looking.neuron or Neuron(0, 0))) is None or shown[
                0
            ].cuts != looking.cuts:
                await asyncio.sleep(0.0005)
            walls.append(1e3 * (time.perf_counter() - wall))
            await self.rest()
        p95 = float(np.percentile(walls, 95))
        self.report.add(
            Row("rows on screen at a new α", p95, "ms", "p95", float(np.median(walls)), p95, bound=ROWS_BOUND)
        )


def measure(report: Report, reader: RunReader) -> None:
    """Prints what opening, filtering, sorting and going on take over all layers."""
    report.figure("units in all layers", sum(layer.units for layer in reader.layers), "units")
    report.time("open: the run and the first tree", lambda: _first_tree(reader), TIMES, bound=BOUND)
    asyncio.run(_measure(report, reader))


def _first_tree(reader: RunReader) -> None:
    with RunReader(reader.path) as again:
        app = _app(again)
        looking = app.explorer.looking
        looking.rows.open.add(looking.neuron.layer if looking.neuron else 0)
        app.explorer.neurons.outline.rows.rebuild()
        layer = reader.layers[-1].name
        looking.rows.answers[-1] = looking.requery.layer(layer, looking.cuts)


def _app(reader: RunReader) -> ExplorerApp:
    return ExplorerApp(reader, Start(None, reader.info.cuts), AsciiBackend(), log_of(reader))


async def _measure(report: Report, reader: RunReader) -> None:
    app = _app(reader)
    for asker in app.explorer.desk.askers:
        if isinstance(asker, EvidenceAsker):
            asker.called = asker.in_background = False
    async with app.run_test(size=(160, 48)):
        panes, explorer = Panes(report, app), app.explorer
        await panes.rest()
        layers = range(len(reader.layers))
        await panes.time("open a layer", [lambda at=at: explorer.go_to_layer(at) for at in (*layers[:-1], *layers)])
        await panes.time("the next neuron", [lambda: explorer.neurons.outline.action_cursor_by(1)] * TIMES)
        await panes.rows_on_screen()
        await panes.time("β", [lambda: explorer.action_cut("beta", -0.01)] * TIMES, None)
        await panes.time("back to the run's own cuts", [explorer.action_own_cuts])
        await panes.time("filter", [lambda query=query: explorer.apply(query) for query in FILTERS])
        await panes.time("the next undecided one, filtered", [lambda: explorer.action_undecided(1)] * TIMES)
        await panes.time("without the filter", [explorer.action_drop_filter])
        await panes.time("sort", [lambda name=name: explorer.action_sort(name) for name in ORDERS])
        await panes.time("the next undecided one", [lambda: explorer.action_undecided(1)] * TIMES)
