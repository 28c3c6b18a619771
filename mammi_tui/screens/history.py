"""Where the reader has been, with back and forward as in a web browser: a jump drops the places that lay ahead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mammi_tui.questions.subjects import Subject
from mammi_tui.views.base import View

MOST_PLACES = 100


@dataclass(frozen=True, slots=True)
class Place:
    """A subject in a view, under a filter. α, β and the concept set are not part of it: two neurons are compared at the
    same cuts."""

    subject: Subject
    view: View
    query: str = ""


class History:
    """The places that the reader can return to, including the present one."""

    def __init__(self) -> None:
        self._places: list[Place] = []
        self._present = -1
        self._passing = False

    @property
    def place(self) -> Place | None:
        """Where the reader is."""
        return self._places[self._present] if self._places else None

    def visit(self, place: Place, *, step: bool = False, passing: bool = False) -> None:
        """Notes that the reader has come to a place.

        A step, such as to the next line, replaces the present place. `passing` says that the reader has not chosen the
        place, which was found while a filter was typed: the next place replaces it.
        """
        if place == self.place:
            return
        if self._places and (step or self._passing):
            self._places[self._present] = place
            self._merge_equal()
        else:
            del self._places[self._present + 1 :]
            self._places = [*self._places, place][-MOST_PLACES:]
            self._present = len(self._places) - 1
        self._passing = passing

    def settle(self) -> None:
        """Keeps the place that a filter has led to: the next jump does not replace it."""
        self._passing = False

    def put(self, place: Place) -> None:
        """Puts another place where the present one was, such as when its filter no longer finds it."""
        if self._places:
            self._places[self._present] = place

    def last(self, wanted: Callable[[Place], bool]) -> Place | None:
        """The last place up to the present one that is wanted; None if there is none."""
        return next((place for place in reversed(self._places[: self._present + 1]) if wanted(place)), None)

    def go(self, by: int) -> Place | None:
        """Goes one place back (−1) or forward (1) and returns it; None if there is none."""
        if not 0 <= self._present + by < len(self._places):
            return None
        self._present += by
        self._passing = False
        return self.place

    def _merge_equal(self) -> None:
        """Merges the present place with an equal neighbour."""
        if self._places[self._present + 1 : self._present + 2] == [self.place]:
            del self._places[self._present + 1]
        if self._present and self._places[self._present - 1] == self.place:
            del self._places[self._present]
            self._present -= 1
