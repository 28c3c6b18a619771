"""α, β, the competing concepts, how they are ranked and which images count: with the neuron, all that an annotation
depends on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from engine.annotation.selection import check_cut

Ranking = Literal["score", "z"]
"""What concepts are ordered and cut by: "score" is Eq. 2's s_j, "z" how far s_j lies above random image sets"""
RANKINGS: tuple[Ranking, ...] = ("score", "z")
DEFAULT_TOP = 40
"""Images of a "top" selection that names no number: WWW's"""
MOST_TOP = 1_000_000
ENOUGH = 40
FEWEST_SHARE, MOST_SHARE = 20, 15
"""An adaptive selection takes at least a 20th of all images, 40 at most, and at most a 15th. Above τ, a unit that
follows something rare has one or two images, whose mean is mostly noise; a dense unit has hundreds, whose mean is near
that of all. docs/evidence.md has figures."""


def adaptive_bounds(images: int) -> tuple[int, int]:
    """The fewest and the most images that an adaptive selection takes, of `images` in all."""
    fewest = min(ENOUGH, -(-images // FEWEST_SHARE))
    return fewest, max(fewest, -(-images // MOST_SHARE))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which images of a neuron are its representative images. Raises ValueError for an unknown rule or number.

    `str` gives "tau", "top-40" or "adaptive", and `parse` reads these.
    """

    rule: Literal["tau", "top", "adaptive"] = "tau"
    """"tau": those above τ (Eq. 1); "top": the `top` most activating ones; "adaptive": those above τ, but
    neither very few nor very many"""
    top: int = 0
    """0 unless the rule is "top" """

    def __post_init__(self) -> None:
        if self.rule not in ("tau", "top", "adaptive") or (self.rule == "top") != (1 <= self.top <= MOST_TOP):
            raise ValueError(f"no selection of images: {self.rule} {self.top}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError with what may be written."""
        if text == "tau":
            return cls()
        if text == "adaptive":
            return cls("adaptive")
        if (found := re.fullmatch(r"top(?:-([0-9]{1,7}))?", text)) is not None:
            top = int(found[1] or DEFAULT_TOP)
            if 1 <= top <= MOST_TOP:
                return cls("top", top)
        raise ValueError(
            f'{text!r} is no selection of images: write "tau" (those above τ), "top-40" (the 40 most activating, or '
            f'another number up to {MOST_TOP:,}) or "adaptive"'
        )

    def taken(self, above: NDArray[np.int64], images: int) -> NDArray[np.int64]:
        """How many of its most activating images a neuron is annotated from, of `images` in all, where `above` lie
        above τ; of any shape. A dead unit has none, whatever this says."""
        match self.rule:
            case "tau":
                return above
            case "top":
                return np.full(np.shape(above), min(self.top, images), dtype=np.int64)
            case "adaptive":
                return np.clip(above, *adaptive_bounds(images))

    def __str__(self) -> str:
        return f"top-{self.top}" if self.rule == "top" else self.rule


TAU = Selection()


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where the representative images and the annotation are cut. Raises ValueError for an α or β outside [0, 1]."""

    alpha: float
    """Images above τ = max − (1 − α)·(max − min) are representative (Eq. 1)"""
    beta: float
    """Concepts above β · the best one, in what they are ranked by, are the annotation"""
    concept_set: str | None = None
    """The concept set whose concepts compete; None lets all concepts of the run compete"""
    ranking: Ranking = "score"
    selection: Selection = TAU

    def __post_init__(self) -> None:
        check_cut("alpha", self.alpha)
        check_cut("beta", self.beta)
        if self.ranking not in RANKINGS:
            raise ValueError(f"{self.ranking!r} ranks no concepts: write score or z")

    @property
    def parts(self) -> tuple[str, ...]:
        """The images, β, and the ranking where it is not Eq. 2's, in a few words each; without the concept set."""
        match self.selection.rule:
            case "tau":
                images = f"α {self.alpha:g}"
            case "top":
                images = f"top {self.selection.top:,}"
            case "adaptive":
                images = f"adaptive α {self.alpha:g}"
        return images, f"β {self.beta:g}", *(("by z",) if self.ranking == "z" else ())

    def as_fields(self) -> dict[str, Any]:
        """The cuts as JSON types."""
        return {
            "alpha": self.alpha,
            "beta": self.beta,
            "concept_set": self.concept_set,
            "ranking": self.ranking,
            "selection": str(self.selection),
        }

    @property
    def reach(self) -> tuple[Selection, float]:
        """What the representative images depend on: the selection, and α where it counts."""
        return self.selection, 0.0 if self.selection.rule == "top" else self.alpha
