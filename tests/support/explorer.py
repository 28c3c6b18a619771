"""Drives the explorer over a run file by keys and reads its screen as text."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from engine.annotation.cuts import Cuts
from engine.requery import LayerAnswer, NeuronAnswer, Requery
from engine.store.reader import RunReader
from mammi_tui.app import ExplorerApp
from mammi_tui.images.ascii import AsciiBackend
from mammi_tui.images.base import ImageBackend
from mammi_tui.keyboard.keymap import Keymap
from mammi_tui.neurons.rows import Neuron, NeuronRows
from mammi_tui.questions.evidence import EvidenceAsker
from mammi_tui.questions.looking import Looking
from mammi_tui.questions.start import Start
from mammi_tui.screens.explorer import ExplorerScreen
from mammi_tui.state.keeper import StateKeeper
from mammi_tui.verdicts.log import VerdictLog, log_of
from mammi_tui.views.base import View
from mammi_tui.views.registry import VIEWS

PATIENCE = 60
"""Seconds after which an explorer that is not at rest never will be"""


@dataclass
class Explorer:
    """An explorer that runs without a terminal."""

    app: ExplorerApp
    pilot: Pilot[None]
    log: VerdictLog

    @property
    def screen(self) -> ExplorerScreen:
        return self.app.explorer

    @property
    def neuron(self) -> str:
        """The neuron on screen, as `layer:unit`."""
        assert self.looking.neuron is not None
        return self.looking.rows.name_of(self.looking.neuron)

    @property
    def looking(self) -> Looking:
        return self.screen.looking

    @property
    def cuts(self) -> Cuts:
        return self.looking.cuts

    @property
    def rows(self) -> NeuronRows:
        return self.looking.rows

    @property
    def reader(self) -> RunReader:
        return self.looking.reader

    async def press(self, *keys: str) -> None:
        """Presses keys one by one, each after the result of the one before is on screen."""
        for key in keys:
            await self.pilot.press(key)
            await self.rest()

    async def press_together(self, *keys: str) -> None:
        """Sends keys as a terminal does that delivers them in one packet, and waits for what they lead to."""
        for key in keys:
            self.app.post_message(events.Key(_character_to_key(key), key) if len(key) == 1 else events.Key(key, None))
        await self.rest()

    async def type(self, text: str) -> None:
        await self.press(*(character if character != " " else "space" for character in text))

    async def rest(self) -> None:
        """Waits until everything wanted is on screen, or the explorer ends. Raises TimeoutError where neither comes."""
        still, started = 0, time.monotonic()
        while still < 4 and self.app.return_code is None:  # an answer may bring further messages
            if time.monotonic() - started > PATIENCE:
                raise TimeoutError(f"desk at rest: {self.screen.desk.at_rest}; keys: {self.app.keys_underway}")
            await self.pilot.pause(0.003)
            done = self.screen.view_pane.is_whole and self.screen.desk.at_rest and not self.app.keys_underway
            still = still + 1 if done else 0

    async def go_to(self, layer: int, unit: int) -> None:
        from mammi_tui.neurons.tree import NeuronTree

        self.screen.query_one(NeuronTree).go_to(Neuron(layer, unit))
        await self.rest()

    def lines(self) -> list[str]:
        """What a reader sees: one text for each line of the screen."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    def text(self) -> str:
        return "\n".join(self.lines())

    def answer(self, alpha: float | None = None, beta: float | None = None) -> NeuronAnswer:
        """The re-query's answer about the neuron on screen, by default at the cuts on screen."""
        neuron = self.looking.neuron
        assert neuron is not None
        layer = self.reader.layers[neuron.layer].name
        own = self.cuts
        cuts = replace(own, alpha=own.alpha if alpha is None else alpha, beta=own.beta if beta is None else beta)
        return Requery(self.reader).neuron(layer, neuron.unit, cuts)

    def layer_answer(self, layer: int) -> LayerAnswer:
        name = self.reader.layers[layer].name
        return Requery(self.reader).layer(name, self.cuts)


@asynccontextmanager
async def explorer(
    run: Path,
    folder: Path,
    *,
    size: tuple[int, int] = (140, 40),
    start: tuple[str, int] | None = ("layer1", 3),
    concept_set: str | None = None,
    views: Sequence[View] = VIEWS,
    keymap: Keymap | None = None,
    in_background: bool = False,
    images: ImageBackend | None = None,
    messages: bool = False,
    app_class: type[ExplorerApp] = ExplorerApp,
    keeper: StateKeeper | None = None,
    name: str = "run.duckdb",
) -> AsyncIterator[Explorer]:
    """Opens a copy of a run file in `folder` as `name`, so that verdicts stay apart, and waits for its first answers.

    Messages to the reader are shown with `messages`.
    With `in_background` the layers that nothing on screen needs get their evidence while no key is pressed.
    """
    path = folder / name
    shutil.copy(run, path)
    with RunReader(path) as reader:
        info = reader.info
        log = log_of(reader)
        first = Start(start, replace(info.cuts, concept_set=concept_set))
        app = app_class(reader, first, images or AsciiBackend(), log, views, keymap, keeper=keeper)
        async with app.run_test(size=size, notifications=messages) as pilot:
            opened = Explorer(app, pilot, log)
            for asker in app.explorer.desk.askers:
                if isinstance(asker, EvidenceAsker):
                    asker.in_background = in_background
            await opened.rest()
            yield opened
