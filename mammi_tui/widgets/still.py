"""Widgets that keep their geometry. A change of what they show draws the lines that differ, and lays nothing out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.widget import Widget

Part = tuple[str, str]
"""Text, already clean and fitted, and the name of its component style"""
_KEPT = 250
"""Lines that a widget keeps, up to 3 KB each, to draw them again at no cost"""


class StillLines(Widget):
    """Draws line by line. Subclasses define `draw_line`, and call `redraw` when a line may have changed."""

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._last: dict[int, Strip] = {}
        """The line that was drawn last at each y"""
        self._ready: dict[int, Strip] = {}
        """Lines that are drawn, but not yet on screen"""
        self._ready_at = Size(0, 0)
        """The widget's size for which they are drawn"""
        self._styles: dict[tuple[str, ...], Style] = {}
        self._strips: dict[tuple[int, tuple[Part, ...]], Strip] = {}

    def draw_line(self, y: int) -> Strip:
        """The line at `y` of the widget's content."""
        raise NotImplementedError

    def style_of(self, *names: str) -> Style:
        """The style of a component, or without a name that of the widget itself."""
        if (style := self._styles.get(names)) is None:
            style = self._styles[names] = self.get_visual_style(*names).rich_style
        return style

    def strip(self, width: int, parts: tuple[Part, ...]) -> Strip:
        """A line of `width` cells. One that was drawn before is found again; what is missing has the first style."""
        if (strip := self._strips.get((width, parts))) is None:
            if len(self._strips) >= _KEPT:
                self._strips.clear()
            segments = [Segment(text, self.style_of(name)) for text, name in parts]
            strip = Strip(segments).adjust_cell_length(width, self.style_of(parts[0][1]))
            self._strips[width, parts] = strip
        return strip

    def notify_style_update(self) -> None:
        self._styles.clear()
        self._strips.clear()
        super().notify_style_update()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without the filter that replaces colours of the terminal's palette: no line has any."""
        return [found for found in super().get_line_filters() if not isinstance(found, ANSIToTruecolor)]

    def redraw(self) -> None:
        """Draws the lines that are not as they were."""
        width, height = self.content_size
        lines = {y: self.draw_line(y) for y in range(height)}
        changed = {y: line for y, line in lines.items() if (last := self._last.get(y)) is not line and last != line}
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))
        self._ready, self._ready_at = changed, self.outer_size

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        self._ready = {}
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_line(self, y: int) -> Strip:
        line = self._ready.pop(y, None) if self._ready_at == self.outer_size else None
        self._last[y] = line = self.draw_line(y) if line is None else line
        return line


class StillBar(ScrollBar):
    """A scroll bar whose size lays nothing out."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)


class StillScroll(StillLines, ScrollView):
    """Scrolls vertically. The scroll bar keeps its column, so that the width does not depend on the number of lines."""

    DEFAULT_CSS = """
    StillScroll { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False, repaint=False)
    _while_drawing: Region | None = None
    """The region of the lines, which does not change while they are drawn, and takes long to find"""

    @property
    def scrollable_content_region(self) -> Region:
        return self._while_drawing or super().scrollable_content_region

    def redraw(self) -> None:
        self._while_drawing = super().scrollable_content_region
        try:
            super().redraw()
        finally:
            self._while_drawing = None

    def render_lines(self, crop: Region) -> list[Strip]:
        self._while_drawing = super().scrollable_content_region
        try:
            return super().render_lines(crop)
        finally:
            self._while_drawing = None

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The scroll bar, which is made when it is first needed."""
        if self._vertical_scrollbar is None:
            self._vertical_scrollbar = StillBar(name="vertical", thickness=self.scrollbar_size_vertical)
            self._vertical_scrollbar.display = False
            self.app._start_widget(self, self._vertical_scrollbar)
        return self._vertical_scrollbar

    def watch_virtual_size(self, size: Size) -> None:
        """Moves the scroll bar."""
        self._scroll_update(size)


class Framed(Widget):
    """A pane that draws its title and its subtitle without drawing what it frames."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)

    def frame(self, title: str | Content | None = None, subtitle: str | None = None) -> None:
        """Draws the title, the subtitle, or both, where they are not as they were."""
        edges = {"_border_title": (title, 0), "_border_subtitle": (subtitle, self.outer_size.height - 1)}
        for name, (text, line) in edges.items():
            if text is not None and getattr(self, name) != (
                content := Content(text) if isinstance(text, str) else text
            ):
                setattr(self, name, content)
                edge = Region(0, line, self.outer_size.width, 1)
                self.refresh(edge.translate(-self.content_offset))
