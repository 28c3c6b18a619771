"""Whether a unit that answers to two things gets both words, and a unit that answers to one thing gets one.

python -m tests.benchmarks.several_words RUN.duckdb [RUN.duckdb ...]

Of the runs, which must hold a recorded truth such as phantoms do, the units count whose activation follows a truth
(engine.evaluation.truth) and whose word, over their 60 strongest images by z, names it. Several runs are added up.

pairs        max(a_i, a_j) of standardised activations of two units of a layer that follow different truths
one truth    max(a_i, a_j) of two units that follow the same truth
single       units that follow one truth, and no other with an AUROC of 0.7 or more
units        all units that count
made         1.5 on the images of a truth, else 0, and normal noise: the truth alone
random       random image sets

A pair is right if one group's word names the one truth and another's the other. The others are right if they are not
cut. Intervals are Wilson's at 95 %; they treat pairs as independent, which pairs that share a unit are not quite.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.annotation.selection import threshold_between
from engine.evaluation.truth import CLEAR, Truth, aurocs, truths
from engine.evidence.contest import Contest
from engine.evidence.groups import FEWEST, FLOOR, Parts, filled
from engine.evidence.population import Population
from engine.names import compared
from engine.requery import Requery
from engine.store.reader import RunReader

OTHERS_BELOW = 0.7
MOST_PAIRS = 300
MADE_EACH, MADE = 20, 1.5
RANDOM = 300
Activations = NDArray[np.float32]


class Words:
    """The groups of any activations over one run's images, named by z."""

    def __init__(self, reader: RunReader) -> None:
        requery = Requery(reader)
        self._population = Population.of(requery.vectors())
        self._contest = Contest.of(requery.competing(None, "z"), self._population)
        self.images = len(self._population)
        self._concepts = [compared(concept) for concept in reader.concepts]

    def parts(self, activations: NDArray[np.floating]) -> Parts:
        return self._contest.groups.parts(self.strongest(activations), self._contest.best)

    def of(self, parts: Parts) -> list[str]:
        return [self._concepts[concept] for concept in parts.best.tolist()]

    def single(self, activations: NDArray[np.floating]) -> str:
        """The word of all the strongest images together."""
        return self.of_known(self.strongest(activations))

    def of_known(self, images: NDArray[np.int32]) -> str:
        """The word of a known group of images."""
        mean = self._population.unit_rows(images).mean(axis=0, keepdims=True)
        return self._concepts[int(self._contest.best(mean)[0])]

    def strongest(self, activations: NDArray[np.floating]) -> NDArray[np.int32]:
        order = np.argsort(-activations, kind="stable")[: max(filled(self.images), FEWEST)]
        low, high = activations.min(), activations.max()
        strongest: NDArray[np.int32] = order[activations[order] > threshold_between(low, high, FLOOR)].astype(np.int32)
        return strongest


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """The units of a layer that count: standardised activations, truths, and whether each follows but one."""

    activations: Activations
    follows: Sequence[Truth]
    alone: Sequence[bool]

    def pairs(self, same: bool, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
        found = [
            (one, other)
            for one, other in combinations(range(len(self.follows)), 2)
            if (self.follows[one] is self.follows[other]) is same
            and (same or self.follows[one].words.isdisjoint(self.follows[other].words))
        ]
        yield from (found[place] for place in rng.permutation(len(found))[:MOST_PAIRS].tolist())


def layer_of(activations: Activations, recorded: Sequence[Truth], words: Words) -> Layer:
    spread = activations.std(axis=1, keepdims=True)
    live = activations[spread[:, 0] > 0]
    standard = (live - live.mean(axis=1, keepdims=True)) / live.std(axis=1, keepdims=True)
    areas = aurocs(live, np.stack([truth.images for truth in recorded]))
    follows = [recorded[truth] for truth in areas.argmax(axis=1).tolist()]
    counts = [
        unit
        for unit in range(len(live))
        if areas[unit].max() >= CLEAR and words.single(standard[unit]) in follows[unit].words
    ]
    alone = [bool(np.count_nonzero(areas[unit] >= OTHERS_BELOW) == 1) for unit in counts]
    return Layer(standard[counts], [follows[unit] for unit in counts], alone)


def of_pair(words: Words, pair: Activations, follows: Sequence[Truth]) -> tuple[bool, bool, bool]:
    """Whether both truths are named, by different groups; whether there are groups; whether both would be named if it
    were known which image is whose."""
    strength = pair.max(axis=0)
    parts = words.parts(strength)
    said = [{truth for truth in (0, 1) if word in follows[truth].words} for word in words.of(parts)]
    images = words.strongest(strength)
    first = pair[0, images] >= pair[1, images]
    known = first.any() and not first.all()
    named = known and all(
        words.of_known(images[mine]) in truth.words for mine, truth in zip((first, ~first), follows, strict=True)
    )
    return {0, 1} <= set().union(*said), len(parts) > 1, bool(named)


Tally = dict[str, list[bool]]


def tally(path: Path, found: Tally) -> None:
    """Adds one run's outcomes."""
    with RunReader(path) as reader:
        words = Words(reader)
        recorded = truths(reader.label_table(), reader.parameter_table(), reader.views())
        if not recorded:
            raise SystemExit(f"{path}: records no truth; use a run over phantoms")
        for info in reader.layers:
            rng = np.random.default_rng(3)
            layer = layer_of(reader.arrays.activations(info), recorded, words)
            add = _adder(found, info.name)
            for pair in layer.pairs(same=False, rng=rng):
                follows = [layer.follows[unit] for unit in pair]
                named, cut, known = of_pair(words, layer.activations[list(pair)], follows)
                add("pairs: both words found", named)
                add("pairs: cut", cut)
                add("pairs: both found if it were known whose each image is", known)
            for pair in layer.pairs(same=True, rng=rng):
                add("one truth: not cut", len(words.parts(layer.activations[list(pair)].max(axis=0))) == 1)
            for activations, alone in zip(layer.activations, layer.alone, strict=True):
                whole = len(words.parts(activations)) == 1
                add("units: not cut", whole)
                if alone:
                    add("single: not cut", whole)
        _without_units(found, words, recorded)


def _without_units(found: Tally, words: Words, recorded: Sequence[Truth]) -> None:
    rng, add = np.random.default_rng(4), _adder(found, "")
    for truth in recorded:
        for _ in range(MADE_EACH):
            made = MADE * truth.images + rng.normal(size=words.images)
            if words.single(made) in truth.words:
                add("made: not cut", len(words.parts(made)) == 1)
    for _ in range(RANDOM):
        add("random: not cut", len(words.parts(rng.random(words.images))) == 1)


def _adder(found: Tally, layer: str) -> Callable[[str, bool], None]:
    def add(what: str, right: bool) -> None:
        found.setdefault(f"{layer:24}{what}", []).append(right)

    return add


def wilson(right: int, count: int) -> tuple[float, float]:
    """Wilson's (1927) interval of a binomial share at 95 %."""
    z = 1.96
    middle, half = right + z * z / 2, z * math.sqrt(right * (count - right) / count + z * z / 4)
    return (middle - half) / (count + z * z), (middle + half) / (count + z * z)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN.duckdb")
    found: Tally = {}
    for path in parser.parse_args().runs:
        tally(path, found)
    for what, outcomes in found.items():
        low, high = wilson(sum(outcomes), len(outcomes))
        print(f"{what:84}{np.mean(outcomes):6.2f}  {low:.2f} … {high:.2f}  of {len(outcomes)}")


if __name__ == "__main__":
    main()
