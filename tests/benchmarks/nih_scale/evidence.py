"""How much time and memory the evidence of a layer and of a neuron takes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.annotation.cuts import Cuts
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.measuring import Report, peak_megabytes

LAYER, NEURON = 3000.0, 15.0
"""Bounds in milliseconds"""


def measure(report: Report, reader: RunReader, requery: Requery, alphas: tuple[float, ...] = (0.93, 0.8, 0.5)) -> None:
    requery.warm()
    layer = reader.layers[0]
    before = peak_megabytes()
    rng = np.random.default_rng(1)

    def neuron(evidence: Evidence, alpha: float) -> Callable[[], object]:
        return lambda: evidence.neuron(layer.name, int(rng.integers(layer.units)), Cuts(alpha, 0.95))

    for alpha in alphas:
        evidence = Evidence(reader, requery)
        for each in (alpha, alpha - 1e-3):
            requery.layer(layer.name, Cuts(each, 0.95))
        report.time(
            f"evidence, α {alpha}: first layer",
            lambda e=evidence, a=alpha: e.layer(layer.name, Cuts(a, 0.95)),
            1,
            bound=LAYER,
        )
        report.time(
            "  the layer at another α",
            lambda e=evidence, a=alpha: e.layer(layer.name, Cuts(a - 1e-3, 0.95)),
            1,
            bound=LAYER,
        )
        report.time(
            "  the layer at another β",
            lambda e=evidence, a=alpha: e.layer(layer.name, Cuts(a - 1e-3, rng.uniform())),
            3,
        )
        report.time("  a neuron after", neuron(evidence, alpha - 1e-3), 50, bound=NEURON, statistic="p95")
    name = reader.concept_sets[-1].name
    report.time("  another concept set", lambda: evidence.layer(layer.name, Cuts(0.9, 0.95, name)), 1, bound=LAYER)
    report.figure("memory that evidence adds to the peak", peak_megabytes() - before, "MB")
