"""Upsampling of activation maps to a grid over the input, as the published codes of the dissection methods do it.

The centre of cell i of `side` lies at (i + 0.5) · h / side − 0.5 among the centres of h positions. Between centres,
maps are interpolated bilinearly. The codes differ in what lies beyond the outermost centres:

- "edge": the outermost value goes on. So scipy.misc.imresize does (Pillow's resize), which Network Dissection uses.
  Maps that are larger than the grid are averaged over a cell, as there.
- "zeros": the map falls to 0 within one position. So torch's grid_sample does by default, which TSI uses.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Border = Literal["zeros", "edge"]


def upsample(maps: Tensor, side: int, border: Border) -> Tensor:
    """Maps [units, h, w] to [units, side, side]."""
    if border == "edge":
        size, larger = (side, side), max(maps.shape[1:]) > side
        return functional.interpolate(maps[None], size=size, mode="bilinear", align_corners=False, antialias=larger)[0]
    down, across = (_places(length, side, maps.device) for length in maps.shape[1:])
    grid = torch.stack([across.expand(side, side), down[:, None].expand(side, side)], dim=2)
    return functional.grid_sample(maps[None], grid[None], mode="bilinear", padding_mode="zeros", align_corners=True)[0]


def greatest(maps: Tensor, border: Border) -> Tensor:
    """[units]: what no value of the upsampled maps [units, h, w] exceeds."""
    highest = maps.amax((1, 2))
    return highest.clamp(min=0) if border == "zeros" else highest


def _places(length: int, side: int, device: torch.device) -> Tensor:
    """The centres of the cells on the axis of grid_sample, which is −1 at the first position and 1 at the last."""
    centres = (torch.arange(side, device=device) + 0.5) * (length / side) - 0.5
    return centres * (2 / max(length - 1, 1)) - 1
