"""Trains the study's classifiers on phantom films, each from a seed of its own."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional

from engine.decisions.discrimination import auroc
from engine.errors import ConfigError
from engine.probing.findings import FINDINGS
from engine.probing.phantom.population import HELD_OUT_SEEDS, TRAINING_SEEDS
from engine.training.data import Films, make_films
from engine.training.evaluate import classifier_scores
from engine.training.train import fit
from engine.weights.embedded.files import save_weights
from tests.benchmarks.words.classifiers import ARCHITECTURES, weights_path

TRAINING_SEED, HELD_OUT_SEED = TRAINING_SEEDS[1], HELD_OUT_SEEDS[2]
"""The demo's own models saw TRAINING_SEEDS[0]"""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How one classifier is trained."""

    seed: int
    epochs: int
    rate: float


SCHEDULES: Mapping[str, Schedule] = {
    "densenet": Schedule(11, 4, 3e-3),
    "resnet": Schedule(12, 5, 3e-3),
    "vit": Schedule(13, 9, 1e-3),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How many films train and test the classifiers, and what share of each one's epochs is trained."""

    films: int = 5_000
    held_out: int = 1_000
    epochs: float = 1.0


def train_missing(
    folder: Path, names: Sequence[str], recipe: Recipe, workers: int, log: Callable[[str], None] = print
) -> None:
    """Trains the classifiers that the folder lacks, all on one rendering of the training films, each on one core.

    Raises ConfigError for one that was trained on another number of films, such as those of --quick.
    """
    missing = [name for name in names if not weights_path(folder, name).exists()]
    for path in (weights_path(folder, name) for name in names if name not in missing):
        if (films := _films_of(path)) != recipe.films:
            raise ConfigError(f"{path}: was trained on {films:,} films, not {recipe.films:,}. Name another --out.")
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    started, rendered = time.perf_counter(), folder / "films.npz"
    if not rendered.exists():
        _render(recipe, rendered, workers)
        log(f"{recipe.films} + {recipe.held_out} films rendered in {time.perf_counter() - started:.0f} s")
    make = partial(_train, recipe=recipe, rendered=rendered, folder=folder)
    if workers == 1:
        made = list(map(make, missing))
    else:
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            made = list(pool.map(make, missing))
    for line in made:
        log(line)
    rendered.unlink()


def _films_of(path: Path) -> int:
    with safe_open(path, "numpy") as weights:
        return int(json.loads(weights.metadata()["recipe"])["films"])


def _render(recipe: Recipe, path: Path, workers: int) -> None:
    films = make_films(TRAINING_SEED, recipe.films, enriched=True, workers=workers)
    held_out = make_films(HELD_OUT_SEED, recipe.held_out, enriched=True, workers=workers)
    arrays = {"films": films.pixels, "labels": films.labels, "held_out": held_out.pixels, "truth": held_out.labels}
    partly = path.with_name("partly.npz")
    np.savez(partly, **{name: values.numpy() for name, values in arrays.items()})
    partly.replace(path)


def _train(name: str, recipe: Recipe, rendered: Path, folder: Path) -> str:
    """Trains one classifier and writes its weights. Returns what to tell of it."""
    torch.set_num_threads(1)
    with np.load(rendered) as arrays:
        given = {key: torch.from_numpy(arrays[key]) for key in arrays.files}
    films, held_out = Films([], given["films"], given["labels"]), Films([], given["held_out"], given["truth"])
    how, started, lines = SCHEDULES[name], time.perf_counter(), list[str]()
    torch.manual_seed(how.seed)
    model = ARCHITECTURES[name].build()

    def loss(inputs: Tensor, chosen: Tensor) -> Tensor:
        return functional.binary_cross_entropy_with_logits(model(inputs).float(), films.labels[chosen])

    fit(model, films, loss, max(round(how.epochs * recipe.epochs), 1), 64, how.rate, lines.append)
    scores, truth = classifier_scores(model, held_out), held_out.labels.numpy() > 0
    areas = [auroc(scores[:, place], truth[:, place]) for place in range(len(FINDINGS)) if truth[:, place].any()]
    facts = {
        "recipe": json.dumps({"films": recipe.films, "share": recipe.epochs, "architecture": name} | asdict(how)),
        "seconds": f"{time.perf_counter() - started:.0f}",
        "auroc": f"{sum(areas) / len(areas):.4f}",
    }
    save_weights(model, weights_path(folder, name), facts)
    return "\n".join([f"{name}: mean AUROC {facts['auroc']} on held-out films, {facts['seconds']} s", *lines])
