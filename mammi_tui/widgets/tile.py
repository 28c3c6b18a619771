"""One tile of the thumbnail grid, line by line: frame, film and caption."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from mammi_tui.images.base import coloured
from mammi_tui.text import clean, fit
from mammi_tui.widgets.captions import Captions
from mammi_tui.widgets.tiles import Tiles

Film = list[Strip] | str | None
"""A drawn film, the reason why there is none, or None while it is being drawn"""


@dataclass(frozen=True, slots=True)
class TilePainter:
    """Paints tiles. `style` returns the style of a part: film, those of a caption, film, cursor or frame."""

    tiles: Tiles
    captions: Captions
    blank: Style
    style: Callable[[str], Style]

    def line(self, line: int, index: int, film: Film, *, chosen: bool) -> list[Segment]:
        """One line of the tile at `index`, as wide as a tile. The cursor is on a `chosen` tile."""
        tiles = self.tiles
        if not tiles.film_rows:
            mark = Segment("▸ " if chosen else "  ", self.blank)
            return [mark, *self._parts(self.captions.line(index, tiles.width - 2), tiles.width - 2, chosen)]
        if not tiles.frame:
            return [*self._film_line(film, line), Segment(" " * (tiles.width - tiles.film_columns), self.blank)]
        if line == 0:
            sides, inside = "┏┓", [Segment(("━" if chosen else " ") * tiles.film_columns, self._frame(chosen))]
        elif line <= tiles.film_rows:
            sides, inside = "┃┃", self._film_line(film, line - 1)
        else:
            below = line - tiles.film_rows - 1
            sides = ("┃┃", "┗┛")[below]
            inside = self._parts(self.captions.below(index, tiles.film_columns)[below], tiles.film_columns, chosen)
        left, right = (sides[0], sides[1]) if chosen else (" ", " ")
        return [Segment(left, self._frame(chosen)), *inside, Segment(right, self._frame(chosen))]

    def _frame(self, chosen: bool) -> Style:
        return self.style("frame") if chosen else self.blank

    def _film_line(self, film: Film, line: int) -> list[Segment]:
        if isinstance(film, list):
            return list(coloured(film[line], self.style("film")))
        text = "" if line != self.tiles.film_rows // 2 else "…" if film is None else clean(film)
        columns = self.tiles.film_columns
        return [Segment(fit(text.center(columns), columns), self.style("film"))]

    def _parts(self, parts: list[tuple[str, str]], width: int, chosen: bool) -> list[Segment]:
        """The parts in their styles, exactly `width` cells in total; the last part is cut or padded."""
        segments: list[Segment] = []
        for place, (kind, text) in enumerate(parts, start=1):
            cells = width if place == len(parts) else min(width, cell_len(text))
            width -= cells
            if cells > 0:
                shown = fit(text, cells, keep_end=kind == "path")
                segments.append(Segment(shown, self.style("cursor" if chosen else kind)))
        return segments
