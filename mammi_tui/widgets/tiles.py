"""Lays out tiles of films in a pane, in cells. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass

from textual.geometry import Region

# Cells of the smallest tiles, which scroll.
_USUAL_WIDTH = 23
_WIDEST = 30
_NARROWEST = 14
FEWEST_FILM_ROWS = 4
"""Of tiles with captions; the films of a strip have fewer"""

_FRAME = 1
_CAPTION = 2

_STRIP = 6
"""Films side by side in a pane too low for captions"""


@dataclass(frozen=True, slots=True)
class Tiles:
    """Tiles of one size in rows: a line of frame, the film between two columns of frame, and a caption.

    A strip has films only. Without films (`film_rows` 0) a tile is one line of text as wide as the pane.
    """

    across: int
    width: int
    height: int
    film_columns: int
    film_rows: int
    frame: int = _FRAME
    """0 in a strip of films without frames and captions, which keep themselves apart"""

    def lines(self, count: int) -> int:
        """The number of lines that `count` tiles take."""
        return -(-count // self.across) * self.height

    def at(self, x: int, y: int, count: int) -> int | None:
        """The index of the tile at a cell of the virtual area; None where there is no tile."""
        column = x // self.width
        index = y // self.height * self.across + column
        return index if 0 <= column < self.across and 0 <= index < count else None

    def region(self, index: int) -> Region:
        """The cells of a tile in the virtual area."""
        row, column = divmod(index, self.across)
        return Region(column * self.width, row * self.height, self.width, self.height)

    def shown(self, top: int, height: int, count: int) -> range:
        """The tiles that have at least one line among the `height` lines from `top`."""
        first = top // self.height * self.across
        last = -(-(top + height) // self.height) * self.across
        return range(min(first, count), min(last, count))

    def frame_regions(self, index: int) -> list[Region]:
        """The cells of a tile without its film."""
        tile = self.region(index)
        if not self.film_rows or not self.frame:
            return [tile]
        sides = [Region(x, tile.y + _FRAME, _FRAME, self.film_rows) for x in (tile.x, tile.right - _FRAME)]
        return [
            Region(tile.x, tile.y, tile.width, _FRAME),
            *sides,
            Region(tile.x, tile.bottom - _CAPTION, tile.width, _CAPTION),
        ]


def tile_layout(count: int, columns: int, rows: int, *, widest: int, across: int = 0) -> Tiles:
    """The largest tiles of which `count` fit into a pane without scrolling, or the smallest readable ones.

    `widest` is the number of columns that the pixels of a film can fill, 0 where films are not drawn. With `across`,
    which the reader chooses, the tiles are the largest of which that many fit side by side; the pane then scrolls.
    """
    if not widest:
        return Tiles(1, max(1, columns), 1, 0, 0)
    if rows < _FRAME + FEWEST_FILM_ROWS + _CAPTION:
        return _strip(count, columns, rows)
    smallest = _smallest(columns, rows)
    if across:
        larger = [_square(across, columns, rows, widest)]
    else:
        larger = [
            _square(across, columns, rows // -(-max(1, count) // across), widest)
            for across in range(smallest.across, 0, -1)
        ]
    return max([smallest, *larger], key=lambda tiles: tiles.film_columns)


def _square(across: int, columns: int, rows: int, widest: int) -> Tiles:
    """The largest tiles of which `across` lie side by side in `columns`, each no higher than `rows`."""
    widest = min(columns // across - 2 * _FRAME, 2 * (rows - _FRAME - _CAPTION), widest)
    # With an even number of columns a square film fills whole rows.
    film_columns = max(2, widest // 2 * 2)
    return _tiles(columns // (film_columns + 2 * _FRAME), film_columns, film_columns // 2)


def _strip(count: int, columns: int, rows: int) -> Tiles:
    """Small films, narrow enough for all or _STRIP of them side by side."""
    film_columns = max(2, min(2 * rows, 2 * FEWEST_FILM_ROWS - 2, columns // max(1, min(count, _STRIP))) // 2 * 2)
    film_rows = film_columns // 2
    return Tiles(max(1, columns // film_columns), film_columns, film_rows, film_columns, film_rows, frame=0)


def _smallest(columns: int, rows: int) -> Tiles:
    """Tiles about 23 columns wide, or narrower where the pane is too low for that size."""
    tallest = max(FEWEST_FILM_ROWS, rows - _FRAME - _CAPTION)
    across = max(1, round(columns / _USUAL_WIDTH))
    width = min(columns // across, _WIDEST)
    if width - 2 * _FRAME > 2 * tallest:
        width = min(columns, max(_NARROWEST, 2 * tallest + 2 * _FRAME))
        across = max(1, columns // width)
    film_columns = max(2, (width - 2 * _FRAME) // 2 * 2)
    return _tiles(across, film_columns, min(tallest, film_columns // 2))


def _tiles(across: int, film_columns: int, film_rows: int) -> Tiles:
    return Tiles(max(1, across), film_columns + 2 * _FRAME, _FRAME + film_rows + _CAPTION, film_columns, film_rows)
