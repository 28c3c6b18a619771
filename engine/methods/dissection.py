"""Thresholded activation maps against boxes and polygons: what Network Dissection and TSI have in common.

For unit k and label c, summed over the cells of all images that have boxes or polygons (not a mean over images):

    IoU(k, c) = Σ |M_k(x) ∩ L_c(x)| / Σ |M_k(x) ∪ L_c(x)|,    M_k(x) = [bilinear(A_k(x)) > T_k]

A_k is the unit's map, T_k its threshold, and L_c the cells inside the label's outlines. Images without any box or
polygon do not show where a finding is. They are left out, as the published method leaves out images without labels of a
category.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.errors import ConfigError
from engine.methods.context import MethodContext
from engine.methods.maps import layers_with_maps, map_batches
from engine.methods.outlines import Corners, Outlines, inside, need_outlines
from engine.methods.placement import Placements
from engine.methods.top_values import TopValues

KEPT_VALUES = 1 << 25
"""How many of the greatest map values are kept to find the thresholds of all units (128 MiB)"""
_CELLS_AT_ONCE = 1 << 24
"""Cells of upsampled maps that are held at once (64 MiB)"""
_ROUNDING = 1e-5
"""A value must exceed a threshold by this share of it: a film's black border gives equal values except for rounding"""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measure:
    """How maps are thresholded and compared."""

    quantile: float
    """The quantile of a unit's map values over the whole probing set above which a cell is active"""
    side: int
    """Maps and outlines are compared on a grid of [side, side] cells over the input"""
    upsampled: bool
    """Whether the quantile is that of the maps after upsampling to the grid, rather than before"""


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """The IoU of one layer's units with the labels of one label set."""

    labels: tuple[str, ...]
    iou: Floats
    """[units, labels]"""


def dissect(
    name: str, context: MethodContext, measure: Measure, label_sets: Mapping[str, Outlines]
) -> dict[str, dict[str, Agreement]]:
    """Layer -> label set -> the IoU of the layer's units with the set's labels, for each layer that has maps.

    `name` is the method's name, for messages. Raises ConfigError when the probing set has no boxes or polygons, or no
    tapped layer has maps.
    """
    need_outlines(name, context.images)
    drawn = {key: [outlines(image) for image in context.images] for key, outlines in label_sets.items()}
    labels = {key: tuple(sorted({label for image in of_set for label, _ in image})) for key, of_set in drawn.items()}
    labels = {key: names for key, names in labels.items() if names}
    layers = layers_with_maps(context)
    if missing := [layer.name for layer in context.layers if layer.name not in layers]:
        if not layers:
            raise ConfigError(f"methods.{name}: none of target.layers has activation maps ({', '.join(missing)}).")
        context.progress.note(f"{name}: no scores for layers without activation maps: {', '.join(missing)}")
    rows = [row for row in range(len(context.images)) if any(drawn[key][row] for key in labels)]
    context.progress.stage(name, len(context.images) + len(rows))
    thresholds = _thresholds(context, layers, measure)
    placements = Placements(context.target.preprocess)
    tallies = {
        layer: {key: _Tally(names, units) for key, names in labels.items()} for layer, (units, _, _) in layers.items()
    }
    with closing(map_batches(context, layers, rows)) as batches:
        for batch in batches:
            for place, (row, size) in enumerate(zip(batch.films.rows, batch.films.sizes, strict=True)):
                placement = placements.of(*size)
                masks = {
                    key: _masks([(label, placement.place(at)) for label, at in drawn[key][row]], names, measure.side)
                    for key, names in labels.items()
                    if drawn[key][row]
                }
                for layer, maps in batch.maps.items():
                    active, counts = _active(maps[place], thresholds[layer], measure.side, masks)
                    for key, mask in masks.items():
                        tallies[layer][key].add(active, counts[key], mask)
            context.progress.advance(len(batch.films.rows))
    return {layer: {key: tally.agreement() for key, tally in sets.items()} for layer, sets in tallies.items()}


