"""Which activation maps are worth keeping while the films pass: those over the films that activate a unit most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.targets.maps import LastAverage, as_maps, linear_of, maps_of_vectors
from engine.targets.outputs import Reading
from engine.targets.taps import Channels, Pooling, Taps


@dataclass(frozen=True, slots=True, eq=False)
class KeptMaps:
    """Maps in 8 bits, taken out of a batch of whole ones, on the model's device."""

    images: Tensor
    """The place of each map's image in the batch, int64 [m]"""
    units: Tensor
    """int64 [m]"""
    lows: Tensor
    """The lowest value of each map, float32 [m]"""
    highs: Tensor
    """The highest, float32 [m]"""
    cells: Tensor
    """uint8 [m, h, w], 0 for the lowest value of a map and 255 for the highest"""


class TopFilms:
    """The k highest activations of each unit so far: they decide which films' maps are kept.

    A later film must exceed the lowest of them, as films of equal activation rank by their place.
    """

    def __init__(self, k: int) -> None:
        self._k = k
        self._highest: dict[str, Tensor] = {}
        """Layer -> [at most k, units], descending"""
        self._next: dict[str, Tensor] = {}

    def entering(self, layer: str, activations: Tensor) -> Tensor:
        """Which units of these films are among the k highest, [n, units], from the layer's activations [n, units].

        Nothing is remembered before `remember`: a layer may give several outputs in one pass, of which the last counts.
        """
        finite = activations.isfinite().all(dim=1, keepdim=True)
        values = activations.masked_fill(~finite, -torch.inf)
        held = self._highest.get(layer)
        if held is None or len(held) < self._k:
            every = values if held is None else torch.cat([held, values])
            lowest = self._next[layer] = every.topk(min(self._k, len(every)), dim=0).values
            return finite & (values >= lowest[-1])
        over = values > held[-1]
        units = over.any(dim=0).nonzero()[:, 0]
        self._next[layer] = held
        if len(units):
            some = torch.cat([held[:, units], values[:, units]]).topk(self._k, dim=0).values
            self._next[layer] = held.index_copy(1, units, some)
            over &= values >= self._next[layer][-1]
        return over

    def remember(self) -> None:
        """Takes the films of the last `entering` as seen."""
        self._highest |= self._next


def kept_maps(maps: Tensor, chosen: Tensor) -> KeptMaps:
    """Those maps [n, units, h, w] that are chosen [n, units], image by image. A value that is not finite becomes the
    lowest of its map, or 0 where it has none that is."""
    images, units = chosen.nonzero(as_tuple=True)
    some = maps[images, units].float()
    finite = some.isfinite()
    low = some.masked_fill(~finite, torch.inf).amin((1, 2), keepdim=True)
    low = torch.where(low.isfinite(), low, 0)
    some = torch.where(finite, some, low)
    high = some.amax((1, 2), keepdim=True)
    span = torch.where(high > low, high - low, 1)
    cells = ((some - low) / span * 255).round().to(torch.uint8)
    return KeptMaps(images, units, low[:, 0, 0], high[:, 0, 0], cells)


class CuttingTaps(Taps):
    """Taps that also cut maps out of the layers' outputs.

        with CuttingTaps(module, layers, "mean", channels, readings, choose) as taps:
            taps.forward(batch)
            activations, maps = taps.pooled(), taps.maps()

    `choose` gets a layer and its activations [n, units] and says which maps to keep, [n, units]. They are cut out
    inside the hook; whole maps are not kept.
    """

    def __init__(
        self,
        module: nn.Module,
        layers: Sequence[str],
        pooling: Pooling,
        channels: Channels,
        readings: Mapping[str, Reading],
        choose: Callable[[str, Tensor], Tensor],
    ) -> None:
        super().__init__(module, layers, pooling, channels, readings)
        self._linear = linear_of(module)
        self._choose = choose
        self._kept: dict[str, KeptMaps | None] = {}

    def forward(self, inputs: Tensor) -> None:
        self._kept.clear()
        with LastAverage() as average:
            super().forward(inputs)
        pooled = average.maps(self._channels)
        for layer, kept in self._kept.items():
            if kept is None and pooled is not None:
                self._kept[layer] = self._of_vectors(layer, pooled)

    def maps(self) -> dict[str, KeptMaps | None]:
        """The chosen maps of the last pass, layer by layer; None for a layer without maps."""
        return dict(self._kept)

    def keep(self, layer: str, output: Any) -> None:
        super().keep(layer, output)
        whole = as_maps(self.tensor(layer, output).detach(), self._channels)
        self._kept[layer] = None if whole is None else kept_maps(whole, self._choose(layer, self._pooled[layer]))

    def _of_vectors(self, layer: str, pooled: Tensor) -> KeptMaps | None:
        vectors = self._pooled[layer]
        with torch.autocast(vectors.device.type, enabled=False):
            whole = maps_of_vectors(vectors, pooled, self._linear)
        return None if whole is None else kept_maps(whole, self._choose(layer, vectors))

    def _remove(self) -> None:
        super()._remove()
        self._kept.clear()
