"""How fast the explorer answers about a concept over five layers at the size of NIH ChestX-ray14.

python -m tests.benchmarks.concepts make FILE.duckdb [--images 112120 --concepts 1361]
python -m tests.benchmarks.concepts measure FILE.duckdb
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from engine.annotation.cuts import Cuts
from engine.decisions.concepts import Concepts
from engine.decisions.examples import RANGES, examples
from engine.requery import Requery
from engine.store.batch import Batch
from engine.store.contents import ConceptSet, Layer, RunContents
from engine.store.reader import RunReader
from engine.store.writer import assemble
from tests.support.measuring import Report, peak_megabytes
from tests.support.nih_run import BATCH, CLUSTERS, _film, _image, _unit

LAYERS = {"denseblock1": 128, "denseblock2": 256, "denseblock3": 512, "norm5": 1024, "classifier": 14}
"""Units of each layer: 1,934"""
BUDGET = 150

REPORT = Report()


def make(path: Path, images: int, dimension: int, concepts: int) -> None:
    """Writes a synthetic run: embeddings in clusters, activations that follow the embeddings."""
    rng = np.random.default_rng(7)
    contents = RunContents(
        images=[_image(index, rng) for index in range(images)],
        layers=[Layer(name, "mean") for name in LAYERS],
        concepts=[f"concept {index}" for index in range(concepts)],
        concept_sets=[ConceptSet("all", "word_list", tuple(range(concepts)))],
        text_embeddings=_unit(rng.normal(size=(concepts, dimension))),
        template="A chest x-ray image of a",
        template_embedding=_unit(rng.normal(size=(1, dimension)))[0],
        alpha=0.93,
        beta=0.95,
        target="synthetic",
        vlm="synthetic",
    )
    assemble(path, contents, _batches(rng, images, dimension), lambda *_: None)
    print(f"{path}: {path.stat().st_size / 1e6:.0f} MB")


def _batches(rng: np.random.Generator, images: int, dimension: int) -> Iterator[Batch]:
    centres = rng.normal(size=(CLUSTERS, dimension))
    weights = {name: rng.normal(size=(dimension, units)) / np.sqrt(dimension) for name, units in LAYERS.items()}
    films = [_film(rng) for _ in range(50)]
    for start in range(0, images, BATCH):
        count = min(BATCH, images - start)
        embeddings = centres[rng.integers(CLUSTERS, size=count)] + rng.normal(size=(count, dimension))
        values = {}
        for name, matrix in weights.items():
            drive = (embeddings @ matrix) / np.sqrt(2) + 0.5 * rng.normal(size=(count, LAYERS[name]))
            values[name] = np.maximum(np.exp(0.7 * drive) - 0.6, 0).astype(np.float32)
        probed = tuple(films[rng.integers(len(films))] for _ in range(count))
        yield Batch(probed, _unit(embeddings), values)


def measure(path: Path) -> None:
    """Prints every figure beside its budget."""
    rng = np.random.default_rng(1)
    with RunReader(path) as reader:
        requery = Requery(reader)
        asked, own, count = Concepts(reader, requery), reader.info.cuts, len(reader.concepts)
        neuron = (reader.layers[-2].name, 3)
        REPORT.time("warm: the embeddings, as the explorer loads them", requery.warm, 1)

        def concept(cuts: Callable[[], Cuts]) -> Callable[[], object]:
            return lambda: asked.concept(int(rng.integers(count)), cuts(), neuron)

        REPORT.time("first concept at the run's own cuts", concept(lambda: own), 1)
        REPORT.time("a concept at the run's own cuts", concept(lambda: own), 30, bound=BUDGET, statistic="p95")
        REPORT.time(
            "another β", concept(lambda: Cuts(own.alpha, float(rng.uniform(0.8, 1)))), 30, bound=BUDGET, statistic="p95"
        )
        REPORT.time("another β below 0.75", concept(lambda: Cuts(own.alpha, float(rng.uniform(0.4, 0.7)))), 5)
        steps = iter(np.linspace(0.9, 0.92, 100))
        REPORT.time("another α", concept(lambda: Cuts(float(next(steps)), own.beta)), 8)
        cuts = Cuts(0.9, 0.95)
        asked.concept(3, cuts, neuron)
        REPORT.time("a concept at another α", concept(lambda: cuts), 30, bound=BUDGET, statistic="p95")

        def example() -> object:
            unit = int(rng.integers(reader.layers[-2].units))
            return examples(reader, neuron[0], unit, RANGES[1 + int(rng.integers(len(RANGES) - 1))])

        REPORT.time("films of a decile, weakest or random", example, 50, bound=50, statistic="p95")
        REPORT.figure("peak memory of this process", peak_megabytes(), "MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["make", "measure"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--images", type=int, default=112_120)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--concepts", type=int, default=1361)
    options = parser.parse_args()
    started = time.perf_counter()
    if options.command == "measure":
        measure(options.file)
    else:
        make(options.file, options.images, options.dimension, options.concepts)
        print(f"in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
