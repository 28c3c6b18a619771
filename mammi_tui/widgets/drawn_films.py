"""Keeps drawn films, a few screens full of them, so that the reader can come back to one at no cost."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.geometry import Size

from engine.errors import MammiError
from mammi_tui.images.base import Grey, ImageBackend, apart
from mammi_tui.images.films import Films
from mammi_tui.widgets.tile import Film
from mammi_tui.widgets.tiles import FEWEST_FILM_ROWS

_SCREENS = 4
"""Screens full of drawn films that are kept. A cell takes up to 200 bytes"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Films to draw, and their size in cells."""

    images: tuple[int, ...]
    columns: int
    rows: int


def drawn(wanted: Wanted, films: Films, backend: ImageBackend) -> list[Film]:
    """Draws films. A text in place of a film gives the reason why there is none."""
    shown: list[Film] = []
    for image in wanted.images:
        try:
            film = set_apart(films.get(image), wanted.rows)
            shown.append(backend.render(film, wanted.columns, wanted.rows))
        except MammiError as error:
            shown.append(str(error))
    return shown


def set_apart(film: Grey, rows: int) -> Grey:
    """The film as it is drawn in so many rows: with an edge where films stand side by side without frames."""
    return apart(film) if rows < FEWEST_FILM_ROWS else film


class DrawnFilms:
    """Films by image and size in cells. Those that were drawn first are dropped first."""

    def __init__(self) -> None:
        self._films: OrderedDict[tuple[int, int, int], Film] = OrderedDict()
        self._cells = 0

    def get(self, image: int, columns: int, rows: int) -> Film | None:
        return self._films.get((image, columns, rows))

    def missing(self, images: Iterable[int], columns: int, rows: int, most: int) -> Wanted | None:
        """The first `most` of these images that are not drawn at this size; None when all are."""
        missing = tuple(image for image in images if (image, columns, rows) not in self._films)[:most]
        return Wanted(missing, columns, rows) if missing else None

    def keep(self, wanted: Wanted, films: Sequence[Film], screen: Size) -> None:
        """Keeps films that were drawn on a screen of so many cells."""
        for image, film in zip(wanted.images, films, strict=True):
            if (image, wanted.columns, wanted.rows) not in self._films:
                self._cells += wanted.columns * wanted.rows
            self._films[image, wanted.columns, wanted.rows] = film
        while self._cells > _SCREENS * screen.area:
            (_, columns, rows), _ = self._films.popitem(last=False)
            self._cells -= columns * rows
