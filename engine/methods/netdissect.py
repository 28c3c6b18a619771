"""Network Dissection: which outlined finding a unit's strongest activations lie on.

Source: Bau, Zhou, Khosla, Oliva, Torralba, "Network Dissection: Quantifying Interpretability of Deep Visual
Representations", CVPR 2017, section 2; CSAILVision/NetDissect-Lite, feature_operation.py.

T_k is the value that a share of 0.005 of unit k's map values over all images exceed (quantile 0.995). Maps are
upsampled to the masks' grid (112 × 112, as the published masks), what exceeds T_k is compared with each label's
outlines, and the score is the IoU over all images that have outlines (engine.methods.dissection has the formula). The
annotation is the best label, where its IoU exceeds 0.04.

It departs from the published code in what follows from chest films: labels are of one category (findings); an image may
have several on one place; outlines are polygons, and boxes for findings that have no polygon; they are brought onto the
model's input through its own preprocessing (engine.methods.placement), where the published code resizes films and masks
alike; layers of pooled vectors and the classes have class activation maps (engine.methods.maps), so that the final
layer's neurons have scores, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from engine.methods.outlines import finest, need_outlines
from engine.probing.base import Image
from engine.store.contents import Layer
from engine.store.records import MethodScore

if TYPE_CHECKING:
    from engine.methods.context import MethodContext

TITLE = "Network Dissection"
VERSION = 1
"""To be raised when the same run comes to give other scores."""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[methods.netdissect]` of a configuration."""

    quantile: float = Field(default=0.995, gt=0, lt=1)
    """Of a unit's map values over the probing set; what is above is active."""
    cut: float = Field(default=0.04, ge=0, le=1)
    """The IoU that a unit's best label must exceed to be its annotation."""
    side: int = Field(default=112, ge=8, le=1024)
    """Cells a side of the grid that maps and outlines are compared on."""


def check(options: Options, images: Sequence[Image], layers: Sequence[Layer]) -> None:  # noqa: ARG001
    """Raises ConfigError, before anything is computed, where the probing set has no boxes or polygons."""
    need_outlines("netdissect", images)


def follows_vlm(options: Options) -> bool:  # noqa: ARG001
    """Neither embeddings nor texts are looked at."""
    return False


def compute(options: Options, context: MethodContext) -> list[MethodScore]:
    """The IoU of each unit of the layers that have maps with each label that it overlaps.

    Raises ConfigError where the probing set has no boxes or polygons, where no layer has maps, or where the target's
    preprocessing is no scale and crop.
    """
    from engine.methods.dissection import Measure, dissect, iter_scores  # readers of a run have no torch

    measure = Measure(options.quantile, options.side, upsampled=False)
    found = dissect("netdissect", context, measure, {"outlines": finest})
    return [
        MethodScore(layer, unit, label, iou)
        for layer, sets in found.items()
        for agreement in sets.values()
        for unit, label, iou in iter_scores(agreement)
    ]


def annotation(options: Options, scores: Sequence[MethodScore]) -> list[MethodScore]:
    """Of one neuron's scores, best first, those that are its annotation: the best, above the cut."""
    return [score for score in scores[:1] if score.score > options.cut]
