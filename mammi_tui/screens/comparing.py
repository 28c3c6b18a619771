"""Comparing the open run with another one: which run, and how its changes are filtered and sorted."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from os.path import isdir, isfile

from textual import on

from engine.annotation.cuts import RANKINGS, Selection
from engine.own_files import from_home
from mammi_tui.changes.filter import HELP
from mammi_tui.changes.filter import LONGEST as LONGEST_FILTER
from mammi_tui.changes.order import ORDERS
from mammi_tui.questions.subjects import ComparisonSubject
from mammi_tui.screens.base import ExplorerBase
from mammi_tui.state.record import LONGEST as LONGEST_PATH
from mammi_tui.views.compare import CompareBody

_CUT = re.compile(r"(?:^|\s)(alpha|α|beta|β|ranking|select|set)=")
"""What begins a cut: the text before the first is a path, and each goes on until the next"""
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
        name, cuts = parts_of(text.strip())
        path = from_home(name) if name or not cuts else self.looking.reader.path
        if not (name or cuts) or not isfile(path):  # noqa: PTH113 (that of pathlib fails for a long name)
            return _no_run_file(name)
        try:
            alpha, beta = (_number(cuts.get(cut)) for cut in ("alpha", "beta"))
        except ValueError:
            return "α and β are numbers from 0 to 1"
        ranking = next((each for each in RANKINGS if each == cuts.get("ranking")), None)
        if "ranking" in cuts and ranking is None:
            return f"ranking is {' or '.join(RANKINGS)}"
        try:
            selection = Selection.parse(cuts["select"]) if "select" in cuts else None
        except ValueError as error:
            return str(error)
        path = path.absolute()
        kept = text.replace(name, str(path), 1) if name else text
        self.keeper.change(lambda state: state.with_compared(kept))
        self._compared = ComparisonSubject(str(path), alpha, beta, cuts.get("set"), ranking, selection)
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


def parts_of(text: str) -> tuple[str, dict[str, str]]:
    """The path before the cuts, "" for none, and the cuts by name, in any order."""
    found = list(_CUT.finditer(text))
    starts = [*(each.start() for each in found), len(text)]
    values = [text[each.end() : end].strip() for each, end in zip(found, starts[1:], strict=True)]
    names = [{"α": "alpha", "β": "beta"}.get(each[1], each[1]) for each in found]
    return text[: starts[0]].strip(), {name: value for name, value in zip(names, values, strict=True) if value}


def _number(cut: str | None) -> float | None:
    """An α or a β as typed. Raises ValueError for one outside [0, 1]."""
    value = None if cut is None else float(cut.replace(",", "."))
    if value is not None and not 0 <= value <= 1:
        raise ValueError(cut)
    return value


def _no_run_file(name: str) -> str:
    """Why a path cannot be compared with, with some that can."""
    is_folder = bool(name) and isdir(from_home(name))  # noqa: PTH112 (as above)
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
    with suppress(OSError, ValueError), os.scandir(from_home(shown or ".")) as entries:
        for entry in islice(entries, MOST_LOOKED_AT):
            if entry.name.startswith(beginning) and (beginning or not entry.name.startswith(".")):
                if entry.is_dir():
                    found.append(f"{shown}{entry.name}/")
                elif entry.name.endswith(".duckdb"):
                    found.append(f"{shown}{entry.name}")
    return [path for path in dict.fromkeys([*before, *sorted(found)]) if path != text][:MOST_OFFERED]
