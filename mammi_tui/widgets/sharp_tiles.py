"""The sharp pictures over a grid's films."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from textual.geometry import Offset, Region
from textual.timer import Timer

from mammi_tui.images.base import ImageBackend
from mammi_tui.images.films import Films
from mammi_tui.images.picture import Picture
from mammi_tui.terminal.pictures import Sharp, ShowsPictures
from mammi_tui.widgets.captions import ThumbnailItem
from mammi_tui.widgets.drawn_films import DrawnFilms, set_apart
from mammi_tui.widgets.sharp_films import SharpFilms, ShowsSharpFilms
from mammi_tui.widgets.still import StillScroll
from mammi_tui.widgets.tiles import Tiles


class SharpTiles(ShowsPictures, ShowsSharpFilms, StillScroll):
    """Lays pictures over tiles whose films are drawn with cells, where the backend has pictures for grids."""

    items: Sequence[ThumbnailItem]
    films: Films
    backend: ImageBackend
    _tiles: Tiles
    _drawn: DrawnFilms
    _patience: Timer | None

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._sharp: SharpFilms[int] = SharpFilms(self, lambda: self.backend, self._wanted_sharp, self._picture)
        self._laid: list[tuple[Region, Sharp]] = []

    def redraw(self) -> None:
        super().redraw()
        self._sharp.wake()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._sharp.wake()

    def pictures(self) -> Iterable[tuple[Region, Sharp]]:
        if self._patience is None:  # else the films before are still on screen
            self._laid = list(self._placed())
        return self._laid

    def _placed(self) -> Iterator[tuple[Region, Sharp]]:
        for index, image in self._films_on_screen():
            tiles = self._tiles
            if sharp := self._sharp.get(image, tiles.film_columns, tiles.film_rows):
                corner = tiles.region(index).offset + Offset(tiles.frame, tiles.frame - self.scroll_offset.y)
                yield sharp.region.translate(corner), sharp

    def _wanted_sharp(self) -> Iterable[tuple[int, int, int]]:
        return ((image, self._tiles.film_columns, self._tiles.film_rows) for _, image in self._films_on_screen())

    def _films_on_screen(self) -> Iterator[tuple[int, int]]:
        """The tile and the image of each film that is drawn with cells and may be shown as a picture."""
        tiles, backend = self._tiles, self._sharp.backend
        if backend is None or not backend.in_grids or not tiles.film_rows or not self.size:
            return
        for index in tiles.shown(self.scroll_offset.y, self.size.height, len(self.items)):
            image = self.items[index].image
            if isinstance(self._drawn.get(image, tiles.film_columns, tiles.film_rows), list):
                yield index, image

    def _picture(self, image: int, rows: int) -> Picture:
        return Picture(set_apart(self.films.get(image), rows))
