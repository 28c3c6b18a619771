"""What every method provides: the concepts of a neuron with their scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from engine.annotation.cuts import Cuts
from engine.names import NamedLayer, find_layer, find_unit

if TYPE_CHECKING:
    from engine.methods.context import MethodContext
    from engine.probing.base import Image
    from engine.requery import Requery
    from engine.store.contents import Layer
    from engine.store.reader import RunReader
    from engine.store.records import MethodScore, RunInfo

_ROUNDING = 1e-6
"""Scores that differ by less, as a share of the best score, count as equal"""


def nothing_positive(info: RunInfo) -> str:
    """What to say of a neuron that has images, but no concept with a positive score."""
    return f"No concept scores above {'the bare template' if info.subtracts_template else '0'}."


L = TypeVar("L", bound=NamedLayer)


@dataclass(frozen=True, slots=True, eq=False)
class MethodAnswer:
    """What one method says of one neuron."""

    method: str
    concepts: tuple[str, ...]
    """The annotation, then the other concepts; each part by descending score"""
    scores: NDArray[np.float64]
    """Scores of the concepts, [k]"""
    annotated: int
    """The first `annotated` concepts are the neuron's annotation"""
    note: str = ""
    """Why there are no concepts, or what a reader must know about them; one short sentence"""
    p_values: NDArray[np.float64] | None = None
    """[k]; None for methods without a test"""
    details: tuple[str, ...] = ()
    """[k], such as the layer of a concept activation vector; () for methods that have none"""
    figure: str = "score"
    """What the scores are called, in a few letters"""


class Method(Protocol):
    """A method over an open run file. Any thread may call it; it computes only once what neurons share."""

    name: str
    """Its kind: the NAME of its table [methods.NAME]"""
    title: str
    """Its name for a reader, with the options that matter, such as "WWW (top 40 images)" """

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        """One neuron's concepts. A method with its own selection ignores α, and one with its own cut ignores β.

        Raises MammiError for an unknown neuron or concept set.
        """
        ...


class LiveMethod(Protocol):
    """The module of a method that answers from a run file alone (engine.methods.LIVE).

    It may also have `captions(options, base, reports) -> list[str]`: texts that a run encodes and stores for the
    method, where `base` is the folder that relative paths start from and `reports` are the probing set's own. And it
    may have `compares_bare(options, parity) -> bool`: whether a run of that `run.parity` encodes the concepts without a
    template for the method.
    """

    @property
    def Options(self) -> type[BaseModel]:  # noqa: N802
        """The keys of the table [methods.NAME]."""

    def load(self, options: Any, reader: RunReader, requery: Requery) -> Method:
        """The method over an open run file. Nothing is computed until a neuron is asked for.

        Raises MammiError when the run lacks what the method needs.
        """
        ...


class ComputedMethod(Protocol):
    """The module of a method that needs the target model and the films (engine.methods.COMPUTED).

    Its scores are stored in the run file. A later run reuses them while films, target model, options and VERSION are
    the same, and, where the method follows the VLM, also VLM, template and concepts.

    It may also have
    - `EMBEDS = True`, if it embeds pictures with the VLM, which then must take films
    - `captions`, as a LiveMethod; scores then depend on the captions, too
    - `title(options) -> str`: the name for a reader with the options that matter; TITLE if it is left out
    - `nothing(options, scores) -> str`: why a neuron has no concept although it has scores; "" if it has
    - `unscored(options, reader, layer, unit) -> str`: why a neuron has no scores; "" if the run file does not say.
      `layer` is a LayerInfo.
    - `own_films(options, base) -> ProbingSet | None`: films beside the run's own, which `compute` finds in its context.
      Relative paths start from `base`. Scores are reused only while these films are the same, too.
    - `OF_LABELS = True`: its concepts are labels of films, so it has fewer to choose from than other methods
    """

    TITLE: str
    """The method's name for a reader"""
    VERSION: int
    """Raise it when the same run gives other scores than before"""

    @property
    def Options(self) -> type[BaseModel]:  # noqa: N802
        """The keys of the table [methods.NAME]."""

    def check(self, options: Any, images: Sequence[Image], layers: Sequence[Layer]) -> None:
        """Raises ConfigError when the method cannot be computed. A run calls it at its start."""
        ...

    def follows_vlm(self, options: Any) -> bool:
        """Whether scores depend on embeddings or texts."""
        ...

    def compute(self, options: Any, context: MethodContext) -> list[MethodScore]:
        """The scores of all neurons that the method can score. A run calls it at its end; torch is imported here."""
        ...

    def annotation(self, options: Any, scores: Sequence[MethodScore]) -> list[MethodScore]:
        """The scores that are a neuron's annotation, best first. `scores` are all of the neuron's, best first."""
        ...


def checked_layer(layers: Sequence[L], layer: str, unit: int) -> L:
    """The layer of a neuron. Raises as `Method.neuron` does when there is no such neuron."""
    info = find_layer(layer, layers)
    find_unit(unit, info)
    return info


def count_sharing_best(scores: NDArray[np.float64]) -> int:
    """How many of the scores [k], which descend, equal the best one to six digits. Published code computes in float32,
    which cannot distinguish such scores."""
    return int(np.count_nonzero(scores >= scores[0] - _ROUNDING * abs(scores[0]))) if len(scores) else 0


def dead(why: str) -> str:
    """The note of a dead unit, from `why` it is dead."""
    return f"Dead: {why}."


def no_concepts(method: str, note: str) -> MethodAnswer:
    """The answer of a method that has no concepts for a neuron."""
    return MethodAnswer(method, (), np.empty(0), 0, note)
