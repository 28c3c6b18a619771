"""The films that the VLM finds like a film, with their labels and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from engine.decisions.film import Output
from engine.decisions.outputs import WRONG
from mammi_tui.film_labels import short_list
from mammi_tui.questions.film import SimilarFilm
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, decimal, fit
from mammi_tui.widgets.captions import identifiers
from mammi_tui.widgets.lines import Part
from mammi_tui.widgets.reasoned_list import ReasonedList

COSINE, LEAST_PREDICTED = 6, 14
WIDE = 40
"""Cells of labels and outputs from which the outputs have more room"""
SAME_PATIENT = "="


class FilmSimilar(ReasonedList):
    """The most similar film first."""

    BINDING_GROUP_TITLE = "Similar films"
    HELP = """
    The films whose embeddings by the VLM have the highest cosine with the film's. = marks films of the same patient.
    After the labels stands what the model predicts, in colour where that is wrong. Enter goes to the film.
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.films: Sequence[SimilarFilm] = ()
        self.reason = "…"
        self._names = ShortNames(())
        self._labels = ShortNames(())

    def show(self, films: Sequence[SimilarFilm]) -> None:
        self.films, self.reason = films, "The run has no other film."
        self._names = ShortNames(identifiers([film.info.path for film in films]), keep_end=True)
        self._labels = ShortNames(label for film in films for label in film.info.labels)
        self.set_reactive(FilmSimilar.cursor, 0)
        self.rows_changed()
        self.show_row(0)

    def here(self) -> SimilarFilm | None:
        return self.films[self.cursor] if self.cursor < len(self.films) else None

    def item_count(self) -> int:
        return len(self.films)

    def item(self, index: int, width: int) -> Iterable[Part]:
        film = self.films[index]
        name = min(self._names.longest, max(8, width // 4))
        left = width - COSINE - 2 - name
        labels = left // 2 if left < WIDE else left * 2 // 5
        yield fit(decimal(film.cosine, 3), COSINE, right=True) + " ", "line--text"
        yield SAME_PATIENT if film.same_patient else " ", "line--accent"
        yield self._names.fit(self._names[index], name), "line--strong"
        text = short_list([*map(clean, film.info.labels)], max(0, labels - 1), self._labels) or "no labels"
        yield fit(f" {text}", labels), "line--text"
        yield from predicted(film.outputs, left - labels)


def predicted(outputs: Sequence[Output], width: int) -> Iterable[Part]:
    """What the model predicts for a film in `width` cells: the first class of its outputs, and how many others."""
    wanted = [each for each in outputs if each.predicted or each.kind in WRONG] or list(outputs[:1])
    if not wanted or width < LEAST_PREDICTED:
        yield fit("", width), "line--text"
        return
    output, missed = wanted[0], wanted[0].kind == "missed"
    end = f" {decimal(output.probability, 2)}" + (f" +{len(wanted) - 1}" if len(wanted) > 1 else "")
    start = "→ missed " if missed else "→ "
    room = width - cell_len(start) - cell_len(end)
    name = clean(output.name)
    text = start + (name if cell_len(name) <= room else fit(name, room)) + end
    yield fit(text, width), "line--bad" if output.kind in WRONG else "line--text" if output.predicted else "line--muted"
