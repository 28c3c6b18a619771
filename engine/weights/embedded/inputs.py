"""Turns a film into the input of both demo models."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

INPUT_SIDE = 128


def shrink(film: NDArray[np.uint8]) -> Tensor:
    """Shrinks a grey film [h, w] to float32 [1, 128, 128] by area averages, in its own grey levels."""
    grey = torch.from_numpy(np.ascontiguousarray(film, dtype=np.float32))
    return functional.adaptive_avg_pool2d(grey[None], INPUT_SIDE)


def standardise(films: Tensor) -> Tensor:
    """Scales each film of [..., h, w] to mean 0 and standard deviation 1; a flat film becomes zeros."""
    deviation, mean = torch.std_mean(films, dim=(-2, -1), keepdim=True, correction=0)
    return (films - mean) / deviation.clamp_min(1e-3)


def network_input(film: NDArray[np.uint8]) -> Tensor:
    """Turns a grey film [h, w] into the networks' input, float32 [1, 128, 128]."""
    return standardise(shrink(film))


class NetworkInput:
    """`network_input` as a target model's preprocessing (engine.targets.base)."""

    def __call__(self, film: NDArray[np.uint8]) -> Tensor:
        return network_input(film)

    def view(self, film: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The shrunken film in whole grey levels, [128, 128]."""
        return shrink(film)[0].round().to(torch.uint8).numpy()
