"""The three panes: side by side where the terminal has room, else two or one of them."""

from __future__ import annotations

from typing import Literal, get_args

from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.widget import Widget

from mammi_tui.neurons.pane import NeuronsPane
from mammi_tui.screens.images_pane import ImagesPane
from mammi_tui.views.base import View
from mammi_tui.views.pane import ViewPane

Pane = Literal["neurons", "view", "images"]
PANES: tuple[Pane, ...] = get_args(Pane)


class Panes(Horizontal):
    """Lays out the panes. `present` is the pane to show where not all fit.

    The classes `-at-NAME` (the present pane), `-wide` and `-whole` (the view's room) pass this on to the style sheet.
    """

    def __init__(self, neurons: NeuronsPane, view: ViewPane, images: ImagesPane) -> None:
        self.present: Pane = "neurons"
        super().__init__(id="panes", classes=f"-at-{self.present}")
        self.neurons, self.view, self.images = neurons, view, images

    def compose(self) -> ComposeResult:
        yield self.neurons
        with Container(id="right"):
            yield self.view.head
            yield self.view
            yield self.images

    def show(self, pane: Pane) -> None:
        """Makes a pane the one to show where not all fit."""
        self.present = pane
        self._take_classes({f"-at-{name}": name == pane for name in PANES})

    def _take_classes(self, classes: dict[str, bool]) -> None:
        """Takes or drops classes. Only the panes themselves look different for them, not what is inside."""
        if any(self.has_class(name) is not wanted for name, wanted in classes.items()):
            for name, wanted in classes.items():
                self.set_class(wanted, name, update=False)
            panes = (self, *self.children, self.view, self.images)
            self.app.stylesheet.update_nodes(list(dict.fromkeys(panes)))

    def go_to(self, pane: Pane) -> None:
        """Shows and focuses a pane at once, so that keys typed ahead go to it."""
        self.show(pane)
        self.screen.set_focus(self.reading(pane))

    def go_by(self, step: int) -> None:
        """Goes to the next pane, or with −1 to the one before."""
        self.go_to(PANES[(PANES.index(self.present) + step) % len(PANES)])

    @property
    def named(self) -> str:
        """The present pane in a word."""
        return self.view.view.title.lower() if self.present == "view" else self.present

    def reading(self, pane: Pane) -> Widget:
        """The widget of a pane that takes the keys."""
        return {"neurons": self.neurons.outline, "view": self.view.reading, "images": self.images.grid}[pane]

    def turn_to(self, view: View) -> None:
        """Shows a view. The focus moves to it if it takes all the room, or cannot stay where it is."""
        self.view.turn_to(view)
        self._take_classes({f"-{room}": room == view.room for room in ("wide", "whole", "all")})
        if self.present == "view" or view.room == "all" or not self.view.region.area:
            self.go_to("view")

    def on_resize(self) -> None:
        self.call_after_refresh(self._keep_focus)

    def _keep_focus(self) -> None:
        """Focuses the pane again where a resize has hidden the widget that had the focus."""
        if self.screen.focused is None and self.screen.is_current:
            self.reading(self.present).focus()

    def on_descendant_focus(self) -> None:
        """Follows a click into another pane."""
        for name in PANES:
            if self.screen.focused is self.reading(name) and self.present != name:
                self.show(name)
