"""TSI: Network Dissection adapted to chest films, the mask-based method of the MAMMI paper's table 4.

Source: Khakzar, Musatian, Buchberger, Valeriano Quiroz, Pinger, Baselizadeh, Kim, Navab, "Towards Semantic
Interpretation of Thoracic Disease and COVID-19 Diagnosis Models", MICCAI 2021 (arXiv 2104.02481), which the MAMMI paper
(arXiv 2407.11375) calls TSI. Its code is CAMP-eXplain-AI/CheXplain-Dissection, src/visualization/netdissect_results.py
and netdissect/upsample.py; what the MAMMI paper makes of its results is in ailab-kyunghee/MAMMI,
utils/med_metric_utils.py (load_files).

As there, maps are upsampled to 56 × 56 cells and fall to 0 at the film's border; a unit's threshold is the 0.99
quantile of its upsampled values over the first 100 images of a label set; the score is the IoU over all images of the
label set of the cells above the threshold with a label's mask (engine.methods.dissection has the formula); and a unit's
best label is its annotation if its IoU exceeds 0.04. "No class" competes: a label that covers every image whole, so its
IoU is the share of active cells, about 0.01. A neuron for which it wins has no concept; the published evaluation
predicts "none" for it.

Each label set has its own films and thresholds: the boxes of the run's probing set, its polygons, and the films of
`label_set`, which may be other films, such as COVID-CXR's for table 4. A neuron has the scores of the set with the
higher best IoU, of the first of these where they are equal (the published code prefers NIH14 to COVID-CXR), and the
set's name as the scores' detail. Neither paper says how the final layer's neurons get maps. Here these have class
activation maps (engine.targets.maps).

Differences from the published code:
- It passes a number of 20 images to the IoU, but also a loader, and then uses all images of the loader.
  `iou_images = 20` would be the number's meaning.
- The quantile is exact; the published one is a random sketch of some 20,000 values.
- A film with several boxes is one image with all of them; the published loader gives it once for each box.
- Several labels may apply to one cell, where the published mask keeps the last. A cell belongs to an outline if its
  centre is inside, where the published mask is sampled at the cell's corner.
- Outlines are placed on the model's input by the model's own preprocessing (engine.methods.placement); the published
  code scales boxes as if films had 1,024 pixels a side.
- Names of labels are compared with underscores as spaces, so that "Pleural_Thickening" can name its class.

With `cut = 0` each neuron has an annotation unless "No class" wins. The paper's tables score the best label, whatever
the cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from engine.methods import own_films as own
from engine.methods.outlines import boxes, finest, need_outlines, polygons
from engine.probing.base import Image, ProbingSet
from engine.store.contents import Layer
from engine.store.records import MethodScore

if TYPE_CHECKING:
    from engine.methods.context import MethodContext
    from engine.methods.dissection import Agreement

TITLE = "TSI"
VERSION = 2
"""Raise it when the same run gives other scores than before"""
OF_LABELS = True
"""Its concepts are labels of films"""
NO_CLASS = "No class"
"""The label that covers every image whole"""
_SET = "methods.tsi.label_set"


class Options(BaseModel, extra="forbid", frozen=True):
    """`[methods.tsi]` of a configuration."""

    quantile: float = Field(default=0.99, gt=0, lt=1)
    """The quantile of a unit's upsampled map values above which a cell is active"""
    threshold_images: int = Field(default=100, ge=0)
    """The quantile is over the first so many images of a label set; 0 for all"""
    iou_images: int = Field(default=0, ge=0)
    """The IoU is over the first so many images of a label set; 0 for all, as published"""
    border: Literal["zeros", "edge"] = "zeros"
    """What lies beyond the outermost positions of a map when it is upsampled: zeros, as published, or the value at the
    edge"""
    no_class: bool = True
    """Whether "No class" competes, as published"""
    cut: float = Field(default=0.04, ge=0, le=1)
    """The IoU that a unit's best label must exceed to be its annotation"""
    side: int = Field(default=56, ge=8, le=1024)
    """Maps are upsampled to, and outlines drawn on, a grid of this many cells a side"""
    label_set: own.OwnFilms | None = None
    """One more label set with films of its own: a table with the keys of [probing]"""


def own_films(options: Options, base: Path) -> ProbingSet | None:
    """The films of `label_set`. Raises ConfigError when they are missing or have no outlines."""
    return None if options.label_set is None else options.label_set.load(_SET, base)


