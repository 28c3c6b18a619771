"""The part of a film that activates units most, as FALCON crops it: the largest box in their Grad-CAM map.

Source: Kalibhat et al., ICML 2023 (see engine.methods.falcon); github.com/NehaKalibhat/falcon-explain, falcon_utils.py.
Grad-CAM: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-Based Localization", ICCV
2017. It weights each map of a layer by the mean over positions of ∂y/∂map, and takes relu of their sum. y is the sum of
some units' activations. Where an activation is the mean of the unit's own map (engine.targets.maps), its derivative is
1/positions by that map and 0 by others. So Grad-CAM is relu of the sum of the units' maps, up to a factor, and needs no
gradients. For a final linear layer the maps are its class activation maps without the bias, which has no derivative.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.methods.placement import Placement

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; right and bottom are outside"""
_AT_ONCE = 64
"""Maps that are upsampled at once"""


def grad_cam(maps: Tensor, members: Tensor) -> Tensor:
    """The Grad-CAM maps [g, h, w] of groups of units, up to a factor each, from the units' maps [units, h, w].

    `members` [g, units] has 1 for the units of a group and 0 for others.
    """
    return torch.einsum("gu,uhw->ghw", members, maps).relu()


def active_boxes(heat: Tensor, height: int, width: int, share: float) -> list[Box | None]:
    """The largest box of active pixels in each map [g, h, w], upsampled to the input's height and width.

    A pixel is active from `share` of the way between the map's least and its highest value. Active pixels that touch at
    a side are one island, and an island has a box. None where the map is the same everywhere.
    """
    boxes = []
    for start in range(0, len(heat), _AT_ONCE):
        piece = heat[start : start + _AT_ONCE]
        whole = functional.interpolate(piece[:, None], size=(height, width), mode="bilinear", align_corners=False)[:, 0]
        least, highest = whole.amin((1, 2)), whole.amax((1, 2))
        active = whole >= (least + share * (highest - least))[:, None, None]
        flat = (highest > least).tolist()
        boxes += [_largest_box(mask) if some else None for mask, some in zip(active.cpu().numpy(), flat, strict=True)]
    return boxes


def _largest_box(active: NDArray[np.bool_]) -> Box:
    """The first of the largest boxes of islands, by rows."""
    from scipy.ndimage import find_objects, label  # the import takes 0.1 s; readers of a run never need it

    islands, _ = label(active)
    boxes = [(at[1].start, at[0].start, at[1].stop, at[0].stop) for at in find_objects(islands)]
    return max(boxes, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))


def on_film(box: Box, height: int, width: int, placement: Placement, film: tuple[int, int]) -> Box:
    """A box of the model's input, of this height and width, as a box of the film [h, w] that lies on it by `placement`.

    It has at least one pixel of the film, and none outside it.
    """
    corners = np.array([box[:2], box[2:]]) / (width, height)
    points = np.sort((corners - placement.shift) / placement.scale, axis=0)
    sizes = np.array(film[::-1])
    first = np.clip(np.floor(points[0] + _ROUNDING), 0, sizes - 1).astype(int)
    last = np.clip(np.ceil(points[1] - _ROUNDING), first + 1, sizes).astype(int)
    return int(first[0]), int(first[1]), int(last[0]), int(last[1])


_ROUNDING = 1e-3
"""Pixels by which a corner may lie beside a pixel's edge; a placement is measured"""
