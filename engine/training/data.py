"""Populations of phantom films as arrays, for training and evaluation."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.probing.findings import FINDINGS
from engine.probing.phantom.anatomy import Anatomy
from engine.probing.phantom.film import render
from engine.probing.phantom.population import population
from engine.weights.embedded.inputs import shrink


@dataclass(frozen=True, slots=True)
class Films:
    """Rendered films of one population."""

    anatomies: list[Anatomy]
    pixels: Tensor
    """uint8 [n, 1, 128, 128]"""
    labels: Tensor
    """float32 [n, 14]: 1 where the film shows the finding, else 0"""


def make_films(seed: int, count: int, *, enriched: bool, workers: int) -> Films:
    """The first `count` films of a population, rendered by `workers` processes."""
    return render_films(population(seed, count, enriched=enriched), workers)


def render_films(anatomies: list[Anatomy], workers: int) -> Films:
    """These films, rendered by `workers` processes."""
    parts = [anatomies[start : start + 250] for start in range(0, len(anatomies), 250)]
    if workers > 1:
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            rendered = list(pool.map(_render, parts))
    else:
        rendered = [_render(part) for part in parts]
    labels = [[float(name in present) for name in FINDINGS] for present in map(_names, anatomies)]
    return Films(anatomies, torch.from_numpy(np.concatenate(rendered)), torch.tensor(labels))


def _names(anatomy: Anatomy) -> set[str]:
    return {finding.name for finding in anatomy.findings}


def _render(anatomies: Sequence[Anatomy]) -> NDArray[np.uint8]:
    torch.set_num_threads(1)
    films = torch.stack([shrink(render(anatomy)) for anatomy in anatomies])
    return films.round().to(torch.uint8).numpy()
