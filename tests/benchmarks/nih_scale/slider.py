"""Answers at another α, β or concept set: of the rows on screen, of a layer, of one neuron."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import numpy as np

from engine.annotation.cuts import Cuts
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.benchmarks.nih_scale.floors import Floors
from tests.support.measuring import Report

ROWS = 60
"""Units on a tall screen"""
LARGE = 10_000
"""Concepts from which on a neuron's bound is that of 80,000 concepts"""


def measure(report: Report, reader: RunReader, requery: Requery, floors: Floors, gaussian: bool) -> None:
    info = reader.layers[0]
    rng = np.random.default_rng(1)
    many = len(reader.concepts) >= LARGE
    one, least_beta = (60.0, 0.8) if many else (5.0, 0.0)  # at a low β a layer has tens of millions of words

    def neuron(low: float) -> Callable[[], object]:
        return lambda: requery.neuron(
            info.name, int(rng.integers(info.units)), Cuts(float(rng.uniform(low, 1)), float(rng.uniform()))
        )

    def rows() -> object:
        first = int(rng.integers(max(info.units - ROWS, 0) + 1))
        units = np.arange(first, min(first + ROWS, info.units))
        return requery.some(info.name, units, Cuts(float(rng.uniform(0.8, 1)), 0.9))

    def layer(alpha: float, name: str | None = None) -> object:
        return requery.layer(info.name, Cuts(alpha, 0.9, name))

    report.time(f"{ROWS} rows on screen at a new α ≥ 0.8", rows, 100, bound=16, statistic="p95")
    far = cycle([0.97, 0.8, 0.93, 0.85, 0.9])
    jitter = iter(np.linspace(0, 0.002, 1000))

    def elsewhere() -> object:
        return layer(0.985)

    against = {"floor": floors.product}
    report.time(
        "whole layer, a jump of α (≥ 0.8)", lambda: layer(next(far) + next(jitter)), 25, **against, most_ratio=2.5
    )
    layer(0.95)
    steps = cycle([*np.arange(0.95, 0.80, -0.01), *np.arange(0.81, 0.96, 0.01)])
    report.time("whole layer, a step of 0.01", lambda: layer(float(next(steps))), 60, **against, most_ratio=1.0)
    report.time(
        "the same against the published computation",
        lambda: layer(0.93 + next(jitter)),
        10,
        floor=floors.published,
        before=elsewhere,
    )
    report.time("one neuron, any α and β", neuron(0.0), 300, bound=one, statistic="p95", floor=floors.neuron)
    report.time("one neuron, α ≥ 0.5", neuron(0.5), 300, bound=one, statistic="p95", floor=floors.neuron)
    most = 8.0 if gaussian else None
    report.time(
        "whole layer, α 0.5", lambda: layer(0.5 + next(jitter)), 5, **against, most_ratio=most, before=elsewhere
    )
    report.time("whole layer, α 0.8", lambda: layer(0.8 + next(jitter)), 10, **against, before=elsewhere)
    report.time(
        "whole layer, another β", lambda: requery.layer(info.name, Cuts(0.8, float(rng.uniform(least_beta, 1)))), 10
    )
    z = iter(np.linspace(0.8, 0.95, 100))
    report.time(
        "whole layer by z, a new α", lambda: requery.layer(info.name, Cuts(float(next(z)), 0.9, ranking="z")), 10
    )
    name = reader.concept_sets[-1].name
    report.time("first layer in a concept set", lambda: layer(0.8, name), 1)
    sets = cycle([None, name])
    report.time("whole layer, another concept set", lambda: layer(0.8, next(sets)), 10)
    counts = requery.layer(info.name, Cuts(0.8, 0.9)).counts
    print(f"  representative images at α 0.8: median {np.median(counts):.0f}, most {counts.max()}")
