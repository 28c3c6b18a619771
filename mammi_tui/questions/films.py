"""All films: those that a search finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mammi_tui.questions.desk import Answer, Asker, Desk
from mammi_tui.questions.subjects import FilmSearch

if TYPE_CHECKING:
    from mammi_tui.film_search.search import FilmSearcher, Found


@dataclass
class FilmsFound(Answer):
    question: FilmSearch
    found: Found
    searcher: FilmSearcher


class FilmsAsker(Asker):
    """Asks for the films of the search that the reader looks at, while a view wants them."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.add_lane("films", self._wanted, self._ask)

    def _wanted(self) -> FilmSearch | None:
        subject = self.looking.subject
        return subject if self.called and isinstance(subject, FilmSearch) else None

    def _ask(self, question: FilmSearch) -> FilmsFound:
        searcher = self.looking.sources.films()
        found = searcher.find(question.query, question.order, flipped=question.flipped)
        return FilmsFound(question, found, searcher)
