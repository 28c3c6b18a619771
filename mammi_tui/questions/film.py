"""One film: why it has its outputs, what is like it, and where a unit or a class is strongest on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.annotation.cuts import Cuts
from engine.decisions import heat
from engine.decisions.film import FilmDecision, Output, sorted_outputs
from engine.decisions.similar import similar_films
from engine.errors import MammiError
from engine.store.records import ImageInfo
from mammi_tui.images.base import Grey
from mammi_tui.images.films import Films
from mammi_tui.images.picture import Mask
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.desk import Answer, Asker, Desk
from mammi_tui.questions.subjects import ClassSubject, FilmList, FilmSubject, Sight

MOST_SIMILAR = 24
Lacking = Literal["", "class maps", "unit maps"]


@dataclass(frozen=True, slots=True)
class FilmQuestion:
    subject: FilmSubject
    cuts: Cuts
    neuron: Neuron | None
    """The neuron whose films are stepped through, or that was looked at before"""
    films: FilmList | None

    @property
    def sight(self) -> Sight:
        return Sight(self.subject, self.cuts)


@dataclass(frozen=True, slots=True)
class SimilarQuestion:
    image: int


@dataclass(frozen=True, slots=True)
class HeatQuestion:
    image: int
    of: Neuron | ClassSubject


@dataclass
class FilmAnswered(Answer):
    question: FilmQuestion
    info: ImageInfo
    film: Grey | None
    decision: FilmDecision
    activation: float | None
    """Of the question's neuron; None where it is not known"""
    reason: str = ""
    """Why there is no film"""


@dataclass(frozen=True, slots=True)
class SimilarFilm:
    """A film that the VLM finds like another."""

    info: ImageInfo
    cosine: float
    same_patient: bool
    outputs: tuple[Output, ...]
    """() where the run does not hold outputs"""


@dataclass
class SimilarAnswered(Answer):
    question: SimilarQuestion
    films: tuple[SimilarFilm, ...]


@dataclass
class HeatAnswered(Answer):
    question: HeatQuestion
    mask: Mask | None
    """The strongest decile of the map, at the film's pixels [h, w]; None where there is no map"""
    inside: dict[str, float]
    """The share of it inside each label's outlines, the largest first; {} without outlines"""
    outlined: bool
    reason: str = ""
    """Why there is no map"""
    lacks: Lacking = ""
    """What the run would have to hold; "" where that is not why"""


class FilmAsker(Asker):
    """Asks about the film that is looked at, then about its heat map and about similar films."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._films = Films(self.looking.reader.thumbnail, capacity=64)
        self.add_lane("film", self._film_wanted, self._ask_film)
        self.add_lane("heat", self._heat_wanted, self._ask_heat)
        self.add_lane("similar", self._similar_wanted, self._ask_similar)

    @property
    def _subject(self) -> FilmSubject | None:
        subject = self.looking.subject
        return subject if self.called and isinstance(subject, FilmSubject) else None

    def _film_wanted(self) -> FilmQuestion | None:
        looking, subject = self.looking, self._subject
        return FilmQuestion(subject, looking.cuts, looking.neuron, looking.films) if subject else None

    def _heat_wanted(self) -> HeatQuestion | None:
        subject, of = self._subject, self.looking.heat
        return HeatQuestion(subject.image, of) if subject and of else None

    def _similar_wanted(self) -> SimilarQuestion | None:
        subject = self._subject
        return SimilarQuestion(subject.image) if subject else None

    def _ask_film(self, question: FilmQuestion) -> FilmAnswered:
        reader, image = self.looking.reader, question.subject.image
        info = reader.images([image])[0]
        decision = FilmDecision.of(reader, self.looking.sources.outcomes(), image)
        activation = self._activation(question)
        try:
            film = self._films.get(image)
        except MammiError as error:
            return FilmAnswered(question, info, None, decision, activation, str(error))
        return FilmAnswered(question, info, film, decision, activation)

    def _activation(self, question: FilmQuestion) -> float | None:
        """The neuron's activation: exact where the film is among its representative images, else as kept by film."""
        looking, neuron, image = self.looking, question.neuron, question.subject.image
        if neuron is None:
            return None
        answer = looking.answer
        of_neuron = answer and (answer.layer, answer.unit) == (looking.layer_name(neuron.layer), neuron.unit)
        if answer and of_neuron and len(found := np.flatnonzero(answer.images == image)):
            return float(answer.activations[found[0]])
        row = looking.reader.film_activations(image)
        return None if row is None else float(row[looking.reader.layers[neuron.layer].first_neuron + neuron.unit])

    def _ask_similar(self, question: SimilarQuestion) -> SimilarAnswered:
        looking = self.looking
        vectors, outcomes, outputs = looking.requery.vectors(), looking.sources.outcomes(), looking.reader.outputs
        images, cosines = similar_films(vectors.embeddings, vectors.inverse_lengths, question.image, MOST_SIMILAR)
        own, *others = looking.reader.images([question.image, *images.tolist()])
        films = tuple(
            SimilarFilm(
                info,
                cosine,
                info.patient is not None and info.patient == own.patient,
                () if outcomes is None or outputs is None else tuple(sorted_outputs(outcomes, outputs, info.image)),
            )
            for info, cosine in zip(others, cosines.tolist(), strict=True)
        )
        return SimilarAnswered(question, films)

    def _ask_heat(self, question: HeatQuestion) -> HeatAnswered:
        reader, image = self.looking.reader, question.image
        values, reason, lacks = self._map(question)
        info = reader.images([image])[0]
        if values is None:
            return HeatAnswered(question, None, {}, False, reason, lacks)
        height, width = self._films.get(image).shape
        target = reader.info.config.get("target")
        part = heat.seen_part(target if isinstance(target, dict) else {}, height, width)
        mask = heat.strongest(values, height, width, part)
        outlines = heat.outlined(info.boxes, info.polygons, (info.height, info.width), height, width)
        flat = "" if mask.any() else "its map has one value everywhere"
        return HeatAnswered(question, mask, heat.shares_inside(mask, outlines), bool(outlines), flat)

    def _map(self, question: HeatQuestion) -> tuple[np.ndarray | None, str, Lacking]:
        """The map that is wanted, [h, w], or the reason why there is none, and what the run lacks for it."""
        reader, image, of = self.looking.reader, question.image, question.of
        if isinstance(of, ClassSubject):
            values = reader.class_map(image, reader.classes.index(of.name)) if of.name in reader.classes else None
            return values, "the run holds no maps of classes", "class maps"
        maps = reader.unit_maps(reader.layers[of.layer].first_neuron + of.unit)
        if maps is None:
            return None, "the run holds no maps of this layer", "unit maps"
        found = np.flatnonzero(maps.images == image)
        if len(found):
            return maps.maps[found[0]], "", ""
        return None, f"its map is kept for its {len(maps.images)} strongest films, and this is none of them", ""
