"""TSI: Network Dissection as it was brought to chest films, the mask-based method of the MAMMI paper's table 4.

Source: Khakzar, Musatian, Buchberger, Valeriano Quiroz, Pinger, Baselizadeh, Kim, Navab, "Towards Semantic
Interpretation of Thoracic Disease and COVID-19 Diagnosis Models", MICCAI 2021 (arXiv 2104.02481), which the MAMMI paper
(arXiv 2407.11375) calls TSI; its code is CAMP-eXplain-AI/CheXplain-Dissection,
src/visualization/netdissect_results.py. What is taken from there: maps are upsampled to 56 × 56, a unit's threshold is
the 0.99 quantile of its upsampled values, the score is the IoU of what exceeds it with a label's mask over all images
(engine.methods.dissection has the formula), and a unit's best label counts where its IoU exceeds 0.04.

The MAMMI paper names two label sets (NIH14's boxes and the COVID chest X-ray segmentations) and scores each neuron by
the higher. Here a run has one probing set, whose boxes are one label set and whose polygons the other: each neuron has
the scores of the one with the higher best IoU (boxes where they are equal), told as the score's detail. That is our
reading: neither paper says by which figure the higher is chosen, nor how the final layer's neurons get maps; here they
have class activation maps (engine.methods.maps).

It departs from the published code in that the quantile and the IoU are of all images, where that looks at 100 and 20 of
them, and in how outlines come onto the model's input (engine.methods.placement), where that scales boxes by the films'
size. With `cut = 0` each neuron has an annotation, as the paper's tables need.
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
"""To be raised when the same run comes to give other scores."""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[methods.tsi]` of a configuration."""

    quantile: float = Field(default=0.99, gt=0, lt=1)
    """Of a unit's upsampled map values over the probing set; what is above is active."""
    cut: float = Field(default=0.04, ge=0, le=1)
    """The IoU that a unit's best label must exceed to be its annotation."""
    side: int = Field(default=56, ge=8, le=1024)
    """Cells a side of the grid that maps are upsampled to and outlines are drawn on."""


def check(options: Options, images: Sequence[Image], layers: Sequence[Layer]) -> None:  # noqa: ARG001
    """Raises ConfigError, before anything is computed, where the probing set has no boxes or polygons."""
    need_outlines("tsi", images)


def follows_vlm(options: Options) -> bool:  # noqa: ARG001
    """Neither embeddings nor texts are looked at."""
    return False


def compute(options: Options, context: MethodContext) -> list[MethodScore]:
    """The IoU of each unit of the layers that have maps with each label that it overlaps, of its better label set.

    Raises ConfigError where the probing set has no boxes or polygons, where no layer has maps, or where the target's
    preprocessing is no scale and crop.
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
    """Of one neuron's scores, best first, those that are its annotation: the best, above the cut."""
    return [score for score in scores[:1] if score.score > options.cut]
