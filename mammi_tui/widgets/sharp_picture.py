"""The sharp picture over a widget that shows one film."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.geometry import Region
from textual.widget import Widget

from mammi_tui.images.base import ImageBackend
from mammi_tui.images.picture import Picture
from mammi_tui.terminal.pictures import Sharp, ShowsPictures
from mammi_tui.widgets.sharp_films import SharpFilms, ShowsSharpFilms


class SharpPicture(ShowsPictures, ShowsSharpFilms, Widget):
    """Lays a picture over the cells of the film, where the backend has pictures. Call `sharpen` when it is another."""

    def __init__(self, backend: ImageBackend, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.backend = backend
        self.picture: Picture | None = None
        """What the cells show; None for none"""
        self._sharp: SharpFilms[Picture] = SharpFilms(
            self, lambda: self.backend, self._wanted_sharp, lambda picture, _: picture
        )

    def sharpen(self) -> None:
        """Makes the picture of what the cells show, once nothing else is wanted."""
        self._sharp.wake()

    def pictures(self) -> Iterable[tuple[Region, Sharp]]:
        if self.picture is not None and (sharp := self._sharp.get(self.picture, *self.size)):
            yield sharp.region.translate(self.content_region.offset - self.region.offset), sharp

    def _wanted_sharp(self) -> Iterator[tuple[Picture, int, int]]:
        if self.picture is not None and all(self.size):
            yield self.picture, *self.size
