"""Thresholded activation maps against boxes and polygons: what Network Dissection and TSI have in common.

For unit k and label c, summed over the cells of the images that have outlines (not a mean over images):

    IoU(k, c) = Σ |M_k(x) ∩ L_c(x)| / (Σ' |M_k(x)| + Σ |L_c(x)| − Σ |M_k(x) ∩ L_c(x)|),    M_k(x) = [up(A_k(x)) > T_k]

A_k is the unit's map, up its upsampling (engine.methods.upsampling), T_k its threshold, and L_c the cells inside the
label's outlines. Σ' is over the images in which active cells count (CountedIn). Images without an outline do not show
where a finding is. They are left out, as the published data sets leave out images without labels.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.methods.context import MethodContext
from engine.methods.map_batches import map_batches, need_maps
from engine.methods.outlines import Corners, Outlines, inside
from engine.methods.placement import Placements
from engine.methods.top_values import TopValues
from engine.methods.upsampling import Border, greatest, upsample

KEPT_VALUES = 1 << 25
"""How many of the greatest map values are kept to find the thresholds of all units (128 MiB)"""
_CELLS_AT_ONCE = 1 << 24
"""Cells of upsampled maps that are held at once (64 MiB)"""

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]
CountedIn = Literal["images with an overlap", "images with an overlap with the label", "all labelled images"]
"""Where a unit's active cells count against a label: in images in which one of them lies on some label, in images in
which one of them lies on this label, or in all images that have an outline"""


@dataclass(frozen=True, slots=True)
class Measure:
    """How maps are thresholded and compared."""

    quantile: float
    """The quantile of a unit's map values above which a cell is active"""
    side: int
    """Maps and outlines are compared on a grid of [side, side] cells over the input"""
    upsampled: bool
    """Whether the quantile is that of the maps after upsampling to the grid, rather than before"""
    border: Border
    counted_in: CountedIn
    threshold_images: int | None = None
    """Thresholds come from the first so many images that have an outline; None for all of these"""
    unlabelled: bool = False
    """Whether thresholds come from all images, those without an outline among them"""
    iou_images: int | None = None
    """The IoU is over the first so many images that have an outline; None for all of these"""


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """The IoU of one layer's units with labels."""

    labels: tuple[str, ...]
    iou: Floats
    """[units, labels]"""
    active: Floats
    """[units]: the share of active cells among the cells of all images that have an outline. It is the IoU with a label
    that covers every image."""


def dissect(name: str, context: MethodContext, measure: Measure, outlines: Outlines) -> dict[str, Agreement]:
    """The agreement of each layer that has maps with the labels of the context's images. {} if none has an outline.

    `name` is the method's name, for messages. Raises ConfigError when no tapped layer has maps.
    """
    drawn = [outlines(image) for image in context.images]
    labels = tuple(sorted({label for of_image in drawn for label, _ in of_image}))
    outlined = [row for row, of_image in enumerate(drawn) if of_image]
    if not outlined:
        return {}
    layers = need_maps(name, context)
    sample = range(len(drawn)) if measure.unlabelled else outlined[: measure.threshold_images]
    counted = outlined[: measure.iou_images]
    context.progress.stage(name, len(sample) + len(counted))
    thresholds = _thresholds(name, context, layers, measure, sample)
    placements = Placements(context.target.preprocess)
    tallies = {layer: _Tally(labels, units, measure) for layer, (units, _, _) in layers.items()}
    with closing(map_batches(context, layers, counted)) as batches:
        for batch in batches:
            for place, (row, size) in enumerate(zip(batch.films.rows, batch.films.sizes, strict=True)):
                placement = placements.of(*size)
                mask = _mask([(label, placement.place(at)) for label, at in drawn[row]], labels, measure.side)
                for layer, maps in batch.maps.items():
                    tallies[layer].add(*_active(maps[place], thresholds[layer], measure, mask), mask)
            context.progress.advance(len(batch.films.rows))
    return {layer: tally.agreement() for layer, tally in tallies.items()}