@dataclass(slots=True)
class _Tally:
    """Counts of cells over images: active ones of each unit [units], those of each label [labels], and those of both
    [units, labels]."""

    labels: tuple[str, ...]
    units: int
    active: Floats = field(init=False)
    area: Floats = field(init=False)
    both: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.active, self.area = np.zeros(self.units), np.zeros(len(self.labels))
        self.both = np.zeros((self.units, len(self.labels)))

    def add(self, active: Floats, both: Floats, mask: NDArray[np.bool_]) -> None:
        self.active += active
        self.both += both
        self.area += mask.sum((1, 2))

    def agreement(self) -> Agreement:
        union = self.active[:, None] + self.area - self.both
        return Agreement(self.labels, np.divide(self.both, union, out=np.zeros_like(union), where=union > 0))


def _masks(outlines: Sequence[tuple[str, Corners]], labels: Sequence[str], side: int) -> NDArray[np.bool_]:
    """The cells inside the outlines of each label, [labels, side, side]."""
    masks = np.zeros((len(labels), side, side), bool)
    for label, corners in outlines:
        masks[labels.index(label)] |= inside(corners, side)
    return masks


def _active(
    maps: Tensor, thresholds: Tensor, side: int, masks: Mapping[str, NDArray[np.bool_]]
) -> tuple[Floats, dict[str, Floats]]:
    """For one image's maps [units, h, w]: the number of each unit's active cells, and of those inside each mask.

    Only units whose map exceeds the threshold somewhere are upsampled: bilinear interpolation never exceeds the values
    that it interpolates.
    """
    flat = {key: torch.from_numpy(mask).to(maps.device).flatten(1).float().T for key, mask in masks.items()}
    units = torch.nonzero(maps.amax((1, 2)) > thresholds)[:, 0]
    active = np.zeros(len(maps))
    counts = {key: np.zeros((len(maps), mask.shape[1])) for key, mask in flat.items()}
    at_once = max(1, _CELLS_AT_ONCE // side**2)
    for start in range(0, len(units), at_once):
        part = units[start : start + at_once]
        cells = (upsample(maps[part], side) > thresholds[part, None, None]).flatten(1).float()
        where = part.cpu().numpy()
        active[where] = cells.sum(1).cpu().numpy()
        for key, mask in flat.items():
            counts[key][where] = (cells @ mask).cpu().numpy()
    return active, counts


def upsample(maps: Tensor, side: int) -> Tensor:
    """Maps [units, h, w] to [units, side, side], bilinear between the centres of the positions."""
    return functional.interpolate(maps[None], size=(side, side), mode="bilinear", align_corners=False)[0]


def _thresholds(
    context: MethodContext, layers: Mapping[str, tuple[int, int, int]], measure: Measure
) -> dict[str, Tensor]:
    """Each layer's thresholds [units] over all images."""
    images = len(context.images)
    tops = {
        layer: TopValues(
            measure.quantile, units, images, measure.side**2 if measure.upsampled else height * width,
            KEPT_VALUES // len(layers),
        )
        for layer, (units, height, width) in layers.items()
    }  # fmt: skip
    with closing(map_batches(context, layers, range(images))) as batches:
        for batch in batches:
            for layer, maps in batch.maps.items():
                for place, row in enumerate(batch.films.rows):
                    values = upsample(maps[place], measure.side) if measure.upsampled else maps[place]
                    tops[layer].add(row, values.flatten(1))
            context.progress.advance(len(batch.films.rows))
    found = {layer: top.threshold() for layer, top in tops.items()}
    return {layer: values + _ROUNDING * values.abs() for layer, values in found.items()}


def iter_scores(agreement: Agreement) -> Iterator[tuple[int, str, float]]:
    """Unit, label and IoU of each pair that overlaps, each unit's best first."""
    for unit, ious in enumerate(agreement.iou):
        for place in np.argsort(-ious, kind="stable"):
            if ious[place] > 0:
                yield unit, agreement.labels[place], float(ious[place])
