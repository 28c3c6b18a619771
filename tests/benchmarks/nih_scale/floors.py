"""What the answers of a run file are compared with: the same arithmetic on arrays in memory, in the same run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.annotation import scoring, selection
from tests.benchmarks.measuring import Floor, Report

SOME = 32
"""Units over which the published computation is timed"""


@dataclass(frozen=True, slots=True)
class Floors:
    product: Floor
    """One float32 product [units, d] by [d, concepts]"""
    published: Floor
    """The published computation for all units of a layer"""
    neuron: Floor
    """One neuron's images, scores and annotation"""


def measure(report: Report, units: int, images: int, dimension: int, concepts: int, alpha: float = 0.93) -> Floors:
    """Measures the floors on made-up arrays of these sizes."""
    rng = np.random.default_rng(3)
    means = rng.normal(size=(units, dimension)).astype(np.float32)
    texts = rng.normal(size=(concepts, dimension)).astype(np.float32)
    product = report.time("floor: one float32 product of that shape", lambda: means @ texts.T, 20)
    embeddings = scoring.unit_rows(rng.normal(size=(images, dimension))).astype(np.float32)
    template = texts[0]
    some = np.maximum(np.exp(0.7 * rng.normal(size=(images, SOME))) - 0.6, 0).astype(np.float32)

    def published() -> None:
        for unit in range(SOME):
            _published_unit(some[:, unit], embeddings, texts, template, alpha)

    def neuron() -> None:
        values = some[:, int(rng.integers(SOME))]
        chosen = selection.representatives(values, float(rng.uniform(0.5, 1)))
        if len(chosen):
            scoring.annotate(scoring.concept_scores(embeddings[chosen], texts, template), 0.9)

    whole = report.time(f"floor: published computation, {SOME} units", published, 3)
    alone = report.time("floor: one neuron, NumPy on arrays in memory", neuron, 20)
    return Floors(
        Floor("product", _median(product.median)),
        Floor(f"published computation ({SOME} units, × {units / SOME:g})", _median(whole.median) * units / SOME),
        Floor("NumPy in memory", _median(alone.median)),
    )


def _published_unit(
    values: NDArray[np.float32],
    embeddings: NDArray[np.float32],
    texts: NDArray[np.float32],
    template: NDArray[np.float32],
    alpha: float,
) -> NDArray[np.float32]:
    """Sums of cosine differences over a unit's images above the threshold, in float32, from unit embeddings."""
    low, high = values.min(), values.max()
    chosen = np.flatnonzero(values > high - (1 - alpha) * (high - low))
    order = chosen[np.argsort(-values[chosen], kind="stable")]
    lengths = np.linalg.norm(texts, axis=1, keepdims=True)
    bare = template / np.linalg.norm(template)
    differences: NDArray[np.float32] = embeddings[order] @ (texts / lengths).T - (embeddings[order] @ bare)[:, None]
    return np.asarray(differences.sum(axis=0))


def _median(value: float | None) -> float:
    assert value is not None
    return value
