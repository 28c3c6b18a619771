"""How often the candidates of a neuron hold its best concept: nominally in 90 % of the neurons.

python -m tests.benchmarks.set_coverage RUN.duckdb RUN.duckdb … [--noise] [--units 40]

The runs are of the same models over different probing sets; files of the same target model are compared with each
other. Candidates come from one run. They are held against the best concept of each other run ("fresh": a sample of the
same size), and of all other runs together ("population": the same share of the images, or those above the same τ). Only
concepts that all runs have compete.

With --noise the activations are random numbers. By z no concept is then better than another: each of them is a best one
of the population, and the share of the concepts that are candidates is given for it.

Neurons of a run are no independent trials, so the interval of all (Clopper, Pearson 1934) is too narrow. The least of
the runs is given as well, with the interval of that run.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta as beta_distribution

from engine.annotation import standing
from engine.annotation.competing import Competing
from engine.annotation.cuts import RANKINGS, Cuts, Ranking, Selection
from engine.annotation.image_sets import ImageSets
from engine.annotation.selection import above, threshold_between
from engine.chosen_images import Vectors
from engine.evidence.candidates import CONFIDENCE
from engine.evidence.clusters import Grouping
from engine.evidence.contest import Contest
from engine.evidence.metadata import Metadata
from engine.evidence.population import Population
from engine.evidence.resampling import resample
from engine.requery import Requery
from engine.store.reader import RunReader

SELECTIONS = (("tau", 0.93), ("tau", 0.8), ("top-40", 0.93), ("adaptive", 0.93))
"""Selections, each with its α"""
LEAST = 5
"""Images of the other runs above a run's τ for a population's best concept"""


@dataclass(frozen=True, eq=False)
class Sample:
    """One run: what its neurons' candidates are computed from."""

    name: str
    target: str
    concepts: tuple[str, ...]
    vectors: Vectors
    metadata: Metadata
    activations: NDArray[np.float32]
    """Of all layers' units, [units, p]"""

    @classmethod
    def of(cls, path: Path) -> Sample:
        with RunReader(path) as reader:
            activations = np.concatenate([reader.arrays.activations(layer) for layer in reader.layers])
            return cls(
                *(path.stem, reader.info.target, reader.concepts, Requery(reader).vectors()),
                *(Metadata.of(reader), activations),
            )

    def of_units(self, units: NDArray[np.int64]) -> Sample:
        return replace(self, activations=self.activations[units])

    def of_noise(self, seed: int) -> Sample:
        noise = np.random.default_rng(seed).standard_normal(self.activations.shape, dtype=np.float32)
        return replace(self, activations=noise)


