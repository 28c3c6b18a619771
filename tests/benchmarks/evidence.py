"""How much time and memory the evidence of a layer and of a neuron takes.

python -m tests.benchmarks.nih_scale make FILE.duckdb [--images 20000 --dimension 256] [--activations relu|gaussian]
python -m tests.benchmarks.evidence FILE.duckdb
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.annotation.cuts import Cuts
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.benchmarks.nih_scale import peak_megabytes, row, time_calls

LAYER, NEURON = 5000, 20
"""Budgets in milliseconds"""


def measure(path: Path, neurons: int) -> None:
    """Prints every figure beside its budget."""
    reader = RunReader(path)
    requery = Requery(reader)
    requery.warm()
    layer = reader.layers[0]
    for name in (None, reader.concept_sets[-1].name, None):
        for alpha in (0.9, 0.5):
            requery.layer(layer.name, Cuts(alpha, 0.9, name))
    before = peak_megabytes()
    row("peak memory without evidence", before, None, "MB")
    rng = np.random.default_rng(1)

    def neuron(evidence: Evidence, alpha: float) -> Callable[[], object]:
        return lambda: evidence.neuron(layer.name, int(rng.integers(layer.units)), Cuts(alpha, 0.95))

    for alpha in (0.97, 0.93, 0.9, 0.8, 0.6, 0.5):
        counts = requery.layer(layer.name, Cuts(alpha, 0.95)).counts
        print(f"α {alpha}: representatives median {np.median(counts):.0f}, most {counts.max()} of {reader.image_count}")
        evidence = Evidence(reader, requery)
        time_calls("  first layer", lambda e=evidence, a=alpha: e.layer(layer.name, Cuts(a, 0.95)), 1, LAYER)
        time_calls("  another β", lambda e=evidence, a=alpha: e.layer(layer.name, Cuts(a, rng.uniform())), 5, NEURON)
        time_calls("  one neuron", neuron(evidence, alpha), neurons, NEURON)
        time_calls("  another α", lambda e=evidence, a=alpha: e.layer(layer.name, Cuts(a - 1e-3, 0.95)), 1, LAYER)
    name = reader.concept_sets[-1].name
    time_calls("another concept set", lambda: evidence.layer(layer.name, Cuts(0.9, 0.95, name)), 1, LAYER)
    time_calls("one neuron of it", lambda: evidence.neuron(layer.name, 3, Cuts(0.9, 0.95, name)), neurons, NEURON)
    row("memory that evidence adds to the peak", peak_megabytes() - before, 56, "MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--neurons", type=int, default=100)
    options = parser.parse_args()
    started = time.perf_counter()
    measure(options.file, options.neurons)
    print(f"all in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
