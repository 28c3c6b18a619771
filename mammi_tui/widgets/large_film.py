"""A film to look at closely: zoom and pan, window and level, inversion, heat and outlines; by keys and by mouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.message import Message

from mammi_tui.findings import Finding
from mammi_tui.images.base import Grey, ImageBackend
from mammi_tui.images.picture import Mask, Part, Picture, Window
from mammi_tui.keyboard.counting_app import counted, counted_from_one
from mammi_tui.widgets.thumbnail import Thumbnail

ZOOMS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
PAN = 0.25
"""The share of what is shown by which a key pans"""
WINDOW_STEP = 16
"""Grey levels by which a key moves the window's level or its width"""


class LargeFilm(Thumbnail, can_focus=True):
    """Keeps zoom, window and what is drawn over the film while the films change."""

    BINDING_GROUP_TITLE = "Film"
    HELP = """
    The film itself. The mouse: the wheel steps through the films, with ctrl it zooms; a drag moves a film that is
    larger than its place, else it moves window (across) and level (down), as a drag with the right button always does.
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "step(1)", "Next film", show=False, id="film.down", tooltip="Next film"),
        Binding("k,up", "step(-1)", "Previous film", show=False, id="film.up", tooltip="Previous film"),
        Binding("home,g", "go_to(0)", "First", show=False, tooltip="First film; with a number before it, that film",
                id="film.first"),
        Binding("end,G", "go_to(-1)", "Last", show=False, tooltip="Last film; with a number before it, that film",
                id="film.last"),
        Binding("enter", "leave", "Close", show=False, tooltip="Back to where you were", id="film.leave"),
    ]  # fmt: skip

    class Left(Message):
        """The reader has seen enough of it."""

    class Changed(Message):
        """What is drawn of the film is another."""

    class Stepped(Message):
        """The reader wants the film `by` places on."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    class Jumped(Message):
        """The reader wants the film at a place of the list; −1 is the last."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def __init__(self, backend: ImageBackend, *, id: str) -> None:  # noqa: A002
        super().__init__(backend, id=id)
        self.zoom = 1.0
        self.window: Window | None = None
        """None for the automatic one, which each film has of its own"""
        self.inverted = False
        self.outlined = True
        self._film: Grey | None = None
        self._findings: tuple[Finding, ...] = ()
        self._heat: Mask | None = None
        self._centre = (0.5, 0.5)
        self._dragged_from: Offset | None = None
        self.as_stored = True
        """Whether the greys are those of the film, as long as `window` is None"""

    # What is shown

    def set_film(self, film: Grey, findings: Sequence[Finding]) -> None:
        """Shows another film [h, w], without heat."""
        self._film, self._findings, self._heat = film, tuple(findings), None
        self.draw_again()

    def set_heat(self, heat: Mask | None) -> None:
        """Tints these pixels of the film [h, w]."""
        self._heat = heat
        self.draw_again()

    def no_film(self, message: str) -> None:
        """Shows a line of text in place of a film."""
        self._film = None
        self.say(message)

    @property
    def present_window(self) -> Window:
        """The window in force."""
        if self.window is not None:
            return replace(self.window, inverted=self.inverted)
        if self.as_stored or self._film is None:
            return Window(inverted=self.inverted)
        return Window.auto(self._film, inverted=self.inverted)

    @property
    def has_outlines(self) -> bool:
        return bool(self._findings)

    @property
    def said(self) -> str:
        """Zoom and window in words, those that are not as at first; "" for none."""
        window = self.present_window
        zoom = f"zoom {self.zoom:g}×" if self.zoom > 1 else ""
        greys = f"window {window.width:.0f} level {window.level:.0f}" if not window.is_whole else ""
        auto = " (auto)" if self.window is None and not self.as_stored else ""
        return " · ".join(filter(None, (zoom, greys + auto, "inverted" if self.inverted else "")))

    def draw_again(self) -> None:
        """Draws the film with all that is chosen now."""
        if self._film is None:
            return
        part = Part.around(*self._centre, self.zoom)
        self._centre = ((part.left + part.right) / 2, (part.top + part.bottom) / 2)
        findings = self._findings if self.outlined else ()
        self.show(Picture(self._film, self.present_window, part, self._heat, findings))
        self.post_message(self.Changed())

    # Keys

    def action_leave(self) -> None:
        self.post_message(self.Left())

    @counted
    def action_step(self, by: int) -> None:
        self.post_message(self.Stepped(by))

    @counted_from_one
    def action_go_to(self, place: int) -> None:
        self.post_message(self.Jumped(place))

    def zoom_by(self, steps: int) -> None:
        """Goes to the next larger zoom, or with −1 to the next smaller one."""
        place = ZOOMS.index(self.zoom) + steps
        self.zoom = ZOOMS[max(0, min(place, len(ZOOMS) - 1))]
        self.draw_again()

    def pan(self, across: float, down: float) -> None:
        """Moves what is shown by shares of itself."""
        self._centre = (self._centre[0] + across / self.zoom, self._centre[1] + down / self.zoom)
        self.draw_again()

    def move_window(self, level: float, width: float) -> None:
        """Moves the window by grey levels."""
        self.window = self.present_window.moved(level, width)
        self.draw_again()

    def fit(self) -> None:
        """Shows the whole film."""
        self.zoom, self._centre = 1.0, (0.5, 0.5)
        self.draw_again()

    def auto_window(self) -> None:
        """Goes to the automatic window; from it to the greys as they are stored."""
        self.as_stored = self.window is None and not self.as_stored
        self.window = None
        self.draw_again()

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._dragged_from = event.offset
        self.capture_mouse()

    def on_mouse_up(self) -> None:
        self._dragged_from = None
        self.release_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        placement = self.placement
        if self._dragged_from is None or placement is None:
            return
        moved, self._dragged_from = event.offset - self._dragged_from, event.offset
        if self.zoom > 1 and event.button != 3:
            self.pan(-moved.x / placement.columns, -moved.y / placement.rows)
        else:
            self.move_window(4 * moved.y, 4 * moved.x)

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll(event, 1)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll(event, -1)

    def _scroll(self, event: events.MouseEvent, step: int) -> None:
        event.stop()
        event.prevent_default()
        if event.ctrl:
            self.zoom_by(-step)
        else:
            self.action_step(step)
