"""The quantile of each unit's activations over all images and positions, in bounded memory."""

from __future__ import annotations

from math import floor

import torch
from torch import Tensor

_ROUNDING = 1e-5
"""Values that differ by less, as a share of them, may be equal values that were rounded"""
_EQUAL = 8
"""A quantile lies among equal values if that many values below it are equal but for rounding"""


class TopValues:
    """The quantile of each unit's values over many images, in bounded memory.

    With n values v_0 ≤ v_1 ≤ …, v_i is the quantile (i + 0.5) / n, and between two of these the quantile is linear
    (numpy.quantile's "hazen"). So do the sketches of the published codes (vecquantile.py, runningstats.py) as long as
    they hold all values; of more than some 20,000 they hold a random part.

    It keeps all of the greatest values that can lie above the quantile, so the quantile is exact. If these would be
    more than `kept` for all units together, only some positions of each image count. They are drawn at random with the
    image as seed, and are the same for all units. The share of values above the threshold then has a standard error of
    sqrt(q (1 − q) / n), where n is the number of positions that count. (With a quantile of 0.99 and 1,024 units, 32
    values of each 3,200 are kept, so n is 3 million and the error 0.00006.)

    Many values may be equal but for rounding: a film's black border gives such. If the quantile lies among them, the
    threshold is slightly above it, so that none of them exceeds it by chance.
    """

    def __init__(self, quantile: float, units: int, images: int, positions: int, kept: int) -> None:
        above = max(1 - quantile, 1e-12)
        self.sampled = max(1, min(positions, int(kept / (units * above * images) + 1e-6)))
        """Positions of each image that count"""
        self._positions = positions
        count = images * self.sampled
        place = min(max(quantile * count - 0.5, 0), count - 1)
        self.too_few = place == count - 1
        """Whether the values are too few for the quantile: it is then the greatest of them"""
        self._part = place - floor(place)
        self._below = min(floor(place), _EQUAL)
        self._keep = count - floor(place) + self._below
        self._parts: list[Tensor] = []
        """[units, …] each; the first may hold what is left of earlier parts"""

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
        """[units], for `value > threshold`."""
        self._merge()
        ascending = self._parts[0].topk(min(self._below + 2, self._keep), dim=1, largest=False).values.double()
        low, high = ascending[:, self._below], ascending[:, -1]
        between = low + self._part * (high - low)
        margin = _ROUNDING * low.abs()
        equal = low - ascending[:, 0] <= margin
        return torch.where(equal, torch.maximum(between, low + margin), between).float()

    def _merge(self) -> None:
        values = torch.cat(self._parts, dim=1)
        self._parts = [values.topk(min(self._keep, values.shape[1]), dim=1, sorted=False).values]
