"""A value on a track, in [0, 1] or a number of images: moved by keys, by mouse, or typed."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from mammi_tui.text import fit
from mammi_tui.widgets.still import StillLines

FINE, COARSE, LEAP = 0.001, 0.01, 0.05
LEAST_TRACK = 8
DIGITS = "0123456789."


@dataclass(frozen=True, slots=True)
class Scale:
    """The values of a slider: those in [0, 1]; with `most` the whole numbers from 1 to that, small ones further apart.

    A step of 0.001 is one image.
    """

    most: int = 0

    def stepped(self, value: float, step: float) -> float:
        """The value one step away, kept on the scale and rounded, so that errors of steps of 0.001 do not add up."""
        if self.most:
            return min(self.most, max(1, round(value + step / FINE)))
        return min(1.0, max(0.0, round(value + step, 6)))

    def typed(self, text: str) -> float | None:
        """The value that a reader typed (`0.95`, `.95` or `0,95`; `40`); None where it is not on the scale."""
        if self.most:
            return int(text) if text.isdecimal() and 1 <= int(text) <= self.most else None
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            return None
        return value if 0 <= value <= 1 else None

    def shown(self, value: float) -> str:
        """A value in [0, 1] with at least three decimals, and more where they were typed; a whole number as it is."""
        if self.most:
            return f"{value:,.0f}"
        text = f"{value:.6f}".rstrip("0")
        return text + "0" * (3 - len(text.partition(".")[2]))

    def share(self, value: float) -> float:
        """Where a value stands on the track, from 0 to 1."""
        return min(1.0, log(max(value, 1)) / log(max(self.most, 2))) if self.most else value

    def at(self, share: float) -> float:
        """The value at a place of the track."""
        kept = min(1.0, max(0.0, share))
        return min(self.most, round(max(self.most, 2) ** kept)) if self.most else round(kept, 3)

    def __str__(self) -> str:
        return f"a whole number from 1 to {self.most:,}" if self.most else "a number from 0 to 1"


_SHARES = Scale()


class Slider(StillLines, can_focus=True):
    """Posts `Changed` for every value that the reader wants; its owner sets `value`. ◇ marks the run's own value."""

    BINDING_GROUP_TITLE = "Slider"
    HELP = "α, β or the number of images: type a value and press Enter, or move it. ◇ marks the run's own value."
    TYPED: ClassVar[str] = DIGITS
    """Characters that begin a value"""
    FOCUS_ON_CLICK = False  # after a drag the keys still go to the pane

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", f"step({-COARSE})", "Lower", id="slider.down", tooltip="Lower by 0.01, or by 10 images"),
        Binding("right,l", f"step({COARSE})", "Higher", id="slider.up", tooltip="Higher by 0.01, or by 10 images"),
        Binding("shift+left,H", f"step({-FINE})", "Lower a little", show=False, id="slider.fine-down",
                tooltip="Lower by 0.001, or by one image"),
        Binding("shift+right,L", f"step({FINE})", "Higher a little", show=False, id="slider.fine-up",
                tooltip="Higher by 0.001, or by one image"),
        Binding("down,j", f"step({-LEAP})", "Lower by a leap", show=False, id="slider.leap-down",
                tooltip="Lower by 0.05, or by 50 images"),
        Binding("up,k", f"step({LEAP})", "Higher by a leap", show=False, id="slider.leap-up",
                tooltip="Higher by 0.05, or by 50 images"),
        Binding("home,g", "step(-1e9)", "To the lowest", show=False, id="slider.least"),
        Binding("end,G", "step(1e9)", "To the highest", show=False, id="slider.most"),
        Binding("escape,enter", "screen.back_to_pane", "Back", id="slider.leave"),
    ]  # fmt: skip

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "slider--name",
        "slider--value",
        "slider--edit",
        "slider--filled",
        "slider--track",
        "slider--thumb",
        "slider--own",
        "slider--readout",
    }

    DEFAULT_CSS = """
    Slider {
        height: 1;
        width: 1fr;
        .slider--name { color: $text-accent; text-style: bold; }
        .slider--value { color: $foreground; text-style: bold; }
        .slider--edit { color: $background; background: $accent; text-style: bold; }
        .slider--filled { color: $primary 75%; }
        .slider--track { color: $foreground 35%; }
        .slider--thumb { color: $primary; text-style: bold; }
        .slider--own { color: $text-accent; }
        .slider--readout { color: $foreground 85%; }
        &:focus { background: $block-cursor-background; color: $block-cursor-foreground; }
        &:focus .slider--name { color: $block-cursor-foreground; text-style: bold reverse; }
        &:focus .slider--value, &:focus .slider--readout, &:focus .slider--thumb { color: $block-cursor-foreground; }
        &:focus .slider--filled, &:focus .slider--own { color: $block-cursor-foreground; }
        &:focus .slider--track { color: $block-cursor-foreground 60%; }
    }
    """

    value: reactive[float] = reactive(0.0)
    readout: reactive[tuple[str, str]] = reactive(("", ""))
    """What the value leads to: in full, and in short"""
    editing: reactive[str | None] = reactive(None)

    @dataclass
    class Changed(Message):
        slider: Slider
        value: float

        @property
        def control(self) -> Slider:
            return self.slider

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.symbol = ""
        self.scale = Scale()
        self.own: float | None = None
        self._readout_cells = [0, 0]

    def be(self, symbol: str, value: float, own: float | None, tooltip: str, scale: Scale = _SHARES) -> None:
        """Shows a value by its name; `own` is the run's, None where the run has none of that name."""
        if (symbol, scale) != (self.symbol, self.scale):
            self._readout_cells = [cell_len(text) for text in self.readout]
            self.editing = None
        self.symbol, self.scale, self.own = symbol, scale, own
        self.tooltip = tooltip
        self.value = value
        self.redraw()

    @property
    def undone(self) -> str:
        """Says so where a value is typed and not entered."""
        return "" if self.editing is None else f"{self.symbol}: {self.editing} is not entered yet"

    def draw_line(self, y: int) -> Strip:
        width = self.content_size.width
        if y or width < 4:
            return Strip.blank(width, self.style_of())
        left, track, readout = self._layout()
        parts = [(f" {self.symbol} ", "slider--name")]
        if self.editing is None:
            parts.append((self.scale.shown(self.value), "slider--value"))
        else:
            parts.append((f"{self.editing}▏".ljust(left - 3 - len(self.symbol)), "slider--edit"))
        parts += [(" ", "slider--track"), *self._track(track), (f" {readout} ", "slider--readout")]
        strip = Strip([Segment(text, self.style_of(name)) for text, name in parts])
        return strip.adjust_cell_length(width, self.style_of())

    def _layout(self) -> tuple[int, int, str]:
        """Cells left of the track, cells of the track, and the readout that fits."""
        left = 3 + len(self.symbol) + max(len(self.scale.shown(self.value)), len(self.editing or "") + 1)
        width = self.content_size.width - left
        for readout, cells in zip(self.readout, self._readout_cells, strict=True):
            if (track := width - cells - 2) >= LEAST_TRACK:
                return left, track, fit(readout, cells, right=True)
        return left, max(2, width - 2), ""

    def watch_readout(self, readout: tuple[str, str]) -> None:
        """Keeps room for the longest readout so far, so that the track keeps its length under the mouse."""
        self._readout_cells = [
            max(cells, cell_len(text)) for cells, text in zip(self._readout_cells, readout, strict=True)
        ]

    def _track(self, cells: int) -> list[tuple[str, str]]:
        thumb = round(self.scale.share(self.value) * (cells - 1))
        own = thumb if self.own is None else round(self.scale.share(self.own) * (cells - 1))
        line = [("━" * thumb, "slider--filled"), ("◆" if self.value == self.own else "●", "slider--thumb")]
        line.append(("─" * (cells - thumb - 1), "slider--track"))
        if own == thumb:
            return line
        place = 0 if own < thumb else 2
        text, style = line[place]
        before = own if place == 0 else own - thumb - 1
        line[place : place + 1] = [(text[:before], style), ("◇", "slider--own"), (text[before + 1 :], style)]
        return line

    def ask_for(self, value: float) -> None:
        """Posts the value, unless it is already the one shown."""
        self.editing = None
        if value != self.value:
            self.post_message(self.Changed(self, value))

    def action_step(self, step: float) -> None:
        self.ask_for(self.scale.stepped(self.value, step))

    def check_consume_key(self, key: str, character: str | None) -> bool:  # noqa: ARG002
        """Keeps characters that belong to the typed value from the explorer's keys."""
        return character is not None and character in (DIGITS if self.editing is None else DIGITS + ",")

    def on_key(self, event: events.Key) -> None:
        character = event.character or ""
        if self.editing is None:
            if character and character in DIGITS:
                self.editing = character
                event.stop()
            return
        if event.key == "enter":
            if self._apply():
                return  # and the key goes on to its binding, which leaves the slider
        elif event.key == "escape":
            self.editing = None
        elif event.key == "backspace":
            self.editing = self.editing[:-1] or None
        elif event.is_printable and character in DIGITS + ",":
            self.editing = (self.editing + character)[:8]
        elif not event.is_printable:
            return
        event.stop()
        event.prevent_default()

    def _apply(self) -> bool:
        """Takes the typed value. Returns whether it is one."""
        value = self.scale.typed(self.editing or "")
        if value is None:
            self.notify(
                f"{self.symbol} is {self.scale}. It stays {self.scale.shown(self.value)}.",
                title=f"{self.editing} is not a value",
                severity="warning",
                markup=False,
            )
            return False
        self.ask_for(value)
        return True

    def on_blur(self) -> None:
        self.editing = None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.capture_mouse()
        self._drag_to(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self:
            self._drag_to(event)

    def on_mouse_up(self) -> None:
        self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_step(COARSE)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_step(-COARSE)

    def _drag_to(self, event: events.MouseEvent) -> None:
        left, track, _ = self._layout()
        x = event.get_content_offset_capture(self).x - left
        if event.get_content_offset(self) is None or -1 <= x <= track:
            self.ask_for(self.scale.at(x / (track - 1)))
