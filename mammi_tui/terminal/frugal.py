"""Draws only the lines that changed, and sends the terminal only their cells that changed.

A film is not sent again when a number beside it changes. It uses Textual's internals, hence the narrow pin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from operator import itemgetter
from typing import ClassVar

from rich.cells import cell_len
from rich.console import RenderableType
from textual._compositor import Compositor, CompositorMap
from textual._styles_cache import StylesCache
from textual.app import App
from textual.await_remove import AwaitRemove
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.errors import NoWidget
from textual.events import Resize, ScreenResume
from textual.geometry import Offset, Region
from textual.screen import Screen, ScreenResultType
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import AwaitMount, Widget

from mammi_tui.terminal.changes import ChangesOnly, LinesUpdate, Placed, Update
from mammi_tui.terminal.pictures import Pictures, cell_pixels, sights
from mammi_tui.terminal.sent_cells import SentCells, Span


class LineCompositor(Compositor):
    """Asks each widget only for the lines that an update changes and that nothing in front of it covers.

    Textual's own asks every widget for every line of the rectangle around all changes. It also divides what stands in
    front at the edges of what it covers, and draws blanks for a wide character that such an edge divides.
    """

    @property
    def full_map(self) -> CompositorMap:
        """Where each widget is. Where that is found anew between two layouts, what has changed is drawn, as after one.

        Textual's own would compare the next layout with this one, and leave on screen what has gone since the last.
        """
        before = self._full_map
        now = super().full_map
        if now is not before:
            changed = (found.clip.intersection(found.region) for _, found in before.items() ^ now.items())
            self._dirty_regions.update(region for region in changed if region)
        return now

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        """The text there that a press of the mouse begins to select.

        None where its widget has left since the last layout: Textual's own would fail to find what held it.
        """
        with suppress(NoWidget):
            if not self.get_widget_at(x, y)[0].is_attached:
                return None, None
        return super().get_widget_and_offset_at(x, y)

    def render_partial_update(self) -> LinesUpdate | None:  # type: ignore[override]  # it has the same interface
        regions = [found for region in self._dirty_regions if (found := region.intersection(self.size.region))]
        self._dirty_regions.clear()
        if not regions:
            return None
        spans: dict[int, list[Span]] = {}
        for y, start, end in self._regions_to_spans(regions):  # by lines, ascending
            spans.setdefault(y, []).append((start, end))
        if self.root and isinstance(app := self.root.app, FrugalApp):
            spans = {y: app.sent.whole_texts(y, found) for y, found in spans.items()}
        return LinesUpdate(list(self._placed(spans)))

    def _render_chops(self, crop: Region, is_rendered_line: Callable[[int], bool]) -> list[dict[int, Strip]]:
        """The strips of each line of the screen by the column where they begin, ascending."""
        crop = crop.intersection(self.size.region)
        spans = {y: [(crop.x, crop.right)] for y in crop.line_range if is_rendered_line(y)}
        lines: list[dict[int, Strip]] = [{} for _ in range(self.size.height)]
        for x, y, strip in sorted(self._placed(spans), key=itemgetter(0)):
            lines[y][x] = strip
        return lines

    def _placed(self, spans: dict[int, list[Span]]) -> Iterator[Placed]:
        """The strips for these spans of columns of each line, from the widgets in front to those behind."""
        for widget, (region, clip) in self.visible_widgets.items():
            if not spans:
                return
            left, top, width, height = region.intersection(clip)
            right = left + width
            lines = [
                y
                for y, wanted in spans.items()
                if top <= y < top + height and any(a < right and b > left for a, b in wanted)
            ]
            for first, last in _runs(lines):
                part = Region(left - region.x, first - region.y, width, last - first + 1)
                for y, strip in enumerate(widget.render_lines(part), first):
                    uncovered = []
                    for a, b in spans[y]:
                        start, end = max(a, left), min(b, right)
                        if start >= end:
                            uncovered.append((a, b))
                            continue
                        yield self._cropped(widget, strip, left, y, (start, end))
                        uncovered += [span for span in ((a, start), (end, b)) if span[0] < span[1]]
                    spans[y] = uncovered
                    if not uncovered:
                        del spans[y]

    def _cropped(self, widget: Widget, strip: Strip, x: int, y: int, span: Span) -> Placed:
        """A span of a widget's strip at (x, y), with the other half of each character that begins or ends in it.

        A half that something in front covers stays out.
        """
        start, end = _uncut(strip, span[0] - x, span[1] - x)
        if (x + start, x + end) == span:
            return span[0], y, strip.crop(start, end)
        first = span[0] if self._is_covered(widget, x + start, y) else x + start
        last = span[1] if self._is_covered(widget, x + end - 1, y) else x + end
        return first, y, strip.crop(first - x, last - x)

    def _is_covered(self, widget: Widget, x: int, y: int) -> bool:
        """Whether another widget stands in front of the widget there."""
        for other, (region, clip) in self.visible_widgets.items():
            if other is widget:
                return False
            if region.contains(x, y) and clip.contains(x, y):
                return True
        return False


def _uncut(strip: Strip, start: int, end: int) -> Span:
    """The span of a strip, widened by one cell where it begins or ends within a wide character."""
    if (start <= 0 and end >= strip.cell_length) or len(strip.text) == strip.cell_length:
        return start, end
    x = 0
    for character in strip.text:
        after = x + cell_len(character)
        if x < start < after:
            start = x
        if x < end < after:
            end = after
        x = after
    return start, end


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of each run of consecutive numbers, which ascend."""
    start = 0
    for place in range(1, len(numbers) + 1):
        if place == len(numbers) or numbers[place] != numbers[place - 1] + 1:
            yield numbers[start], numbers[place - 1]
            start = place


