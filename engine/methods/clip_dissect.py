"""CLIP-Dissect: the concept whose similarities to the images best match the unit's activations on them.

Source: Oikarinen, Weng, ICLR 2023 (engine.methods.similarity has its five measures and their published defaults).
MAMMI's table 5 lists it as "CLIP-Dissect (medical)", with the run's VLM and concept set, and scores its best concept.
That concept is the annotation here; α and β are ignored.

The published code compares bare concepts, and so does `prompted = false`; it is the default of a run with `parity =
"published"`. Other runs compare prompted concepts (template + " " + concept), which every run file holds. They are bare
where the run has no template. Subtracting the bare template, as Eq. 2 does, would change no WPMI: it shifts all
similarities of an image equally, and the softmax removes the shift.

Differences from the published code, and their reasons:
- P(D) averages over the layer's units that are not dead: a dead unit has no most activating images.
- The softmax runs over the competing concepts, as if the run had no others.
- A probing set with fewer images than `top_k` is taken whole; ties of activation are broken by index.

With λ = 1 no WPMI exceeds log(units). In a layer of few units, such as a final layer, several concepts reach this
bound, and the published code takes the first of those that float32 does not tell apart. So does this method (see
engine.methods.similarity): equal concepts stand in the order of the concept set. The answer's note gives the number of
concepts that share the best score to six digits, and `mammi evaluate` gives the hit rate of a random choice among them.

Cost: a layer is computed once, and the last few layers are kept (8 bytes × units × concepts); rank reorder computes
each neuron separately. The WPMIs and rank reorder need top images only; the two cosines hold all activations of the
layer for a while (4 bytes × units × images). Similarities are held for a thousand images at once, or for the top images
of one to eight units. With 112,120 images, 512-d, 1,361 concepts and 1,024 units, in processor seconds: soft WPMI 6 and
WPMI 4 for the layer, with 60 MB; the cosines 16, with 560 MB; rank reorder 0.8 for each neuron, with 100 MB.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, model_validator

from engine.annotation import scoring
from engine.annotation.cuts import Cuts
from engine.errors import MammiError
from engine.methods.base import MethodAnswer, checked_layer, count_sharing_best, dead, no_concepts
from engine.methods.similarity import (
    Cosines,
    Floats,
    cos_similarity,
    cos_similarity_cubed,
    rank_reorder,
    soft_wpmi,
    wpmi,
)
from engine.store.records import LayerInfo
from engine.store.schema import BLOCK

if TYPE_CHECKING:
    from engine.requery import Requery
    from engine.store.reader import RunReader

__all__ = [
    "ClipDissect",
    "Options",
    "cos_similarity",
    "cos_similarity_cubed",
    "load",
    "rank_reorder",
    "soft_wpmi",
    "wpmi",
]

Measure = Literal["soft_wpmi", "wpmi", "cos_similarity", "cos_similarity_cubed", "rank_reorder"]
_MEASURES: Mapping[Measure, tuple[str, Callable[..., Floats]]] = {
    "soft_wpmi": ("soft WPMI", soft_wpmi),
    "wpmi": ("WPMI", wpmi),
    "cos_similarity": ("cosine", cos_similarity),
    "cos_similarity_cubed": ("cosine cubed", cos_similarity_cubed),
    "rank_reorder": ("rank reorder", rank_reorder),
}
_LAYERS_KEPT, _NEURONS_KEPT = 4, 256


class Options(BaseModel, extra="forbid", frozen=True):
    """`[methods.clip_dissect]` of a configuration. Settings of a measure that are left out have their published values,
    which stand here in brackets."""

    similarity: Measure = "soft_wpmi"
    prompted: bool | None = None
    """Whether concepts are compared in the run's template or bare; by default in the template, and bare in a run with
    `parity = "published"`"""
    top_k: int | None = Field(default=None, ge=1)
    """soft_wpmi (100), wpmi (28): the number of most activating images that belong to a unit"""
    a: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """soft_wpmi (10), wpmi (2): the sharpness of the softmax over concepts"""
    lam: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """soft_wpmi (1), wpmi (0.6): λ, the discount for concepts that match every unit"""
    p_start: float | None = Field(default=None, gt=0, lt=1)
    """soft_wpmi (0.998): the chance that the most activating image belongs to the unit"""
    p_end: float | None = Field(default=None, gt=0, lt=1)
    """soft_wpmi (0.97): the value towards which that chance falls along the images"""
    top_fraction: float | None = Field(default=None, gt=0, le=1)
    """rank_reorder (0.05): the share of all images that is ordered"""
    p: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """rank_reorder (3): the power of an error"""
    scale_p: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """rank_reorder (0.5): the power of a concept's mean similarity"""

    @property
    def given(self) -> dict[str, Any]:
        """The measure's settings that the configuration gives."""
        return {key: value for key, value in self if key not in ("similarity", "prompted") and value is not None}

    @model_validator(mode="after")
    def _are_the_measures_own(self) -> Self:
        parameters = inspect.signature(_MEASURES[self.similarity][1]).parameters
        for key in self.given:
            if key not in parameters:
                raise ValueError(f"{key} is not a setting of {self.similarity}")
        return self


