"""What changed from the open run to another one: layer by layer, and the films of one neuron in both."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.annotation.cuts import Cuts
from engine.errors import MammiError
from engine.names import find_concept_set
from engine.store.reader import RunReader
from engine.store.records import LayerInfo
from mammi_tui.film_labels import LabelOrder
from mammi_tui.images.films import Films
from mammi_tui.questions.desk import Answer, Asker, Desk
from mammi_tui.questions.subjects import ComparisonSubject, Sight
from mammi_tui.widgets.captions import ThumbnailItem

if TYPE_CHECKING:
    from engine.comparing.compare import Comparison, LayerChanges

MOST_FACING = 24
"""Films of a neuron that stand beside those of its match"""
FILMS_KEPT = 96
"""Decoded films of each run that are kept"""


@dataclass(frozen=True, slots=True)
class ComparisonQuestion:
    """About one layer of the open run; with None about the other run as a whole."""

    subject: ComparisonSubject
    cuts: Cuts
    layer: int | None = None

    @property
    def sight(self) -> Sight:
        return Sight(self.subject, self.cuts)


@dataclass(frozen=True, slots=True)
class Faced:
    """A neuron of the open run, its match in the other, and the words of both."""

    subject: ComparisonSubject
    layer: str
    unit: int
    other_layer: str
    other_unit: int | None
    words: tuple[tuple[str, ...], tuple[str, ...]]


@dataclass
class ComparisonAnswered(Answer):
    question: ComparisonQuestion
    comparison: Comparison | None
    """None where the runs cannot be compared"""
    changes: LayerChanges | None = None
    reason: str = ""
    """Why there is no comparison, or none of this layer"""


@dataclass
class FilmsFaced(Answer):
    question: Faced
    items: tuple[list[ThumbnailItem], list[ThumbnailItem]]
    """The strongest films of the neuron, and of its match"""
    other_films: Films
    shared: Mapping[int, int]
    """The index in the open run of those films of the other run that both have"""


class ComparisonAsker(Asker):
    """Opens the other run, then asks about the layers, first that of the neuron on screen. It keeps the last run open,
    and what it has answered about it, so that the reader can leave and come back."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._opening = threading.Lock()
        self._reader: RunReader | None = None
        """The other run"""
        self._films: tuple[RunReader, Films] | None = None
        """The run whose films faced the open run's last, and its films"""
        self._comparison: Comparison | None = None
        self._known: dict[ComparisonQuestion, ComparisonAnswered] = {}
        """What is answered at the present cuts"""
        self.add_lane("comparison", self._wanted, self._ask)
        self.add_lane("films facing", self._faced_wanted, self._ask_faced)

    def _wanted(self) -> ComparisonQuestion | None:
        subject = self.looking.subject
        if not self.called or not isinstance(subject, ComparisonSubject):
            return None
        whole = ComparisonQuestion(subject, self.looking.cuts)
        if (known := self._known.get(whole)) is None:
            return whole
        if known.comparison is None:
            return None
        layers = [first.position for first, _ in known.comparison.layers]
        own = self.looking.neuron.layer if self.looking.neuron else -1
        for layer in sorted(layers, key=lambda layer: layer != own):
            if (question := replace(whole, layer=layer)) not in self._known:
                return question
        return None

    def _ask(self, question: ComparisonQuestion) -> ComparisonAnswered:
        if question.layer is None:
            try:
                return ComparisonAnswered(question, self._compare(question))
            except MammiError as error:
                return ComparisonAnswered(question, None, reason=str(error))
        comparison = self._known[replace(question, layer=None)].comparison
        assert comparison is not None  # noqa: S101 (`_wanted` asks about layers after it)
        pair = next(pair for pair in comparison.layers if pair[0].position == question.layer)
        try:
            return ComparisonAnswered(question, comparison, comparison.layer(pair))
        except MammiError as error:
            return ComparisonAnswered(question, comparison, reason=str(error))

    def _compare(self, question: ComparisonQuestion) -> Comparison:
        from engine.comparing.compare import Comparison
        from engine.comparing.side import Side

        path = Path(question.subject.other)
        own = self.looking.reader
        reader = self._opened(path)
        vectors = self.looking.requery.vectors()
        first = Side(own, question.cuts, vectors)
        cuts = cuts_beside(question.subject, question.cuts, own, reader)
        second = Side(reader, cuts, vectors if reader is own else None)
        before = self._comparison
        films = before.films if before and before.sides[1].reader is reader else None
        return Comparison(first, second, films)

    def _opened(self, path: Path) -> RunReader:
        """The run at a path: the open one, the other one if it is open already, or that one from now on."""
        if path == self.looking.reader.path.absolute():
            return self.looking.reader
        with self._opening:
            if self._reader is None or self._reader.path != path:
                reader = RunReader(path)
                if self._reader is not None:
                    self._reader.close()
                self._reader = reader
            return self._reader

    def take(self, answer: ComparisonAnswered | FilmsFaced, *, wanted: bool) -> bool:
        """Keeps what is about the present run and cuts, also when something else is on screen by now."""
        if isinstance(answer, FilmsFaced):
            return wanted
        whole = replace(answer.question, layer=None)
        if answer.question.layer is None:
            self._comparison = answer.comparison
            self._known = {whole: answer}
        elif whole in self._known:
            self._known[answer.question] = answer
        return whole.sight == self.looking.sight

    # Films

    def _faced_wanted(self) -> Faced | None:
        faced = self.looking.faced
        comparison = self._comparison
        if not self.called or faced is None or comparison is None or self.looking.subject != faced.subject:
            return None
        return faced if str(comparison.sides[1].reader.path.absolute()) == faced.subject.other else None

    def _ask_faced(self, question: Faced) -> FilmsFaced:
        comparison = self._comparison
        if comparison is None:
            raise MammiError(f"{question.subject.other}: is not open any more.")
        own, other = (side.reader for side in comparison.sides)
        first = _strongest(own, own.layer(question.layer), question.unit, question.words[0])
        second: list[ThumbnailItem] = []
        if question.other_unit is not None:
            second = _strongest(other, other.layer(question.other_layer), question.other_unit, question.words[1])
        across = comparison.films.across(1)
        shared = {item.image: int(across[item.image]) for item in second if across[item.image] >= 0}
        if self._films is None or self._films[0] is not other:
            self._films = other, Films(other.thumbnail, FILMS_KEPT)
        return FilmsFaced(question, (first, second), self._films[1], shared)