class FrugalScreen(Screen[ScreenResultType]):
    """A screen that draws only the lines that changed."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = LineCompositor()

    def on_compose(self) -> None:
        """Takes the classes of the breakpoints before what it holds is styled, and laid out as if for another size."""
        width, height = self.app.size
        classes = self._get_breakpoint_classes(width, self.HORIZONTAL_BREAKPOINTS or [])
        classes |= self._get_breakpoint_classes(height, self.VERTICAL_BREAKPOINTS or [])
        self.add_class(*classes, update=False)

    def _on_screen_resume(self, event: ScreenResume) -> None:
        """Spares a new screen a second look at all its styles, which have only just been found."""
        event.refresh_styles &= self.stack_updates > 0


class FrugalApp(App[None]):
    """An app that sends only the cells that changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "redraw", "Redraw", show=False, tooltip="Draw the whole screen again", id="app.redraw"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.sent = SentCells()
        """What the terminal shows"""
        self.pictures: Pictures | None = None
        """What it shows in pixels, where it can"""
        self._later: Timer | None = None
        """Runs while pictures wait that could not be sent at once"""

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())

    def on_resize(self, event: Resize) -> None:
        """Draws all again even where the size is as before: the terminal may have had another one in between."""
        self.sent.forget()
        if self.pictures:
            self.pictures.cell = cell_pixels() or self.pictures.cell
            self.pictures.regained()
        if event.size == self._size:
            self.screen.refresh()

    def on_app_focus(self) -> None:
        if self.pictures:
            self.pictures.regained()
            self.lay_pictures()

    def _get_screen(self, screen: Screen[object] | str) -> tuple[Screen[object], AwaitMount]:
        found = self.get_screen(screen)
        if not isinstance(found._compositor, LineCompositor):  # a screen over another, such as the palette
            found._compositor = LineCompositor()
        return super()._get_screen(found)

    def _prune(self, *nodes: Widget, parent: DOMNode | None = None) -> AwaitRemove:
        """Lets go of the lines of widgets that leave: a cache of Textual's would keep those of a thousand widgets."""
        StylesCache.get_inner_outer.cache_clear()
        return super()._prune(*nodes, parent=parent)

    def _check_resize(self) -> None:
        super()._check_resize()
        if self.screen_stack:
            self.screen.refresh()

    def action_redraw(self) -> None:
        """Draws every widget and sends every cell again, for when another program has written on the terminal."""
        self.sent.forget()
        if self.pictures:
            self.pictures.forget()
        self.screen.refresh(layout=True)
        self.screen.query("*").refresh()

    def send(self, sequence: str) -> None:
        """Sends the terminal what draws nothing, such as text for its clipboard."""
        if self._driver and sequence:
            self._driver.write(sequence)

    def lay_pictures(self) -> None:
        """Shows pictures that have become ready, though no cell has changed."""
        self._later = None
        if self.pictures and self.screen_stack:
            self._display(self.screen, LinesUpdate([]))

    def farewell(self) -> str:
        """What takes all pictures off the terminal, from any thread."""
        return self.pictures.farewell() if self.pictures else ""

    def _changes(self, update: Update) -> ChangesOnly:
        """What an update of the screen on top changes on the terminal."""
        seen = sights(reversed(self.screen_stack)) if self.pictures else ()
        return ChangesOnly(update, self.sent, self.size, self.pictures, seen)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, Update):
            renderable = self._changes(renderable)
        super()._display(screen, renderable)
        if self.pictures and self.pictures.wait is not None and self._later is None:
            self._later = self.set_timer(self.pictures.wait, self.lay_pictures)
