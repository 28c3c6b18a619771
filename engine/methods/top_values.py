"""The quantile of each unit's activations over all images and positions, in bounded memory."""

from __future__ import annotations

import torch
from torch import Tensor


class TopValues:
    """The quantile of each unit's values over many images, in bounded memory.

    The greatest values are kept, as many as may lie above the quantile: exact. Where these are more than `kept` for all
    units together, only some positions of each image count, drawn at random with the image as seed, the same for all
    units; the share of values above the threshold is then off by a standard error of sqrt(q (1 − q) / n), n the
    positions that count. (A quantile of 0.99 of 1,024 units keeps 32 values of each 3,200, so that n is 3 million and
    the error 0.00006.)
    """

    def __init__(self, quantile: float, units: int, images: int, positions: int, kept: int) -> None:
        above = max(1 - quantile, 1e-12)
        self.sampled = max(1, min(positions, int(kept / (units * above * images) + 1e-6)))
        """Positions of each image that count"""
        self._positions = positions
        self._keep = int(above * images * self.sampled + 1e-6) + 1
        self._parts: list[Tensor] = []
        """[units, …] each; the first may be what is left of all before"""

    def add(self, image: int, values: Tensor) -> None:
        """One image's values [units, positions]."""
        if self.sampled < self._positions:
            drawn = torch.randperm(self._positions, generator=torch.Generator().manual_seed(image))[: self.sampled]
            values = values[:, drawn.to(values.device)]
        best = values.topk(min(self._keep, values.shape[1]), dim=1, sorted=False).values
        self._parts.append(best)
        if sum(part.shape[1] for part in self._parts[1:]) >= max(self._keep, 1024):
            self._merge()

    def threshold(self) -> Tensor:
        """[units]: the least value such that at most a share of 1 − quantile of the values lie above it."""
        self._merge()
        return self._parts[0].amin(1)

    def _merge(self) -> None:
        values = torch.cat(self._parts, dim=1)
        self._parts = [values.topk(min(self._keep, values.shape[1]), dim=1, sorted=False).values]