def compares_bare(options: Options, parity: str) -> bool:
    """Whether bare concepts are compared, in a run of this `parity`."""
    return parity == "published" if options.prompted is None else not options.prompted


def load(options: Options, reader: RunReader, requery: Requery) -> ClipDissect:
    """CLIP-Dissect over an open run file. Nothing is computed until a neuron is asked for."""
    return ClipDissect(options, reader, requery)


class ClipDissect:
    """CLIP-Dissect as a Method (engine.methods.base)."""

    name = "clip_dissect"

    def __init__(self, options: Options, reader: RunReader, requery: Requery) -> None:
        measure_title, self._measure = _MEASURES[options.similarity]
        template = reader.info.template
        self._bare = bool(template) and compares_bare(options, reader.info.parity)
        chosen = [measure_title, "bare" if self._bare or not template else "prompted"]
        chosen += [f"{key} {value:g}" for key, value in options.given.items()]
        self.title = f"CLIP-Dissect ({', '.join(chosen)})"
        self._options = options
        self._reader = reader
        self._requery = requery
        self._computing = threading.Lock()
        self._of_layer = lru_cache(maxsize=_LAYERS_KEPT)(self._layer_scores)
        self._of_neuron = lru_cache(maxsize=_NEURONS_KEPT)(self._neuron_scores)
        self._cosines = lru_cache(maxsize=_LAYERS_KEPT)(self._concept_cosines)

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        """As engine.methods.base.Method: all competing concepts that have a score. The best is the annotation.

        Also raises MammiError when bare concepts are to be compared and the run has none.
        """
        info = checked_layer(self._reader.layers, layer, unit)
        members = self._requery.members(cuts.concept_set)
        if info.dead[unit]:
            return no_concepts(self.name, dead(info.why_dead(unit)))
        with self._computing:
            scores = (
                self._of_neuron(info, unit, cuts.concept_set)
                if self._measure is rank_reorder
                else self._of_layer(info, cuts.concept_set)[unit]
            )
        ranking = scoring.rank(scores)[: np.count_nonzero(scores > -np.inf)]
        return MethodAnswer(
            self.name,
            tuple(self._reader.concepts[concept] for concept in members[ranking]),
            scores[ranking],
            min(1, len(ranking)),
            _note(count_sharing_best(scores[ranking])),
        )

    def _layer_scores(self, info: LayerInfo, concept_set: str | None) -> Floats:
        """[units, concepts of the set]; NaN for dead units."""
        units = np.flatnonzero(~info.dead)
        scores = np.full((info.units, len(self._requery.members(concept_set))), np.nan)
        scores[units] = self._scores(info, units, concept_set)
        return scores

    def _neuron_scores(self, info: LayerInfo, unit: int, concept_set: str | None) -> Floats:
        scores: Floats = self._scores(info, np.array([unit]), concept_set)[0]
        return scores

    def _scores(self, info: LayerInfo, units: NDArray[np.int64], concept_set: str | None) -> Floats:
        cosines = self._cosines(concept_set)
        scores = self._measure(cosines, _Stored(self._reader, info, units), **self._options.given)
        return scores[:, cosines.columns]

    def _concept_cosines(self, concept_set: str | None) -> Cosines:
        vectors = self._requery.vectors()
        competing = scoring.unit_rows(self._texts())[self._requery.members(concept_set)]
        return Cosines.of(vectors.embeddings, vectors.inverse_lengths, competing)

    def _texts(self) -> NDArray[np.float32]:
        """The embeddings of the run's concepts, [m, d]."""
        arrays = self._reader.arrays
        if not self._bare:
            return arrays.text_embeddings()[0]
        bare = arrays.bare_text_embeddings()
        if bare is None:
            raise MammiError(
                f"{self._reader.path} has no bare concepts for CLIP-Dissect. Set methods.clip_dissect.prompted = false "
                "in its configuration and run it again: only these texts are encoded."
            )
        return bare


def _note(equals: int) -> str:
    """What a reader must know where this many concepts share the best score."""
    if equals == 0:
        return "No concept resembles its most activating images."
    return f"{equals} concepts share the best score; equal ones stand in the concept set's order." if equals > 1 else ""


@dataclass(frozen=True, slots=True, eq=False)
class _Stored:
    """The activations of some units of a layer (ascending) in a run file, as engine.methods.similarity.Activations."""

    reader: RunReader
    layer: LayerInfo
    units: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        return self.reader.image_count, len(self.units)

    def top(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        arrays = self.reader.arrays
        count = min(count, self.reader.image_count)
        blocks = np.arange(-(-count // BLOCK)) + (self.layer.first_neuron + self.units[:, None]) * arrays.blocks_each
        images, activations = arrays.blocks(blocks.reshape(-1))
        shape = len(self.units), -1
        return images.reshape(shape)[:, :count].astype(np.int64), activations.reshape(shape)[:, :count]

    def whole(self) -> NDArray[np.float32]:
        activations = self.reader.arrays.activations(self.layer)
        for place, unit in enumerate(self.units):
            activations[place] = activations[unit]
        return activations[: len(self.units)].T
