"""Two phantom classifiers for the proof of the audit: one that could learn to read chest tubes, and one that could not.

They see the same patients. In the films of the first, 95 % of those with a pneumothorax and 1 % of the others have a
chest tube; in those of the second, films with and without a pneumothorax have one equally often.

python -m tests.benchmarks.shortcut_classifiers FOLDER

writes biased.safetensors and balanced.safetensors there, for [target] of the kind "demo".
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from engine.probing.phantom.anatomy import DEVICES, Anatomy
from engine.probing.phantom.population import population
from engine.training.data import Films, render_films
from engine.training.train import Recipe, train_classifier
from engine.weights.embedded.files import save_weights

TUBE, FINDING = "chest tube", "Pneumothorax"
SEED = 40
"""Of the training population"""
FILMS, EPOCHS = 3000, 3


@dataclass(frozen=True, slots=True)
class Shares:
    """How often films have a chest tube."""

    with_finding: float
    without: float


def biased() -> Shares:
    return Shares(0.95, 0.01)


def balanced(anatomies: Sequence[Anatomy]) -> Shares:
    """The same share for both, so that about as many films have a tube as where they are biased."""
    found = float(np.mean([has(anatomy, FINDING) for anatomy in anatomies]))
    share = biased().with_finding * found + biased().without * (1 - found)
    return Shares(share, share)


def has(anatomy: Anatomy, name: str) -> bool:
    return any(finding.name == name for finding in anatomy.findings)


def with_tubes(anatomies: Sequence[Anatomy], shares: Shares) -> list[Anatomy]:
    """The same films, with chest tubes drawn anew."""
    rng = np.random.default_rng(SEED)
    drawn = rng.random(len(anatomies))
    made = []
    for anatomy, number in zip(anatomies, drawn.tolist(), strict=True):
        wanted = number < (shares.with_finding if has(anatomy, FINDING) else shares.without)
        devices = tuple(name for name in DEVICES if (wanted if name == TUBE else name in anatomy.devices))
        made.append(replace(anatomy, devices=devices))
    return made


def train(folder: Path, workers: int, log: Callable[[str], None], films: int = FILMS, epochs: int = EPOCHS) -> None:
    """Trains both, and writes their weights. Films that are equal in both sets are rendered once."""
    people = population(SEED, films, enriched=True)
    first = with_tubes(people, biased())
    second = with_tubes(people, balanced(people))
    shown = render_films(first, workers)
    other = [place for place in range(films) if first[place] != second[place]]
    pixels = shown.pixels.clone()
    if other:
        pixels[other] = render_films([second[place] for place in other], workers).pixels
    sets = {"biased": shown, "balanced": Films(second, pixels, shown.labels)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, each in sets.items():
        log(f"{name}: {_share(each.anatomies)}")
        torch.manual_seed(SEED)
        model = train_classifier(each, Recipe(seed=SEED, films=films, classifier_epochs=epochs), log)
        save_weights(model, folder / f"{name}.safetensors", {"films": str(films)})


def _share(anatomies: Sequence[Anatomy]) -> str:
    tubes = {
        found: [TUBE in anatomy.devices for anatomy in anatomies if has(anatomy, FINDING) == found]
        for found in (True, False)
    }
    return (
        f"a chest tube on {np.mean(tubes[True]):.0%} of {len(tubes[True])} films with a pneumothorax, "
        f"on {np.mean(tubes[False]):.0%} of the {len(tubes[False])} others"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    workers = os.cpu_count() or 1
    torch.set_num_threads(workers)
    train(parser.parse_args().folder, workers, print)


if __name__ == "__main__":
    main()