def cuts_beside(subject: ComparisonSubject, cuts: Cuts, own: RunReader, other: RunReader) -> Cuts:
    """The cuts of the other side: those that the subject names, else the other run's own where those on screen are the
    open run's own, else those on screen. Its concept set is that of the same name, or all its concepts.

    Raises MammiError for a concept set that the subject names and the other run lacks.
    """
    concept_set = subject.concept_set or cuts.concept_set
    if concept_set is not None and subject.concept_set is None:
        try:
            find_concept_set(concept_set, other.concept_sets)
        except MammiError:
            concept_set = None
    alpha = other.info.alpha if cuts.alpha == own.info.alpha else cuts.alpha
    beta = other.info.beta if cuts.beta == own.info.beta else cuts.beta
    ranking = other.info.ranking if cuts.ranking == own.info.ranking else cuts.ranking
    selection = other.info.selection if cuts.selection == own.info.selection else cuts.selection
    return Cuts(
        alpha if subject.alpha is None else subject.alpha,
        beta if subject.beta is None else subject.beta,
        concept_set,
        subject.ranking or ranking,
        subject.selection or selection,
    )


def _strongest(reader: RunReader, layer: LayerInfo, unit: int, words: tuple[str, ...]) -> list[ThumbnailItem]:
    """The films with the highest activations; none for a dead unit."""
    if layer.dead[unit]:
        return []
    images, activations = reader.arrays.ranked(layer.first_neuron + unit, 0, 0)
    infos = reader.images(images[:MOST_FACING])
    labels = LabelOrder((info.labels for info in infos), words)
    return [
        ThumbnailItem(info.image, info.path, float(activation), labels.sorted(info.labels))
        for info, activation in zip(infos, activations[: len(infos)].tolist(), strict=True)
    ]
