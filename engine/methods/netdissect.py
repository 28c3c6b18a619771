"""Network Dissection: the outlined finding on which a unit's strongest activations lie.

Source: Bau, Zhou, Khosla, Oliva, Torralba, "Network Dissection: Quantifying Interpretability of Deep Visual
Representations", CVPR 2017, section 2; CSAILVision/NetDissect-Lite, feature_operation.py, vecquantile.py and
loader/data_loader.py.

T_k is the 0.995 quantile of unit k's map values over all images that have an outline. Maps are upsampled to the masks'
grid (112 × 112, as in the published masks), and the cells above T_k are compared with each label's outlines. The score
is the IoU over all images that have an outline (engine.methods.dissection has the formula). The annotation is the best
label if its IoU exceeds 0.04.

Two details of the published code, both in the defaults:
- It counts a unit's active cells against a label only in images in which some of them lie on a label of the same
  category (tally_units_cat). All our labels are one category, findings. `counted_in` has two other ways: each label as
  a category of its own, and all labelled images.
- It reads 1,000 quantiles, evenly spaced from 0 to 1, and takes number 1000 q − 1. So its 0.995 is 994/999.

Differences from the published code:
- Several labels may apply to one place of an image. Outlines are polygons, or boxes for findings without a polygon.
- Outlines are placed on the model's input by the model's own preprocessing (engine.methods.placement); the published
  code resizes films and masks alike. A cell belongs to an outline if its centre is inside.
- The quantile is exact; the published one is a random sketch where there are more than some 20,000 values.
- Layers of pooled vectors and the classes have class activation maps (engine.targets.maps), so that the final layer's
  neurons have scores too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from engine.methods.outlines import finest, need_outlines
from engine.probing.base import Image
from engine.store.contents import Layer
from engine.store.records import LayerInfo, MethodScore

if TYPE_CHECKING:
    from engine.methods.context import MethodContext
    from engine.store.reader import RunReader

TITLE = "Network Dissection"
VERSION = 2
"""Raise it when the same run gives other scores than before"""
OF_LABELS = True
"""Its concepts are labels of films"""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[methods.netdissect]` of a configuration."""

    quantile: float = Field(default=0.995, gt=0, lt=1)
    """The quantile of a unit's map values above which a cell is active; 0.995 is number 994 of the published code's
    quantiles 0 to 999"""
    thresholds_over: Literal["labelled images", "all images"] = "labelled images"
    """The images that the quantile is over: those with an outline, as published, or the whole probing set"""
    counted_in: Literal["images with an overlap", "images with an overlap with the label", "all labelled images"] = (
        "images with an overlap"
    )
    """Where a unit's active cells count against a label: in images in which one of them lies on some label, as
    published; in images in which one of them lies on this label, as if each label were a category; or in all images
    with an outline"""
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

    need_outlines("netdissect", context.images)
    measure = Measure(
        _published_quantile(options.quantile),
        options.side,
        upsampled=False,
        border="edge",
        counted_in=options.counted_in,
        unlabelled=options.thresholds_over == "all images",
    )
    return [
        MethodScore(layer, unit, label, iou)
        for layer, agreement in dissect("netdissect", context, measure, finest).items()
        for unit, label, iou in iter_scores(agreement)
    ]


def title(options: Options) -> str:
    """The method's name, with the options that are not as published."""
    chosen = []
    if options.quantile != Options().quantile:
        chosen.append(f"quantile {options.quantile:g}")
    if options.counted_in != "images with an overlap":
        chosen.append(f"active cells of {options.counted_in}")
    if options.thresholds_over == "all images":
        chosen.append("thresholds over all images")
    return f"{TITLE} ({', '.join(chosen)})" if chosen else TITLE


def _published_quantile(quantile: float) -> float:
    """The quantile whose place among 0, 1/999, …, 1 is 1000 q − 1, counted from 0."""
    return max((1000 * quantile - 1) / 999, 0)


def unscored(options: Options, reader: RunReader, layer: LayerInfo, unit: int) -> str:  # noqa: ARG001
    """Why a neuron has no scores, in a layer in which others have."""
    return "None of its active cells lies on an outline." if reader.method_scores("netdissect", layer.name) else ""


def annotation(options: Options, scores: Sequence[MethodScore]) -> list[MethodScore]:
    """The best of one neuron's scores, if it is above the cut."""
    return [score for score in scores[:1] if score.score > options.cut]
