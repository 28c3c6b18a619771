"""Maps cut out of passes through the target model, as they are kept; and the pass that only makes lacking ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

import torch

from engine.device import precision
from engine.errors import MammiError, failing_as
from engine.run.films import UnchangedFilms
from engine.run.keys import map_key
from engine.run.stage import Run
from engine.store.unit_maps import MapRows
from engine.targets.films import FilmBatch, film_batches
from engine.targets.top_maps import CuttingTaps, KeptMaps


def map_rows(key: str, images: Sequence[str], kept: KeptMaps | None) -> MapRows:
    """What was cut out of a batch of images, whose keys these are."""
    if kept is None:
        return MapRows.of_no_maps(key)
    lows, highs, cells, units = (each.cpu().numpy() for each in (kept.lows, kept.highs, kept.cells, kept.units))
    chosen = tuple(images[place] for place in kept.images.tolist())
    return MapRows(key, chosen, units.astype("int32"), lows, highs, cells)


class LackingMaps:
    """Passes films through the target model once more, and cuts out the maps that no file holds."""

    def __init__(self, run: Run, lacking: Mapping[str, Mapping[int, Sequence[int]]]) -> None:
        """`lacking`: layer -> place of an image among the usable ones -> the units whose maps over it are lacking."""
        self._run = run
        self._lacking = lacking
        self._rows: tuple[int, ...] = ()
        """The places of the images that pass now"""

    def compute(self) -> None:
        """Keeps the maps of each batch as soon as it has passed. Raises MammiError when the model fails."""
        run, taps = self._run, self._run.config.taps
        usable = [
            (image, keys.film)
            for image, keys, use in zip(run.films.images, run.images, run.usable(), strict=True)
            if use
        ]
        rows = sorted(set().union(*self._lacking.values()))
        run.progress.stage("activation maps", len(rows))
        inputs, readings = run.inputs, run.inputs.readings
        probing = UnchangedFilms(run.films, inputs.probing)
        films = film_batches(inputs.target, probing, [image for image, _ in usable], rows, run.config.run.batch_size)
        layers = list(self._lacking)
        with (
            closing(films) as batches,
            CuttingTaps(inputs.target.module, layers, taps.pooling, taps.channels, readings, self._choose) as cutting,
        ):
            for batch in batches:
                self._rows = batch.rows
                self._forward(cutting, batch)
                keys = [usable[row][1] for row in batch.rows]
                pieces = [
                    map_rows(map_key(run.parts.layers[layer]), keys, kept) for layer, kept in cutting.maps().items()
                ]
                run.cache.work.put_maps(pieces)
                run.progress.advance(len(batch.rows))

    def _forward(self, cutting: CuttingTaps, batch: FilmBatch) -> None:
        settings, device = self._run.config.run, self._run.inputs.device
        what = f"target: the model failed on a batch of shape {list(batch.inputs.shape)}"
        try:
            with (
                torch.inference_mode(),
                precision(device, settings.mixed_precision),
                failing_as(what, torch.OutOfMemoryError),
            ):
                cutting.forward(batch.inputs.to(device))
        except torch.OutOfMemoryError:
            raise MammiError(
                f"{device} has too little memory for run.batch_size = {settings.batch_size}: lower it."
            ) from None

    def _choose(self, layer: str, activations: torch.Tensor) -> torch.Tensor:
        chosen = torch.zeros_like(activations, dtype=torch.bool)
        for place, row in enumerate(self._rows):
            chosen[place, list(self._lacking[layer].get(row, ()))] = True
        return chosen