@dataclass(slots=True)
class _Tally:
    """Counts of cells over images: those of each label [labels], active ones of each unit [units], the active ones that
    count against each label [units, labels], and those of both [units, labels]."""

    labels: tuple[str, ...]
    units: int
    measure: Measure
    images: int = 0
    area: Floats = field(init=False)
    active: Floats = field(init=False)
    against: Floats = field(init=False)
    both: Floats = field(init=False)

    def __post_init__(self) -> None:
        shape = (self.units, len(self.labels))
        self.area, self.active = np.zeros(shape[1]), np.zeros(self.units)
        self.against, self.both = np.zeros(shape), np.zeros(shape)

    def add(self, active: Floats, both: Floats, mask: NDArray[np.bool_]) -> None:
        self.images += 1
        self.area += mask.sum((1, 2))
        self.active += active
        self.both += both
        self.against += active[:, None] * self._counted(both > 0)

    def _counted(self, overlap: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether an image's active cells count, by the pairs of unit and label that overlap in it [units, labels]."""
        if self.measure.counted_in == "all labelled images":
            return np.ones_like(overlap)
        if self.measure.counted_in == "images with an overlap":
            return np.broadcast_to(overlap.any(axis=1, keepdims=True), overlap.shape)
        return overlap

    def agreement(self) -> Agreement:
        union = self.against + self.area - self.both
        iou = np.divide(self.both, union, out=np.zeros_like(union), where=union > 0)
        return Agreement(self.labels, iou, self.active / (self.images * self.measure.side**2))


def _mask(outlines: Sequence[tuple[str, Corners]], labels: Sequence[str], side: int) -> NDArray[np.bool_]:
    """The cells inside the outlines of each label, [labels, side, side]."""
    mask = np.zeros((len(labels), side, side), bool)
    for label, corners in outlines:
        mask[labels.index(label)] |= inside(corners, side)
    return mask


def _active(maps: Tensor, thresholds: Tensor, measure: Measure, mask: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """For one image's maps [units, h, w]: the number of each unit's active cells, and of those on each label
    [units, labels]. Only units that can exceed their threshold are upsampled."""
    flat = torch.from_numpy(mask).to(maps.device).flatten(1).float().T
    units = torch.nonzero(greatest(maps, measure.border) > thresholds)[:, 0]
    active, both = np.zeros(len(maps)), np.zeros((len(maps), len(mask)))
    at_once = max(1, _CELLS_AT_ONCE // measure.side**2)
    for start in range(0, len(units), at_once):
        part = units[start : start + at_once]
        upsampled = upsample(maps[part], measure.side, measure.border)
        cells = (upsampled > thresholds[part, None, None]).flatten(1).float()
        where = part.cpu().numpy()
        active[where] = cells.sum(1).cpu().numpy()
        both[where] = (cells @ flat).cpu().numpy()
    return active, both


def _thresholds(
    name: str, context: MethodContext, layers: Mapping[str, tuple[int, int, int]], measure: Measure, rows: Sequence[int]
) -> dict[str, Tensor]:
    """Each layer's thresholds [units] over the images at these rows. Warns of layers with too few values."""
    tops = {
        layer: TopValues(
            measure.quantile, units, len(rows), measure.side**2 if measure.upsampled else height * width,
            KEPT_VALUES // len(layers),
        )
        for layer, (units, height, width) in layers.items()
    }  # fmt: skip
    if few := [layer for layer, top in tops.items() if top.too_few]:
        log.warning(
            "methods.%s: the maps of %d images have too few values for the quantile %.8g, so no cell is active in %s. "
            "Take more images that have outlines, or a lower quantile.",
            *(name, len(rows), measure.quantile, ", ".join(few)),
        )
    with closing(map_batches(context, layers, rows)) as batches:
        for batch in batches:
            for layer, maps in batch.maps.items():
                for place, row in enumerate(batch.films.rows):
                    values = upsample(maps[place], measure.side, measure.border) if measure.upsampled else maps[place]
                    tops[layer].add(row, values.flatten(1))
            context.progress.advance(len(batch.films.rows))
    return {layer: top.threshold() for layer, top in tops.items()}


def iter_scores(agreement: Agreement) -> Iterator[tuple[int, str, float]]:
    """Unit, label and IoU of each pair that overlaps, each unit's best first."""
    for unit, ious in enumerate(agreement.iou):
        for place in np.argsort(-ious, kind="stable"):
            if ious[place] > 0:
                yield unit, agreement.labels[place], float(ious[place])