def check(options: Options, images: Sequence[Image], layers: Sequence[Layer]) -> None:  # noqa: ARG001
    """Raises ConfigError when there is no label set: the probing set has no boxes or polygons, and no other is
    named."""
    if options.label_set is None:
        need_outlines("tsi", images)


def follows_vlm(options: Options) -> bool:  # noqa: ARG001
    """Never: scores depend on neither embeddings nor texts."""
    return False


def compute(options: Options, context: MethodContext) -> list[MethodScore]:
    """The IoU of each unit with each label of its best label set that it overlaps, in the layers that have maps.

    Raises ConfigError when there is no label set, no layer has maps, or the target's preprocessing is not a scale and
    a crop.
    """
    check(options, context.images, context.layers)
    sets = dict(_agreements(options, context))
    scores = []
    for layer in next(iter(sets.values())):
        of_layer = {key: agreements[layer] for key, agreements in sets.items()}
        best = np.argmax([_best(options, agreement) for agreement in of_layer.values()], axis=0)  # the first if equal
        for place, (key, agreement) in enumerate(of_layer.items()):
            scores += [score for score in _scores(options, layer, key, agreement) if best[score.unit] == place]
    return scores


def annotation(options: Options, scores: Sequence[MethodScore]) -> list[MethodScore]:
    """The best of one neuron's scores, if it is above the cut and not "No class"."""
    return [score for score in scores[:1] if score.score > options.cut and not nothing(options, scores)]


def nothing(options: Options, scores: Sequence[MethodScore]) -> str:  # noqa: ARG001
    """Why a neuron has no concept although it has scores: "No class" wins. "" where it does not."""
    best = next((score for score in scores if score.concept == NO_CLASS), None)
    if best is None or any(score.score > best.score for score in scores):
        return ""
    others = [score for score in scores if score is not best]
    label = f"the best label, {others[0].concept}, has {others[0].score:.4f}" if others else "it meets no label"
    return f"No class wins with an IoU of {best.score:.4f}: {label}."


def title(options: Options) -> str:
    """The method's name, with the options that are not as published."""
    chosen = []
    if options.label_set is not None:
        chosen.append(f"with {options.label_set.kind}")
    if options.quantile != Options().quantile:
        chosen.append(f"quantile {options.quantile:g}")
    if options.border == "edge":
        chosen.append("edges go on")
    if not options.no_class:
        chosen.append("without no class")
    if options.threshold_images != Options().threshold_images:
        chosen.append(f"thresholds over {_images(options.threshold_images)}")
    if options.iou_images:
        chosen.append(f"IoU over {_images(options.iou_images)}")
    return f"{TITLE} ({', '.join(chosen)})" if chosen else TITLE


def _images(number: int) -> str:
    return "1 image" if number == 1 else f"{number or 'all'} images"


def _agreements(options: Options, context: MethodContext) -> Iterator[tuple[str, dict[str, Agreement]]]:
    """The name of each label set that has outlines, and each layer's agreement with it."""
    from engine.methods.dissection import Measure, dissect  # readers of a run have no torch

    measure = Measure(
        options.quantile,
        options.side,
        upsampled=True,
        border=options.border,
        counted_in="all labelled images",
        threshold_images=options.threshold_images or None,
        iou_images=options.iou_images or None,
    )
    sets = [("boxes", context, boxes), ("polygons", context, polygons)]
    if options.label_set is not None and context.own_films is not None:
        films = context.own_films
        of_set = replace(context, probing=films, images=own.usable(_SET, films))
        sets.append((options.label_set.kind, of_set, finest))
    for key, films_of_set, outlines in sets:
        if found := dissect("tsi", films_of_set, measure, outlines):
            yield key, found


def _best(options: Options, agreement: Agreement) -> NDArray[np.float64]:
    """[units]: the highest IoU of each unit."""
    best: NDArray[np.float64] = agreement.iou.max(axis=1)
    return np.maximum(best, agreement.active) if options.no_class else best


def _scores(options: Options, layer: str, key: str, agreement: Agreement) -> Iterator[MethodScore]:
    from engine.methods.dissection import iter_scores

    for unit, label, iou in iter_scores(agreement):
        yield MethodScore(layer, unit, label, iou, detail=key)
    if options.no_class:
        for unit, share in enumerate(agreement.active.tolist()):
            if share > 0:
                yield MethodScore(layer, unit, NO_CLASS, share, detail=key)