@dataclass(frozen=True, eq=False)
class Contestants:
    """Some samples with the concepts that all of them have, ranked in one way."""

    population: Population
    competing: Competing

    @classmethod
    def of(cls, samples: Sequence[Sample], names: Sequence[str], ranking: Ranking) -> Contestants:
        """Several samples as if they were one."""
        places = {name: place for place, name in enumerate(samples[0].concepts)}
        members = np.array([places[name] for name in names])
        vectors = replace(
            samples[0].vectors,
            embeddings=np.concatenate([each.vectors.embeddings for each in samples]),
            inverse_lengths=np.concatenate([each.vectors.inverse_lengths for each in samples]),
        )
        population, competing = Population.of(vectors), Competing.of(vectors.directions, members)
        if ranking == "z":
            spread = population.mean, population.covariance
            competing = competing.ranked_by_z(standing.moments(*spread, vectors.directions, len(population)))
        return cls(population, competing)

    def best(self, orders: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """The best direction over the first `counts` [units] of the images in `orders` [units, p]; [units]."""
        means = [self.population.unit_rows(row[:count]).mean(axis=0) for row, count in zip(orders, counts, strict=True)]
        found: NDArray[np.int64] = self.competing.scores(np.array(means, dtype=np.float64)).argmax(axis=1)
        return found


@dataclass(frozen=True, eq=False)
class Coverage:
    """Of one run at some cuts."""

    fresh: NDArray[np.bool_]
    """Whether the best concepts of other runs are candidates, [others, units]"""
    population: NDArray[np.bool_]
    """The same for all other runs together, [units that have a best concept there]"""
    shares: NDArray[np.float64]
    """The share of the concepts that are candidates, [units]"""
    sizes: NDArray[np.int64]
    """Numbers of candidates, [units]"""


def interval(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share (Clopper, Pearson 1934)."""
    low = beta_distribution.ppf(0.025, hits, trials - hits + 1) if hits else 0.0
    high = beta_distribution.ppf(0.975, hits + 1, trials - hits) if hits < trials else 1.0
    return float(low), float(high)


def taken(activations: NDArray[np.float32], cuts: Cuts) -> NDArray[np.int64]:
    """How many images each unit is annotated from, [units], at least one."""
    tau = _thresholds(activations, cuts)
    return np.maximum(cuts.selection.taken(above(activations, tau[:, None]).sum(axis=1), activations.shape[1]), 1)


def coverages(samples: Sequence[Sample], cuts: Cuts) -> Iterator[Coverage]:
    """Of each sample, against the others. They have the same units."""
    names = sorted(set.intersection(*(set(each.concepts) for each in samples)))
    orders = [np.argsort(-each.activations, axis=1, kind="stable") for each in samples]
    counts = [taken(each.activations, cuts) for each in samples]
    alone = [Contestants.of([each], names, cuts.ranking) for each in samples]
    bests = [each.best(*of) for each, *of in zip(alone, orders, counts, strict=True)]
    for place, sample in enumerate(samples):
        kept, sizes = _candidates(sample, alone[place], orders[place], counts[place])
        others = [other for other in range(len(samples)) if other != place]
        fresh = np.array([_hits(kept, bests[other]) for other in others])
        rest = [samples[other] for other in others]
        pooled = np.concatenate([each.activations for each in rest], axis=1)
        counted = np.round(counts[place] * pooled.shape[1] / sample.activations.shape[1]).astype(np.int64)
        if cuts.selection.rule == "tau":
            counted = above(pooled, _thresholds(sample.activations, cuts)[:, None]).sum(axis=1)
        known = counted >= LEAST
        order = np.argsort(-pooled[known], axis=1, kind="stable")
        best = Contestants.of(rest, names, cuts.ranking).best(order, counted[known])
        yield Coverage(fresh, _hits([kept[unit] for unit in np.flatnonzero(known)], best), sizes / len(names), sizes)


def _thresholds(activations: NDArray[np.float32], cuts: Cuts) -> NDArray[np.float64]:
    widened = activations.astype(np.float64)
    return threshold_between(widened.min(axis=1), widened.max(axis=1), cuts.alpha)


def _candidates(
    sample: Sample, contestants: Contestants, orders: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[list[set[int]], NDArray[np.int64]]:
    """The candidates of each unit, by index of the common concepts, and their number."""
    images = np.concatenate([row[:count] for row, count in zip(orders, counts, strict=True)]).astype(np.int32)
    sets = ImageSets(images, np.concatenate([[0], np.cumsum(counts)]))
    population, competing = contestants.population, contestants.competing
    means = np.array([population.unit_rows(sets.of(unit)).mean(axis=0) for unit in range(len(sets))], dtype=np.float64)
    scores = competing.scores(means)
    found = resample(sets, Grouping(population, sample.metadata), scores, Contest.of(competing, population))
    places = {int(concept): place for place, concept in enumerate(competing.first)}
    kept = [
        set(range(len(places))) if size == len(places) else {places[each.concept] for each in listed}
        for size, listed in zip(found.candidates.tolist(), found.candidate_concepts, strict=True)
    ]
    return kept, found.candidates


def _hits(kept: Sequence[set[int]], best: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.array([concept in each for each, concept in zip(kept, best.tolist(), strict=True)], dtype=np.bool_)


def table(samples: Sequence[Sample], noise: bool = False) -> Iterator[str]:
    """A line for each ranking and selection, over all units of all samples."""
    for ranking in RANKINGS:
        for rule, alpha in SELECTIONS:
            cuts = Cuts(alpha, 0.95, ranking=ranking, selection=Selection.parse(rule))
            found = list(coverages(samples, cuts))
            sizes = np.concatenate([each.sizes for each in found])
            tied = noise and ranking == "z"
            population = [each.shares if tied else each.population for each in found]
            fresh = [each.fresh.mean(axis=0) for each in found]
            yield (
                f"| {ranking} | {rule}{f', α {alpha}' if rule != 'top-40' else ''} | {_share(population)} | "
                f"{_share(fresh)} | {np.median(sizes):.0f} | {np.mean(sizes <= 5):.0%} |"
            )


def _share(runs: Sequence[NDArray[np.floating | np.bool_]]) -> str:
    """The share over all runs with its interval, and that of the least run."""
    least = min(runs, key=lambda run: float(run.mean()))
    return f"{_with_interval(np.concatenate(runs))}; least {_with_interval(least)}"


def _with_interval(hits: NDArray[np.floating | np.bool_]) -> str:
    low, high = interval(round(float(hits.sum())), len(hits))
    return f"{hits.mean():.3f} ({low:.3f}–{high:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--noise", action="store_true", help="random numbers in place of the activations")
    parser.add_argument("--units", type=int, default=1000, help="units of a run, evenly over all its layers")
    options = parser.parse_args()
    by_target: dict[str, list[Sample]] = {}
    for path in options.files:
        sample = Sample.of(path)
        by_target.setdefault(sample.target, []).append(sample)
    for target, samples in by_target.items():
        count = len(samples[0].activations)
        units = np.unique(np.linspace(0, count - 1, min(options.units, count)).astype(np.int64))
        chosen = [each.of_units(units) for each in samples]
        if options.noise:
            chosen = [each.of_noise(seed) for seed, each in enumerate(chosen)]
        print(f"{target}: {len(units)} units, {len(samples)} runs, nominal {CONFIDENCE:.0%}")
        print("| ranking | images | best of the population | best of a fresh sample | candidates | 5 or fewer |")
        print("| --- | --- | --- | --- | --- | --- |", flush=True)
        for line in table(chosen, options.noise):
            print(line, flush=True)


if __name__ == "__main__":
    main()
