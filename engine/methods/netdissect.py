"""Network Dissection: the outlined finding on which a unit's strongest activations lie.

Source: Bau, Zhou, Khosla, Oliva, Torralba, "Network Dissection: Quantifying Interpretability of Deep Visual
Representations", CVPR 2017, section 2; CSAILVision/NetDissect-Lite, feature_operation.py.

T_k is the 0.995 quantile of unit k's map values over all images: a share of 0.005 exceeds it. Maps are upsampled to the
masks' grid (112 × 112, as in the published masks), and the cells above T_k are compared with each label's outlines. The
score is the IoU over all images that have outlines (engine.methods.dissection has the formula). The annotation is the
best label if its IoU exceeds 0.04.

Differences from the published code follow from chest films:
- Labels are of one category (findings), and several may apply to one place of an image.
- Outlines are polygons, or boxes for findings without a polygon.
- Outlines are placed on the model's input by the model's own preprocessing (engine.methods.placement); the published
  code resizes films and masks alike.
- Layers of pooled vectors and the classes have class activation maps (engine.methods.maps), so that the final layer's
  neurons have scores too.
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
"""Raise it when the same run gives other scores than before"""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[methods.netdissect]` of a configuration."""

    quantile: float = Field(default=0.995, gt=0, lt=1)
    """The quantile of a unit's map values over the probing set above which a cell is active"""
    cut: float = Field(default=0.04, ge=0, le=1)
    """The IoU that a unit's best label must exceed to be its annotation"""
    side: int = Field(default=112, ge=8, le=1024)
    """Maps and outlines are compared on a grid of this many cells a side"""


def check(options: Options, images: Sequence[Image], layers: Sequence[Layer]) -> None:  # noqa: ARG001
    """Raises ConfigError when the probing set has no boxes or polygons."""
    need_outlines("netdissect", images)


def follows_vlm(options: Options) -> bool:  # noqa: ARG001
    """Never: scores depend on neither embeddings nor texts."""
    return False


def compute(options: Options, context: MethodContext) -> list[MethodScore]:
    """The IoU of each unit with each label that it overlaps, in the layers that have maps.

    Raises ConfigError when the probing set has no boxes or polygons, no layer has maps, or the target's
    preprocessing is not a scale and a crop.
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
    """The best of one neuron's scores, if it is above the cut."""
    return [score for score in scores[:1] if score.score > options.cut]
