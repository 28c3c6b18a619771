"""How long it takes to compare two runs at the size of NIH ChestX-ray14, and the memory that takes.

python -m tests.benchmarks.compare make FOLDER [--images 112120 --units 1024 --concepts 1361]
python -m tests.benchmarks.compare measure FOLDER

`make` writes before.duckdb and after.duckdb. The second has another template and another checkpoint of the model: its
units in another order, with noise on their activations.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import Cuts
from engine.comparing.compare import Comparison, causes
from engine.comparing.side import Side
from engine.store.batch import Batch
from engine.store.decision_contents import DecisionContents
from engine.store.reader import RunReader
from engine.store.writer import assemble
from tests.support.measuring import Report, peak_megabytes
from tests.support.nih_run import CLASSES, LAYER, Size, SyntheticRun

BUDGET = 3.0
NOISE = 0.1

REPORT = Report()


def make(folder: Path, size: Size) -> None:
    rng = np.random.default_rng(3)
    for name in ("before", "after"):
        synthetic = SyntheticRun(size, "relu", decisions=False)
        contents = replace(
            synthetic.contents(), decisions=DecisionContents(CLASSES, "sigmoid", 0.5, head=None, films=True)
        )
        batches = synthetic.batches()
        if name == "after":
            contents = replace(
                contents,
                template="There is a",
                template_embedding=_near(rng, contents.template_embedding),
                text_embeddings=_near(rng, contents.text_embeddings),
            )
            batches = _retrained(batches, rng.permutation(size.units), rng)
        assemble(folder / f"{name}.duckdb", contents, batches, lambda *_: None)


def _near(rng: np.random.Generator, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return (vectors + rng.normal(scale=0.2 / vectors.shape[-1] ** 0.5, size=vectors.shape)).astype(np.float32)


def _retrained(batches: Iterator[Batch], order: NDArray[np.int64], rng: np.random.Generator) -> Iterator[Batch]:
    """The batches with noise on the activations, and the units in another order."""
    for batch in batches:
        values = batch.activations[LAYER]
        noise = NOISE * rng.normal(size=values.shape) * values.std(axis=0)
        yield replace(batch, activations={LAYER: np.maximum(values + noise, 0)[:, order].astype(np.float32)})


def measure(folder: Path) -> None:
    with RunReader(folder / "before.duckdb") as before, RunReader(folder / "after.duckdb") as after:
        own = before.info.cuts
        REPORT.figure("files", sum(path.stat().st_size for path in (before.path, after.path)) / 1e6, "MB")
        _compare("one run at two α", lambda: _sides(before, before, Cuts(0.85, own.beta)))
        _compare("two checkpoints, two templates", lambda: _sides(before, after, after.info.cuts))
    REPORT.figure("peak memory", peak_megabytes(), "MB", 550)


def _sides(first: RunReader, second: RunReader, cuts: Cuts) -> Comparison:
    return Comparison(Side(first, first.info.cuts), Side(second, cuts))


def _compare(what: str, comparing: Callable[[], Comparison]) -> None:
    started = time.perf_counter()
    comparison = comparing()
    opened = time.perf_counter()
    changes = comparison.layer(comparison.layers[0])
    REPORT.figure(f"{what}: pairing films", opened - started, "s")
    REPORT.figure(f"{what}: in all", time.perf_counter() - started, "s", BUDGET)
    rows = changes.rows
    matched = sum(row.is_matched for row in rows)
    print(f"  {matched} of {len(rows)} matched, {sum(row.changed for row in rows)} changed: {dict(causes(rows))}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["make", "measure"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=112_120)
    parser.add_argument("--units", type=int, default=1024)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--concepts", type=int, default=1361)
    options = parser.parse_args()
    if options.command == "measure":
        measure(options.folder)
    else:
        make(options.folder, Size(options.images, options.units, options.dimension, options.concepts))


if __name__ == "__main__":
    main()
