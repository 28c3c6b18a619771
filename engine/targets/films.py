"""Reads chosen films of a run as inputs of the target model. A few threads read ahead."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.device import check_input
from engine.errors import failing_as
from engine.probing.base import Image, ProbingSet
from engine.probing.decoding import READERS, decode
from engine.targets.base import TargetModel


@dataclass(frozen=True, slots=True, eq=False)
class FilmBatch:
    """Some of a run's usable images."""

    rows: tuple[int, ...]
    """Their places among the usable images"""
    inputs: Tensor
    """[n, c, h, w], on the CPU"""
    sizes: tuple[tuple[int, int], ...]
    """Height and width of each decoded film; boxes and polygons are in its pixels"""


def film_batches(
    target: TargetModel, probing: ProbingSet, images: Sequence[Image], rows: Sequence[int], size: int
) -> Generator[FilmBatch, None, None]:
    """These rows of the usable images in batches of `size`; the next batch is read while one is in use.

    Raises UnreadableImage for a film that can no longer be read, and MammiError when its preprocessing fails.
    """

    def prepare(row: int) -> tuple[Tensor, tuple[int, int]]:
        image = images[row]
        film = decode(probing.read(image))
        with failing_as(f"target: preprocessing {image.path} failed"):
            made = check_input(target.preprocess(film), f"target: preprocessing {image.path}")
        return made, (film.shape[0], film.shape[1])

    parts = [tuple(rows[start : start + size]) for start in range(0, len(rows), size)]
    with ThreadPoolExecutor(READERS) as threads:
        coming = [threads.submit(prepare, row) for row in parts[0]] if parts else []
        for number, part in enumerate(parts):
            films = [future.result() for future in coming]
            following = parts[number + 1] if number + 1 < len(parts) else ()
            coming = [threads.submit(prepare, row) for row in following]
            try:
                with failing_as("target: the inputs of a batch cannot be stacked"):
                    inputs = torch.stack([film for film, _ in films])
                yield FilmBatch(part, inputs, tuple(shape for _, shape in films))
            except BaseException:
                for future in coming:
                    future.cancel()
                raise
