"""Which pane is shown and has the keys, and which view the one of concepts has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from textual import on
from textual.widget import Widget

from engine.store.reader import RunReader
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.questions.evidence import EvidenceAsking
from mammi_tui.questions.start import Start
from mammi_tui.views.pane import VIEWS, ConceptsPane, View

if TYPE_CHECKING:
    from mammi_tui.views.evidence_help import Note

Pane = Literal["neurons", "concepts", "images"]
PANES: tuple[Pane, ...] = ("neurons", "concepts", "images")


class PaneScreen(EvidenceAsking):
    """Three panes side by side, two or one, as the terminal has room; where not all are shown, `pane` is."""

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-one"), (80, "-two"), (120, "-three")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (15, "-low"), (36, "-tall")]  # noqa: RUF012

    def __init__(self, reader: RunReader, start: Start) -> None:
        super().__init__(reader, start)
        self.pane: Pane = "neurons"

    def action_pane_by(self, step: int) -> None:
        self.action_pane(PANES[(PANES.index(self.pane) + step) % len(PANES)])

    def action_pane(self, pane: Pane) -> None:
        """Shows and focuses a pane, at once: keys typed ahead go to it."""
        self.show_pane(pane)
        self.set_focus(self._widget_of(pane))

    def _widget_of(self, pane: Pane) -> Widget:
        return self.query_one(ConceptsPane).reading if pane == "concepts" else self.query_one(f"#{pane}")

    def action_view(self, view: View) -> None:
        """Evidence or methods in the place of the concepts, or the concepts again."""
        pane = self.query_one(ConceptsPane)
        self.turn_to("concepts" if pane.view == view and pane.region.area else view)

    def turn_to(self, view: View) -> None:
        """Shows concepts, evidence or methods. The focus goes there only where it cannot stay at the neurons."""
        pane = self.query_one(ConceptsPane)
        pane.turn_to(view)
        for name in VIEWS:
            self.set_class(name == view, f"-{name}")
        self.evidence_called_up |= view == "evidence"
        self.wants_methods = view == "methods"
        if self.pane == "concepts" or not pane.region.area:
            self.action_pane("concepts")
        self.ask()

    def notes(self) -> tuple[Sequence[Note], Sequence[Note]]:
        """What the help explains before the keys, which is the view, and after them."""
        from mammi_tui.views.evidence_help import FILTER, VIEW_NOTES

        pane = self.query_one(ConceptsPane)
        shown = pane.view in VIEW_NOTES and bool(pane.region.area)
        return [VIEW_NOTES[pane.view]] if shown else [], [FILTER] if self.pane == "neurons" else []

    def action_back_to_pane(self) -> None:
        self.action_pane(self.pane)

    def show_pane(self, pane: Pane) -> None:
        """Where not all panes have room, this one is shown."""
        self.pane = pane
        for name in PANES:
            self.set_class(name == pane, f"-at-{name}")

    def on_descendant_focus(self) -> None:
        """Follows a click into another pane."""
        for name in PANES:
            if self.focused is self._widget_of(name) and self.pane != name:
                self.show_pane(name)

    def on_resize(self) -> None:
        self.call_after_refresh(self._keep_focus)

    def _keep_focus(self) -> None:
        if self.focused is None and self.is_current:
            self._widget_of(self.pane).focus()

    @on(NeuronTree.Left)
    def to_concepts(self) -> None:
        self.action_pane("concepts")
