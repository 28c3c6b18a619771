"""What the answers of a run file are compared with: the same arithmetic on arrays in memory, in the same run."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from engine.annotation import scoring, selection
from tests.support.measuring import Floor, Report, Row

ALPHA = 0.93
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


def measure(report: Report, units: int, images: int, dimension: int, concepts: int) -> Floors:
    """Measures the floors on made-up arrays of these sizes, in a process of its own: they take memory."""
    sizes = [str(size) for size in (units, images, dimension, concepts)]
    found = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.nih_scale.floors", *sizes], check=True, capture_output=True, text=True
    )
    rows = [Row(**row) for row in json.loads(found.stdout.splitlines()[-1])]
    product, whole, alone = (report.add(row).median or 0.0 for row in rows)
    return Floors(
        Floor("product", product),
        Floor(f"published computation ({SOME} units, × {units / SOME:g})", whole * units / SOME),
        Floor("NumPy in memory", alone),
    )


def _rows(units: int, images: int, dimension: int, concepts: int) -> list[Row]:
    rng = np.random.default_rng(3)
    means = rng.standard_normal((units, dimension), dtype=np.float32)
    texts = rng.standard_normal((concepts, dimension), dtype=np.float32)
    report = Report()
    report.time("floor: one float32 product of that shape", lambda: means @ texts.T, 20)
    embeddings = rng.standard_normal((images, dimension), dtype=np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    template = texts[0]
    some = np.maximum(np.exp(0.7 * rng.standard_normal((images, SOME), dtype=np.float32)) - 0.6, 0)

    def published() -> None:
        for unit in range(SOME):
            _published_unit(some[:, unit], embeddings, texts, template, ALPHA)

    def neuron() -> None:
        values = some[:, int(rng.integers(SOME))]
        chosen = selection.representatives(values, float(rng.uniform(0.5, 1)))
        if len(chosen):
            scoring.annotate(scoring.concept_scores(embeddings[chosen], texts, template), 0.9)

    report.time(f"floor: published computation, {SOME} units", published, 3)
    report.time("floor: one neuron, NumPy on arrays in memory", neuron, 20)
    return report.rows


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


if __name__ == "__main__":
    print(json.dumps([asdict(row) for row in _rows(*map(int, sys.argv[1:]))]))
