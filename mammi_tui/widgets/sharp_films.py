"""The sharp pictures of a widget, made on a thread once its films are drawn with cells and the reader rests."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from engine.errors import MammiError
from mammi_tui.images.base import ImageBackend
from mammi_tui.images.picture import Picture
from mammi_tui.images.sharp import SharpBackend
from mammi_tui.lane import Lane
from mammi_tui.terminal.frugal import FrugalApp
from mammi_tui.terminal.pictures import Sharp

Film = TypeVar("Film", bound=Hashable)
REST = 0.05
"""Seconds without another wish after which pictures are made"""
_AT_ONCE = 2
"""Pictures that a thread makes before it looks whether others are wanted by then"""
_KEPT, _MOST = 16_000_000, 500
"""Bytes of pictures, and pictures, to keep"""


@dataclass(frozen=True, slots=True)
class Wish(Generic[Film]):
    """A film, and the area in cells in which it is wanted; `cell` are the pixels of a cell."""

    film: Film
    columns: int
    rows: int
    cell: tuple[int, int]


class SharpFilms(Generic[Film]):
    """Makes and keeps the pictures that a widget wants, where its backend has any."""

    @dataclass
    class Made(Message, namespace="sharp_films"):
        """Pictures that are ready; None for a film that cannot be read."""

        maker: SharpFilms[Hashable]
        made: list[tuple[Wish[Hashable], Sharp | None]]

    def __init__(
        self,
        owner: Widget,
        backend: Callable[[], ImageBackend],
        wanted: Callable[[], Iterable[tuple[Film, int, int]]],
        picture: Callable[[Film, int], Picture],
    ) -> None:
        """`wanted` gives the films to be seen now, with the columns and rows of each one's area. `picture` returns what
        to draw of a film in so many rows; it runs on a thread."""
        self._owner, self._backend, self._wanted, self._picture = owner, backend, wanted, picture
        self._made: OrderedDict[Wish[Film], Sharp | None] = OrderedDict()
        self._size = 0
        self._seen: ImageBackend | None = None
        self._found: SharpBackend | None = None
        self._timer: Timer | None = None
        self._waits = False
        """Whether the timer runs"""
        self._lane: Lane[tuple[Wish[Film], ...]] = Lane(owner, "pictures", self._missing, self._make)

    @property
    def backend(self) -> SharpBackend | None:
        """The backend, where it has pictures."""
        backend = self._backend()
        if backend is not self._seen:  # to look whether it has pictures takes long
            self._seen, self._found = backend, backend if isinstance(backend, SharpBackend) else None
        return self._found

    def get(self, film: Film, columns: int, rows: int) -> Sharp | None:
        """The picture of a film in an area, if it is made and fits there."""
        if (backend := self.backend) is None:
            return None
        wish = Wish(film, columns, rows, backend.pictures.cell)
        if wish not in self._made and not self._waits and self._lane.idle:
            self.wake()  # as when the letters have another size
        sharp = self._made.get(wish)
        return sharp if sharp and sharp.data else None

    def wake(self) -> None:
        """Makes what is wanted, once nothing else has been wanted for a moment."""
        if self.backend is None:
            return
        if self._timer:
            self._timer.stop()
        self._timer, self._waits = self._owner.set_timer(REST, self._pump), True

    def _pump(self) -> None:
        self._waits = False
        self._lane.pump()

    def take(self, message: Made) -> None:
        """Keeps pictures that are ready, and shows them."""
        self._lane.settle()
        for wish, sharp in message.made:
            self._made[cast("Wish[Film]", wish)] = sharp
            self._size += len(sharp.data) if sharp else 0
        while len(self._made) > 1 and (self._size > _KEPT or len(self._made) > _MOST):
            _, gone = self._made.popitem(last=False)
            self._size -= len(gone.data) if gone else 0
        if isinstance(app := self._owner.app, FrugalApp):
            app.lay_pictures()
        self._lane.pump()

    def _missing(self) -> tuple[Wish[Film], ...] | None:
        if (backend := self.backend) is None:
            return None
        cell = backend.pictures.cell
        wishes = (Wish(film, columns, rows, cell) for film, columns, rows in self._wanted())
        missing = [wish for wish in wishes if wish not in self._made]
        return tuple(missing[:_AT_ONCE]) or None

    def _make(self, wishes: tuple[Wish[Film], ...]) -> Message:
        return self.Made(
            cast("SharpFilms[Hashable]", self), [(cast("Wish[Hashable]", wish), self._one(wish)) for wish in wishes]
        )

    def _one(self, wish: Wish[Film]) -> Sharp | None:
        backend = self.backend
        try:
            return backend.sharpen(self._picture(wish.film, wish.rows), wish.columns, wish.rows) if backend else None
        except MammiError:  # the widget says so in place of the film
            return None


class ShowsSharpFilms:
    """A widget that keeps the pictures which are made for it."""

    def on_sharp_films_made(self, message: SharpFilms.Made) -> None:
        message.stop()
        message.maker.take(message)
