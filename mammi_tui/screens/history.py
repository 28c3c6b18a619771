"""Where the reader has been, as a web browser keeps it: back, forward, and a jump that drops what lay ahead."""

from __future__ import annotations

from dataclasses import dataclass

from mammi_tui.questions.subjects import Subject
from mammi_tui.views.base import View

MOST_PLACES = 100


@dataclass(frozen=True, slots=True)
class Place:
    """A subject in a view. α, β and the concept set are not part of it: two neurons are compared at the same cuts."""

    subject: Subject
    view: View


class History:
    """The places that the reader can come back to, among them the present one."""

    def __init__(self) -> None:
        self._places: list[Place] = []
        self._present = -1
        self._passing = False

    @property
    def place(self) -> Place | None:
        """Where the reader is."""
        return self._places[self._present] if self._places else None

    def visit(self, place: Place, *, step: bool = False, passing: bool = False) -> None:
        """The reader has come to a place.

        By a step, such as to the next line, it takes the place of the present one. `passing` says that the reader has
        not chosen it: what is found while a filter is typed. The next place then takes its place too.
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
        """The reader stays where a filter has led: the next jump leaves it as a place to come back to."""
        self._passing = False

    def go(self, by: int) -> Place | None:
        """One place back (−1) or forward (1); None where there is none."""
        if not 0 <= self._present + by < len(self._places):
            return None
        self._present += by
        self._passing = False
        return self.place

    def _merge_equal(self) -> None:
        """Makes one place of the present one and an equal neighbour."""
        if self._places[self._present + 1 : self._present + 2] == [self.place]:
            del self._places[self._present + 1]
        if self._present and self._places[self._present - 1] == self.place:
            del self._places[self._present]
            self._present -= 1
