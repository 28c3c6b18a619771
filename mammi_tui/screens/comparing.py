"""Comparing the open run with another one: which run, and how its changes are filtered and sorted."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path

from textual import on

from engine.annotation.cuts import RANKINGS, Selection
from mammi_tui.changes.filter import HELP
from mammi_tui.changes.filter import LONGEST as LONGEST_FILTER
from mammi_tui.changes.order import ORDERS
from mammi_tui.questions.subjects import ComparisonSubject
from mammi_tui.screens.base import ExplorerBase
from mammi_tui.state.record import LONGEST as LONGEST_PATH
from mammi_tui.views.compare import CompareBody

_NAMED = re.compile(
    r"(.*?)(?:\s*\b(?:alpha|α)=([\d.,]+))?(?:\s*\b(?:beta|β)=([\d.,]+))?"
    r"(?:\s*\branking=(score|z))?(?:\s*\bselect=(\S+))?(?:\s*\bset=(.+))?"
)
"""A path, an α, a β, a ranking, a selection of images and a concept set, each of which may be left out"""
MOST_OFFERED = 50
MOST_LOOKED_AT = 2000
"""Files of a folder that are looked at for the completion of a path"""


class Comparing(ExplorerBase):
    """The part of the explorer that leads to the comparison with another run."""

    _compared: ComparisonSubject | None = None
    """The comparison that the reader looked at last"""

    def action_compare(self) -> None:
        """Goes back to the last comparison; from there, or where there is none, asks for another run."""
        if self._compared is not None and not isinstance(self.looking.subject, ComparisonSubject):
            self.look_at(self._compared)
            return
        earlier = self.keeper.state.compared
        self.one_line.ask(
            "compare with",
            self.compare_with,
            text=earlier[-1] if earlier else "",
            complete=partial(run_files, earlier=earlier),
            placeholder="another run file · alpha=0.85 ranking=z select=top-40 set=NAME: this run at other cuts",
            most=LONGEST_PATH,
            selected=True,
        )

    def compare_with(self, text: str) -> str | None:
        """Shows what changed to another run, or to this one at other cuts. Returns why that cannot be done; None where
        it can."""
        found = _NAMED.fullmatch(text.strip())
        name, *cuts = found.groups() if found else (text, *(None,) * 5)
        try:
            alpha, beta = (None if cut is None else float(cut.replace(",", ".")) for cut in cuts[:2])
        except ValueError:
            alpha = beta = -1.0
        path = Path(name).expanduser() if name or not any(cuts) else self.looking.reader.path
        if not (name or any(cuts)) or not path.is_file():
            return _no_run_file(name)
        if not all(0 <= cut <= 1 for cut in (alpha, beta) if cut is not None):
            return "α and β are numbers from 0 to 1"
        try:
            selection = Selection.parse(cuts[3]) if cuts[3] else None
        except ValueError as error:
            return str(error)
        path = path.absolute()
        kept = text.replace(name, str(path), 1) if name else text
        self.keeper.change(lambda state: state.with_compared(kept))
        ranking = next((each for each in RANKINGS if each == cuts[2]), None)
        self._compared = ComparisonSubject(str(path), alpha, beta, cuts[4], ranking, selection)
        self.look_at(self._compared)
        return None

    @on(CompareBody.FacedWanted)
    def face_films(self, event: CompareBody.FacedWanted) -> None:
        event.stop()
        self.looking.faced = event.faced
        self.desk.ask()

    @on(CompareBody.LineWanted)
    def ask_of_changes(self, event: CompareBody.LineWanted) -> None:
        event.stop()
        body = self.view_pane.bodies["compare"]
        if not isinstance(body, CompareBody):
            return
        if event.what == "filter":
            self.one_line.ask("filter", body.filter_by, text=body.query_text, placeholder=HELP, most=LONGEST_FILTER)
            return
        from mammi_tui.widgets.menu_line import Choice, MenuLine

        choices = [Choice(each.key, each.name, marked=each is body.order) for each in ORDERS.values()]
        by_key = {each.key: each for each in ORDERS.values()}
        self.app.push_screen(
            MenuLine("Sort by", choices), lambda key: body.sort_by(by_key[key]) if key in by_key else None
        )


def _no_run_file(name: str) -> str:
    """Why a path cannot be compared with, with some that can."""
    is_folder = bool(name) and Path(name).expanduser().is_dir()
    near = run_files(f"{name.rstrip('/')}/" if is_folder else name)
    told = ", ".join([path for path in near if not path.endswith("/")][:3] or near[:3])
    if is_folder:
        return f"{name}: a folder, not a run file{f'. In it: {told}' if told else ''}"
    return f"{name or 'no path'}: no run file{f'. Near it: {told}' if told else ''}"


def run_files(text: str, earlier: Sequence[str] = ()) -> list[str]:
    """Paths that a text may become: run files compared before, then folders and run files that begin with it."""
    before = [path for path in reversed(earlier) if path.startswith(text)]
    folder, _, beginning = text.rpartition("/")
    shown = f"{folder}/" if "/" in text else ""
    found = []
    with suppress(OSError), os.scandir(Path(shown or ".").expanduser()) as entries:
        for entry in islice(entries, MOST_LOOKED_AT):
            if entry.name.startswith(beginning) and (beginning or not entry.name.startswith(".")):
                if entry.is_dir():
                    found.append(f"{shown}{entry.name}/")
                elif entry.name.endswith(".duckdb"):
                    found.append(f"{shown}{entry.name}")
    return [path for path in dict.fromkeys([*before, *sorted(found)]) if path != text][:MOST_OFFERED]
