"""A run file at the size of NIH ChestX-ray14, and how fast it answers.

python -m tests.benchmarks.nih_scale make FILE.duckdb [--images 112120 --units 1024 --activations relu|gaussian]
    [--without-decisions]
python -m tests.benchmarks.nih_scale measure FILE.duckdb
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import numpy as np

from engine.annotation.cuts import Cuts
from engine.decisions.answers import ClassAnswers
from engine.decisions.concepts import Concepts
from engine.decisions.film import FilmDecision
from engine.decisions.heat import strongest
from engine.decisions.outputs import Outcomes
from engine.decisions.similar import similar_films
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.thumbnails import decode
from engine.store.writer import assemble
from tests.support.nih_run import CLASSES, Size, SyntheticRun


def make(path: Path, size: Size, kind: str, decisions: bool) -> None:
    """Writes a synthetic run (tests.support.nih_run)."""
    run = SyntheticRun(size, kind, decisions)
    started = time.perf_counter()

    def progress(what: str, done: int, total: int) -> None:
        if done == total:
            print(f"{what}: {done} after {time.perf_counter() - started:.1f} s", flush=True)

    assemble(path, run.contents(), run.batches(), progress)
    taken, peak = time.perf_counter() - started, peak_megabytes()
    print(f"written in {taken:.1f} s, {path.stat().st_size / 1e9:.2f} GB, peak memory {peak:.0f} MB")


def measure(path: Path) -> None:
    """Prints every figure beside its budget."""
    reader = RunReader(path)
    row("file", path.stat().st_size / 1e6, 1500 if reader.film_activations(0) is None else 2000, "MB")
    started = time.perf_counter()
    reader.close()
    reader = RunReader(path)
    row("open", 1e3 * (time.perf_counter() - started), 100, "ms")
    requery = Requery(reader)
    info = reader.layers[0]
    rng = np.random.default_rng(1)
    own = reader.info.cuts

    def neuron(low: float, high: float) -> Callable[[], object]:
        return lambda: requery.neuron(
            info.name, int(rng.integers(info.units)), Cuts(float(rng.uniform(low, high)), float(rng.uniform()))
        )

    time_calls("first layer at the run's own α, β", lambda: requery.layer(info.name, own), 1, 100)
    time_calls("first neuron at the run's own α, β", lambda: requery.neuron(info.name, 3, own), 1, 100)
    time_calls("own neuron", lambda: requery.neuron(info.name, int(rng.integers(info.units)), own), 50, 5)
    time_calls("one thumbnail", lambda: reader.thumbnail(int(rng.integers(reader.image_count))), 50, 5)
    time_calls("12 images' rows", lambda: reader.images(rng.integers(reader.image_count, size=12)), 50, 20)
    time_calls("warm: embeddings and the layer's index", requery.warm, 1, 1500)
    time_calls("one neuron, α ≥ 0.5", neuron(0.5, 1), 300, 5)
    time_calls("one neuron, any α", neuron(0, 1), 300, 15)
    for alpha in (0.97, 0.93, 0.9, 0.8):
        jitter = iter(np.linspace(0, 0.002, 100))
        time_calls(
            f"whole layer, α {alpha}",
            lambda a=alpha, j=jitter: requery.layer(info.name, Cuts(a + next(j), 0.9)),
            8,
            300,
        )
    time_calls("whole layer, another β", lambda: requery.layer(info.name, Cuts(0.8, float(rng.uniform()))), 10, 300)
    name = reader.concept_sets[-1].name
    time_calls("first layer in a concept set", lambda: requery.layer(info.name, Cuts(0.8, 0.9, name)), 1, 300)
    sets = cycle([None, name])
    time_calls(
        "whole layer, another concept set", lambda: requery.layer(info.name, Cuts(0.8, 0.9, next(sets))), 10, 300
    )
    time_calls(
        "one neuron in a concept set",
        lambda: requery.neuron(info.name, 3, Cuts(float(rng.uniform()), 0.9, name)),
        50,
        15,
    )
    jitter = iter(np.linspace(0, 0.002, 100))
    time_calls(
        "whole layer, α 0.5 (no budget)", lambda: requery.layer(info.name, Cuts(0.5 + next(jitter), 0.9)), 3, None
    )
    measure_decisions(reader, requery)
    counts = requery.layer(info.name, Cuts(0.8, 0.9)).counts
    print(f"representatives at α 0.8: median {np.median(counts):.0f}, most {counts.max()} of {reader.image_count}")
    row("peak memory of this process", peak_megabytes(), 500, "MB")


def measure_decisions(reader: RunReader, requery: Requery) -> None:
    """The figures behind the film view, the class view and the concept view."""
    rng = np.random.default_rng(2)
    outcomes = Outcomes.of(reader)
    if outcomes is None:
        return

    def film() -> None:
        image, number = int(rng.integers(reader.image_count)), int(rng.integers(len(CLASSES)))
        reader.images([image])
        decode(reader.thumbnail(image))
        FilmDecision.of(reader, outcomes, image).shares(number)
        if (values := reader.class_map(image, number)) is not None:
            strongest(values, 192, 192)

    def similar() -> None:
        vectors = requery.vectors()
        similar_films(vectors.embeddings, vectors.inverse_lengths, int(rng.integers(reader.image_count)), 24)

    time_calls("a film: its picture, outputs, units, heat", film, 100, 50)
    time_calls("films like a film", similar, 30, 100)
    units = reader.layers[0].units
    time_calls("a unit's maps", lambda: reader.unit_maps(int(rng.integers(units))), 100, 20)
    answers = ClassAnswers(reader, outcomes)
    time_calls("the first class", lambda: answers.of(CLASSES[0]), 1, 500)
    others = iter(CLASSES[1:])
    time_calls("another class", lambda: answers.of(next(others)), len(CLASSES) - 1, 50)
    concepts = Concepts(reader, requery)
    cuts = reader.info.cuts
    time_calls("the first concept", lambda: concepts.concept(0, cuts), 1, None)
    time_calls("another concept", lambda: concepts.concept(int(rng.integers(len(reader.concepts))), cuts), 50, 150)


def time_calls(what: str, call: Callable[[], object], times: int, budget: float | None) -> None:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append(1e3 * (time.perf_counter() - started))
    row(what, float(np.percentile(taken, 95)), budget, "ms", f"median {np.median(taken):.2f}, ")


def row(what: str, value: float, budget: float | None, unit: str, before: str = "") -> None:
    ratio = f" of {budget:g} ({value / budget:.2f})" if budget else ""
    print(f"{what:42} {before}{'p95 ' if before else ''}{value:.1f} {unit}{ratio}", flush=True)


def peak_megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["make", "measure"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--images", type=int, default=112_120)
    parser.add_argument("--units", type=int, default=1024)
    parser.add_argument("--before", type=int, nargs="*", default=[], help="units of the layers before the last one")
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--concepts", type=int, default=1361)
    parser.add_argument("--activations", choices=["relu", "gaussian"], default="relu")
    parser.add_argument("--without-decisions", action="store_true", help="as with [keep] films = false, maps = false")
    options = parser.parse_args()
    if options.command == "measure":
        measure(options.file)
    else:
        size = Size(options.images, options.units, options.dimension, options.concepts, tuple(options.before))
        make(options.file, size, options.activations, not options.without_decisions)


if __name__ == "__main__":
    main()
