"""What the faster ways through the target model change: activations, representative images and concept scores.

python -m tests.benchmarks.precision [CONFIG; sample_configs/phantom.toml by default] [--films N] [--ways …]

Each way is a run of its own, compared with the plain one at the run's own cuts. Every representative image that only
one of the two has is listed. A bound of 1e-3 holds for the scores of neurons whose images are the same.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.annotation.cuts import Cuts
from engine.config.settings import load_config
from engine.errors import MammiError
from engine.progress import Silent
from engine.requery import NeuronAnswer, Requery
from engine.run.pipeline import run
from engine.store.reader import RunReader

WAYS = {
    "channels_last": 'run.memory_format="channels_last"',
    "compile": "run.compile=true",
    "mixed_precision": "run.mixed_precision=true",
}
BOUND = 1e-3


@dataclass
class Effect:
    """What a way changed."""

    neurons: int = 0
    activations: float = 0.0
    """The greatest change of an activation, as a share of its unit's range"""
    same: float = 0.0
    """The greatest change of a score where the images are the same"""
    other: float = 0.0
    """The greatest change of a score where they are not"""
    changed: list[str] = field(default_factory=list)
    words: int = 0
    """The neurons whose best concept is another"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", nargs="?", type=Path, default=Path("sample_configs/phantom.toml"))
    parser.add_argument("--films", type=int, default=120)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    given = parser.parse_args()
    missed = 0
    with tempfile.TemporaryDirectory() as scratch:
        overrides = [f"probing.count={given.films}"] if given.config.name == "phantom.toml" else []
        plain = computed(given.config, Path(scratch, "plain.duckdb"), overrides)
        for name in given.ways:
            override = WAYS[name]
            try:
                other = computed(given.config, Path(scratch, f"{name}.duckdb"), [*overrides, override])
            except MammiError as error:
                print(f"{name}: not measured: {error}")
                continue
            effect = compared(plain, other)
            missed += effect.same > BOUND
            told(name, effect)
    return int(missed > 0)


def computed(config: Path, out: Path, overrides: list[str]) -> Path:
    run(load_config(config, [*overrides, f"run.out={out}"]), Silent())
    return out


def compared(plain: Path, other: Path) -> Effect:
    effect = Effect()
    with RunReader(plain) as first, RunReader(other) as second:
        one, two = Requery(first), Requery(second)
        every = Cuts(alpha=0.0, beta=first.info.beta)
        own = Cuts(alpha=first.info.alpha, beta=first.info.beta)
        for layer in first.layers:
            for unit in range(layer.units):
                at = (layer.name, unit)
                effect.neurons += 1
                effect.activations = max(effect.activations, moved(one.neuron(*at, every), two.neuron(*at, every)))
                add(effect, f"{layer.name}:{unit}", one.neuron(*at, own), two.neuron(*at, own), first)
    return effect


def moved(one: NeuronAnswer, two: NeuronAnswer) -> float:
    """The greatest change of an activation above the lowest, as a share of the unit's range."""
    common, here, there = np.intersect1d(one.images, two.images, return_indices=True)
    if not len(common):
        return 0.0
    span = float(one.activations.max() - one.activations.min()) or 1.0
    return float(np.abs(one.activations[here] - two.activations[there]).max() / span)


def add(effect: Effect, neuron: str, one: NeuronAnswer, two: NeuronAnswer, reader: RunReader) -> None:
    lost, won = set(one.images.tolist()) - set(two.images.tolist()), set(two.images.tolist()) - set(one.images.tolist())
    apart = 0.0
    if len(one.scores) and len(two.scores):
        apart = float(np.abs(one.scores - two.scores).max())
        effect.words += int(one.ranking[0] != two.ranking[0])
    if not (lost or won):
        effect.same = max(effect.same, apart)
        return
    effect.other = max(effect.other, apart)
    for sign, images in (("−", lost), ("+", won)):
        effect.changed += [
            f"{neuron} {sign} {reader.images([image])[0].path} (scores move by {apart:.4f})" for image in images
        ]


def told(name: str, effect: Effect) -> None:
    print(
        f"{name}: {effect.neurons} neurons; activations move by at most {effect.activations:.1e} of a unit's range; "
        f"scores by {effect.same:.1e} of {BOUND:g} where the images are the same, by {effect.other:.1e} where not; "
        f"{effect.words} best concepts are others; {len(effect.changed)} representative images are others"
        f"{':' if effect.changed else ''}"
    )
    for line in effect.changed:
        print(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
