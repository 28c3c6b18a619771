"""A neuron's representative images as a grid of thumbnails. Only visible films are decoded and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.timer import Timer

from engine.store.thumbnails import LONGEST_SIDE
from mammi_tui.images.base import ImageBackend
from mammi_tui.images.films import Films
from mammi_tui.keyboard.counting_app import counted, counted_from_one
from mammi_tui.lane import Lane
from mammi_tui.widgets.captions import Captions, ThumbnailItem
from mammi_tui.widgets.drawn_films import DrawnFilms, Wanted, drawn
from mammi_tui.widgets.sharp_tiles import SharpTiles
from mammi_tui.widgets.thumbnail_keys import KEYS
from mammi_tui.widgets.tile import Film, TilePainter
from mammi_tui.widgets.tile_wheel import TileWheel
from mammi_tui.widgets.tiles import Tiles, tile_layout

PARTS = ("film", "rank", "activation", "labels", "path", "folder", "cursor", "frame")
_AT_ONCE = 8
"""Films that the worker thread decodes and draws at once: this takes a few milliseconds"""
PATIENCE = 0.1
"""Seconds for which the films before are kept until those that replace them are drawn"""


class ThumbnailGrid(TileWheel, SharpTiles, can_focus=True, inherit_bindings=False):
    """Tiles with a film and a caption. The cursor is on one of them."""

    BINDING_GROUP_TITLE = "Representative images"
    HELP = """
    The images above τ, the highest activation first. > goes on to weaker ones: a tenth of all images at a time, the
    weakest, and random ones. Films drawn with cells are a preview.
    """
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"thumbnail-grid--{part}" for part in PARTS}

    DEFAULT_CSS = """
    ThumbnailGrid {
        & .thumbnail-grid--film { background: black; color: #d0d0d0; }
        & .thumbnail-grid--rank { color: $text-muted; }
        & .thumbnail-grid--activation { text-style: bold; }
        & .thumbnail-grid--labels { color: $text-accent; }
        & .thumbnail-grid--path { color: $text-muted; }
        & .thumbnail-grid--folder { color: $text-disabled; }
        & .thumbnail-grid--frame { color: $text-muted; }
        & .thumbnail-grid--cursor {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: bold;
        }
        &:focus .thumbnail-grid--frame { color: $text-primary; text-style: bold; }
        &:focus .thumbnail-grid--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
    }
    """

    cursor: reactive[int] = reactive(0, repaint=False)

    @dataclass
    class Highlighted(Message):
        """The cursor is on another film."""

        grid: ThumbnailGrid
        index: int

        @property
        def control(self) -> ThumbnailGrid:
            return self.grid

    class Opened(Highlighted):
        """The reader wants to see a film large. `index` is its place in the list of items."""

    @dataclass
    class RangeWanted(Message):
        """The reader wants films of another range of activations, so many ranges on."""

        by: int

    @dataclass
    class Drawn(Message):
        """The films that the worker thread has drawn; a text in place of a film gives the reason why there is none."""

        wanted: Wanted
        films: list[Film]

    def __init__(self, films: Films, backend: ImageBackend, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.items: Sequence[ThumbnailItem] = ()
        self._captions = Captions(self.items)
        self.films = films
        self.backend = backend
        self._across = 0
        self._tiles = self._fitting(0)
        self._drawn = DrawnFilms()
        self._patience: Timer | None = None
        """Runs while the films before are kept on screen, as those that replace them will be drawn in a moment"""
        self._pressed: int | None = None
        """The tile under the mouse when its button went down: this may show the grid in another size"""
        self._lane: Lane[Wanted] = Lane(self, "films", self._missing, self._draw)

    # What is shown

    def set_images(self, items: Sequence[ThumbnailItem]) -> None:
        """Shows these representative images. The cursor stays if its film keeps its place, else it goes to the first.

        Only the items that become visible are read, so the sequence may be lazy.
        """
        stays = self.cursor < min(len(items), len(self.items)) and (
            items[self.cursor].image == self.items[self.cursor].image
        )
        self.items = items
        self._captions = Captions(items)
        if not stays:
            self.set_reactive(ThumbnailGrid.cursor, 0)
        self._lay_out()
        if not stays:
            self.scroll_to(y=0, animate=False)
        self._lane.pump()
        if self._lane.idle:
            self._draw_all()
        elif self._patience is None:
            self._patience = self.set_timer(PATIENCE, self._draw_all)

    def _draw_all(self) -> None:
        """Draws what has changed, also films that are still missing."""
        if self._patience:
            self._patience.stop()
        self._patience = None
        self.redraw()

    def _fitting(self, across: int) -> Tiles:
        """The tiles for these items in this pane: `across` of them side by side, or with 0 as many as fit best."""
        columns, rows = self.scrollable_content_region.size
        pixels = self.backend.cell_pixels[0]
        return tile_layout(len(self.items), columns, rows, widest=pixels and LONGEST_SIDE // pixels, across=across)

    def _lay_out(self) -> None:
        before, self._tiles = self._tiles, self._fitting(self._across)
        self.virtual_size = Size(self.scrollable_content_region.width, self._tiles.lines(len(self.items)))
        if self._tiles != before:
            self._reveal(self.cursor)

    def on_resize(self) -> None:
        self._lay_out()
        self.redraw()
        self._reveal(self.cursor)
        self._lane.pump()

    def action_resize(self, by: int) -> None:
        """Goes to the next larger (1) or smaller (−1) size of films, which stays until `action_fit`."""
        now = self._tiles
        for across in range(now.across, 0, -1) if by > 0 else (now.across, now.across + 1):
            if (self._fitting(across).film_columns - now.film_columns) * by > 0:
                self.set_across(across)
                return

    def action_fit(self) -> None:
        self.set_across(0)

    @property
    def across(self) -> int:
        """Films side by side; 0 for as many as fit best."""
        return self._across

    def set_across(self, across: int) -> None:
        self._across = across
        self._lay_out()
        self.redraw()
        self._lane.pump()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._lane.pump()

    # Decoding and drawing, on a worker thread

    def _missing(self) -> Wanted | None:
        """The visible films that are not drawn yet."""
        tiles = self._tiles
        if not tiles.film_rows or not self.size:
            return None
        shown = tiles.shown(self.scroll_offset.y, self.size.height, len(self.items))
        images = (self.items[index].image for index in shown)
        return self._drawn.missing(images, tiles.film_columns, tiles.film_rows, _AT_ONCE)

    def _draw(self, wanted: Wanted) -> Message:
        return self.Drawn(wanted, drawn(wanted, self.films, self.backend))

    def on_thumbnail_grid_drawn(self, message: Drawn) -> None:
        message.stop()
        self._lane.settle()
        self._drawn.keep(message.wanted, message.films, self.app.size)
        self._lane.pump()
        if self._patience is None or self._lane.idle:
            self._draw_all()

    # Lines of cells

    def draw_line(self, y: int) -> Strip:
        tiles = self._tiles
        row, line = divmod(y + self.scroll_offset.y, tiles.height)
        indices = range(row * tiles.across, min((row + 1) * tiles.across, len(self.items)))
        painter = TilePainter(tiles, self._captions, self.style_of(), self._style_of_part)
        segments: list[Segment] = []
        for index in indices:
            film = self._drawn.get(self.items[index].image, tiles.film_columns, tiles.film_rows)
            segments += painter.line(line, index, film, chosen=index == self.cursor)
        return Strip(segments, len(indices) * tiles.width).adjust_cell_length(self.size.width, self.style_of())

    def _style_of_part(self, part: str) -> Style:
        return self.style_of(f"thumbnail-grid--{part}")

    def _refresh_area(self, *areas: Region) -> None:
        """Redraws only these parts of the virtual area."""
        if areas:
            self.refresh(*(area.translate((0, -self.scroll_offset.y)) for area in areas))

    # The cursor

    def _reveal(self, index: int) -> None:
        """Scrolls so that the whole tile is visible."""
        tile, top, height = self._tiles.region(index), self.scroll_offset.y, self.size.height
        if tile.y < top or tile.height > height:
            self.scroll_to(y=tile.y, animate=False)
        elif tile.bottom > top + height:
            self.scroll_to(y=tile.bottom - height, animate=False)

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, len(self.items) - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        self._refresh_area(*self._tiles.frame_regions(old), *self._tiles.frame_regions(new))
        if self.items:
            self._reveal(new)
            self.post_message(self.Highlighted(self, new))

    @counted
    def action_move(self, by: int) -> None:
        self.cursor += by

    @counted
    def action_move_rows(self, by: int) -> None:
        """Goes down or up by rows of films, as far as there are rows."""
        across, last = self._tiles.across, len(self.items) - 1
        row, column = divmod(self.cursor, across)
        if self.items:
            self.cursor = min(max(0, min(row + by, last // across)) * across + column, last)

    @counted
    def action_page(self, pages: float) -> None:
        rows = max(1, self.size.height // self._tiles.height)
        self.action_move_rows(int(pages * rows) or (1 if pages > 0 else -1))

    @counted_from_one
    def action_go_to(self, index: int) -> None:
        """Goes to a film; −1 is the last."""
        last = len(self.items) - 1
        self.cursor = min(index, last) if index >= 0 else last

    def action_centre(self) -> None:
        """Scrolls so that the film stands in the middle."""
        tile = self._tiles.region(self.cursor)
        self.scroll_to(y=tile.y - max(0, self.size.height - tile.height) // 2, animate=False)

    @counted
    def action_range(self, by: int) -> None:
        self.post_message(self.RangeWanted(by))

    def action_open(self) -> None:
        if self.items:
            self.post_message(self.Opened(self, self.cursor))

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._pressed = self._tiles.at(event.x, event.y + self.scroll_offset.y, len(self.items))

    def on_click(self, event: events.Click) -> None:
        if (index := self._pressed) is None:
            return
        event.stop()
        if index == self.cursor:
            self.action_open()
        self.cursor = index
