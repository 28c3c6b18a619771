"""A run file at the size of NIH ChestX-ray14, and how fast it answers.

python -m tests.benchmarks.nih_scale make FILE.duckdb [--images 112120 --units 1024 --activations relu|gaussian]
python -m tests.benchmarks.nih_scale measure FILE.duckdb
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import Cuts
from engine.probing.base import Image
from engine.requery import Requery
from engine.store import thumbnails
from engine.store.batch import Batch, ProbedImage
from engine.store.contents import ConceptSet, Layer, RunContents
from engine.store.reader import RunReader
from engine.store.writer import assemble

LAYER = "features.denseblock4"
FINDINGS = ("Infiltration", "Effusion", "Atelectasis", "Nodule", "Mass", "Pneumothorax", "Consolidation", "Hernia")
CLUSTERS = 60
BATCH = 1000


def make(path: Path, images: int, units: int, dimension: int, concepts: int, kind: str) -> None:
    """Writes a synthetic run: embeddings in clusters, activations that follow the embeddings."""
    rng = np.random.default_rng(7)
    contents = RunContents(
        images=[_image(index, rng) for index in range(images)],
        layers=[Layer(LAYER, "mean")],
        concepts=[f"concept {index}" for index in range(concepts)],
        concept_sets=[
            ConceptSet("all", "word_list", tuple(range(concepts))),
            ConceptSet("every third", "word_list", tuple(range(0, concepts, 3))),
        ],
        text_embeddings=_unit(rng.normal(size=(concepts, dimension))),
        template="A chest x-ray image of a",
        template_embedding=_unit(rng.normal(size=(1, dimension)))[0],
        alpha=0.93,
        beta=0.95,
        target="synthetic",
        vlm="synthetic",
    )
    started = time.perf_counter()

    def progress(what: str, done: int, total: int) -> None:
        if done == total:
            print(f"{what}: {done} after {time.perf_counter() - started:.1f} s", flush=True)

    assemble(path, contents, _batches(rng, images, units, dimension, kind), progress)
    print(f"written in {time.perf_counter() - started:.1f} s, peak memory {peak_megabytes():.0f} MB")


def _batches(rng: np.random.Generator, images: int, units: int, dimension: int, kind: str) -> Iterator[Batch]:
    centres = rng.normal(size=(CLUSTERS, dimension))
    weights = rng.normal(size=(dimension, units)) / np.sqrt(dimension)
    films = [_film(rng) for _ in range(200)]
    for start in range(0, images, BATCH):
        count = min(BATCH, images - start)
        embeddings = centres[rng.integers(CLUSTERS, size=count)] + rng.normal(size=(count, dimension))
        drive = (embeddings @ weights) / np.sqrt(2) + 0.5 * rng.normal(size=(count, units))
        values = drive if kind == "gaussian" else np.maximum(np.exp(0.7 * drive) - 0.6, 0)
        probed = tuple(films[rng.integers(len(films))] for _ in range(count))
        yield Batch(probed, _unit(embeddings), {LAYER: values.astype(np.float32)})


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _image(index: int, rng: np.random.Generator) -> Image:
    labels = tuple(label for label in FINDINGS if rng.random() < 0.1)
    return Image(f"images/{index // 4:08d}_{index % 4:03d}.png", f"{index // 4:08d}", "PA", labels)


def _film(rng: np.random.Generator) -> ProbedImage:
    """A thumbnail about as large as a real film's in bytes: two soft lungs and fine grain."""
    y, x = np.mgrid[-1:1:192j, -1:1:192j]
    lungs = sum(np.exp(-(((x - side) / 0.3) ** 2) - (y / 0.7) ** 2) for side in (-0.45, 0.45))
    ribs = 8 * np.sin(18 * (y + 0.3 * x**2) + rng.uniform(0, 6))
    film = 175 - 120 * np.asarray(lungs) + ribs + rng.normal(0, 3.2, x.shape)
    encoded = thumbnails.encode(np.clip(film, 0, 255).astype(np.uint8))
    return ProbedImage(420_000, hashlib.sha256(encoded).hexdigest(), 1024, 1024, encoded)


def measure(path: Path) -> None:
    """Prints every figure beside its budget."""
    row("file", path.stat().st_size / 1e6, 1500, "MB")
    started = time.perf_counter()
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
    counts = requery.layer(info.name, Cuts(0.8, 0.9)).counts
    print(f"representatives at α 0.8: median {np.median(counts):.0f}, most {counts.max()} of {reader.image_count}")
    row("peak memory of this process", peak_megabytes(), 500, "MB")


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
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--concepts", type=int, default=1361)
    parser.add_argument("--activations", choices=["relu", "gaussian"], default="relu")
    options = parser.parse_args()
    if options.command == "measure":
        measure(options.file)
    else:
        make(*(options.file, options.images, options.units, options.dimension, options.concepts, options.activations))


if __name__ == "__main__":
    main()
