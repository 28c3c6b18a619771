"""TSI: Network Dissection adapted to chest films, the mask-based method of the MAMMI paper's table 4.

Source: Khakzar, Musatian, Buchberger, Valeriano Quiroz, Pinger, Baselizadeh, Kim, Navab, "Towards Semantic
Interpretation of Thoracic Disease and COVID-19 Diagnosis Models", MICCAI 2021 (arXiv 2104.02481), which the MAMMI paper
(arXiv 2407.11375) calls TSI. Its code is CAMP-eXplain-AI/CheXplain-Dissection, src/visualization/netdissect_results.py.
As there, maps are upsampled to 56 × 56, a unit's threshold is the 0.99 quantile of its upsampled values, the score is
the IoU over all images of the cells above the threshold with a label's mask (engine.methods.dissection has the
formula), and a unit's best label is its annotation if its IoU exceeds 0.04.

The MAMMI paper names two label sets (NIH14's boxes and the COVID chest X-ray segmentations) and scores each neuron by
the higher one. Here a run has one probing set: its boxes are one label set, its polygons the other. Each neuron has the
scores of the set with the higher best IoU (of the boxes where both are equal), and the set's name as the scores'
detail. This is our reading: neither paper says which figure decides, nor how the final layer's neurons get maps. Here
these have class activation maps (engine.methods.maps).

Differences from the published code:
- The quantile and the IoU are over all images; the published code uses 100 images for the one and 20 for the other.
- Outlines are placed on the model's input by the model's own preprocessing (engine.methods.placement); the published
  code scales boxes by the films' size.

With `cut = 0` each neuron has an annotation, as the paper's tables need.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, Field

from engine.methods.outlines import boxes, need_outlines, polygons
from engine.probing.base import Image
from engine.store.contents import Layer
from engine.store.records import MethodScore

if TYPE_CHECKING:
    from engine.methods.context import MethodContext

TITLE = "TSI"
VERSION = 1
"""Raise it when the same run gives other scores than before"""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[methods.tsi]` of a configuration."""

    quantile: float = Field(default=0.99, gt=0, lt=1)
    """The quantile of a unit's upsampled map values over the probing set above which a cell is active"""
    cut: float = Field(default=0.04, ge=0, le=1)
    """The IoU that a unit's best label must exceed to be its annotation"""
    side: int = Field(default=56, ge=8, le=1024)
    """Maps are upsampled to, and outlines drawn on, a grid of this many cells a side"""


def check(options: Options, images: Sequence[Image], layers: Sequence[Layer]) -> None:  # noqa: ARG001
    """Raises ConfigError when the probing set has no boxes or polygons."""
    need_outlines("tsi", images)


def follows_vlm(options: Options) -> bool:  # noqa: ARG001
    """Never: scores depend on neither embeddings nor texts."""
    return False


def compute(options: Options, context: MethodContext) -> list[MethodScore]:
    """The IoU of each unit with each label of its better label set that it overlaps, in the layers that have maps.

    Raises ConfigError when the probing set has no boxes or polygons, no layer has maps, or the target's
    preprocessing is not a scale and a crop.
    """
    from engine.methods.dissection import Measure, dissect, iter_scores  # readers of a run have no torch

    measure = Measure(options.quantile, options.side, upsampled=True)
    scores = []
    for layer, sets in dissect("tsi", context, measure, {"boxes": boxes, "polygons": polygons}).items():
        keys = tuple(sets)
        better = np.argmax([sets[key].iou.max(axis=1) for key in keys], axis=0)  # [units], the first where equal
        for place, key in enumerate(keys):
            scores += [
                MethodScore(layer, unit, label, iou, detail=key)
                for unit, label, iou in iter_scores(sets[key])
                if better[unit] == place
            ]
    return scores


def annotation(options: Options, scores: Sequence[MethodScore]) -> list[MethodScore]:
    """The best of one neuron's scores, if it is above the cut."""
    return [score for score in scores[:1] if score.score > options.cut]
