"""What it costs to keep the parts of many images in shards, and to make the run file of them.

python -m tests.benchmarks.merge [--films 10000 30000 112120 400000] [--units 256] [--shards 8] [--folder FOLDER]

The parts are made up, so that no model runs: a layer's activations, an embedding of 512 numbers, three outputs, a small
thumbnail. Each number of films is measured in a process of its own: processor time of each stage, peak memory, bytes;
then the slopes of log cost over log films. The floor is the cost of reading the shards' bytes in the same process.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import nn

from engine.config.settings import RunConfig, load_config
from engine.probing.base import Image
from engine.progress import Silent
from engine.run.image_results import ImageResults
from engine.run.inputs import RunInputs
from engine.run.merging import merge
from engine.run.pipeline import opened
from engine.run.shards import places_of
from engine.store.batch import Batch, Film
from engine.store.part_file import LookedUp
from engine.store.parts import Computed, FilmRows, ImageKeys, PartKeys, VectorRows
from engine.store.shard_files import ShardFolder, ShardName
from engine.store.thumbnails import encode
from engine.store.work import WorkFile
from engine.targets.base import TargetModel
from tests.benchmarks.resume import OneVector, grey
from tests.support.models import tiny_project, write_film

DIMENSION, CLASSES = 512, ("effusion", "mass", "hernia")


class StampedFilms:
    """Many names for one film. None is read by a merge but the first."""

    def __init__(self, folder: Path, images: int) -> None:
        self.images = [Image(f"films/{place:08d}.png") for place in range(images)]
        write_film(folder / "film.png", seed=0)
        self._film = (folder / "film.png").read_bytes()

    def read(self, image: Image) -> bytes:
        return self._film + image.path.encode()

    def content(self, image: Image) -> None:
        return None

    def stamp(self, image: Image) -> str:
        return "1000 1700000000000000000"


class Wide(nn.Module):
    def __init__(self, units: int) -> None:
        super().__init__()
        self.wide = nn.Linear(1, units)
        self.classifier = nn.Linear(units, len(CLASSES))

    def forward(self, films: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.classifier(torch.relu(self.wide(films)))
        return made


def wide_target(units: int) -> TargetModel:
    torch.manual_seed(0)
    return TargetModel(Wide(units).eval(), grey, CLASSES, "wide", f"wide {units}")


class Texts(OneVector):
    def encode_texts(self, texts: list[str]) -> np.ndarray:
        vectors = np.random.default_rng(0).standard_normal((len(texts), DIMENSION)).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def texts_vlm(device: torch.device) -> Texts:
    return Texts()


def configured(folder: Path, units: int) -> RunConfig:
    given = [
        "run.batch_size=32",
        "keep.films=false",
        "keep.maps=false",
        "target.factory=tests.benchmarks.merge:wide_target",
        f"target.arguments.units={units}",
        'target.layers=["wide"]',
        "target.classes=[]",
        "vlm.factory=tests.benchmarks.merge:texts_vlm",
    ]
    return load_config(tiny_project(folder, films=1), given)


def write_shards(config: RunConfig, films: StampedFilms, units: int, shards: int) -> PartKeys:
    """Keeps parts as shards do."""
    out = config.run.out
    folder = ShardFolder(out)
    with WorkFile(out.with_name("none")) as none, opened(config, Silent(), none, []) as run:
        parts = run.parts
    rng = np.random.default_rng(0)
    thumbnail = encode(np.zeros((16, 16), np.uint8))
    for number in range(1, shards + 1):
        work = folder.open(ShardName(number, shards))
        work.put_facts(shard=f"{number}/{shards}", parts=parts.by_name(), config=config.as_dict())
        places = places_of(ShardName(number, shards), len(films.images), config.run.batch_size)
        for start in range(0, len(places), 32):
            some = places[start : start + 32]
            work.put(batch(parts, [films.images[place].path for place in some], rng, units, thumbnail))
            work.put_looked_up(
                [
                    LookedUp(p, films.images[p].path, of_path(films.images[p].path), films.stamp(films.images[p]))
                    for p in some
                ]
            )
        folder.seal(work)
    return parts


def of_path(path: str) -> ImageKeys:
    key = hashlib.sha256(path.encode()).hexdigest()
    return ImageKeys(key, key)


def batch(parts: PartKeys, paths: list[str], rng: np.random.Generator, units: int, thumbnail: bytes) -> Computed:
    keys = tuple(of_path(path).film for path in paths)
    reasons = ("",) * len(keys)
    embeddings = rng.standard_normal((len(keys), DIMENSION), np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    values = {
        parts.input: rng.random((len(keys), 4), np.float32),
        parts.layers["wide"]: np.maximum(rng.standard_normal((len(keys), units), np.float32), 0),
        parts.embedding: embeddings,
        parts.outputs: rng.standard_normal((len(keys), len(CLASSES)), np.float32),
    }
    film = FilmRows(parts.film, keys, tuple(Film(100, key, 16, 16, thumbnail) for key in keys))
    return Computed(film, tuple(VectorRows(part, keys, reasons, array) for part, array in values.items()))


class Stages(Silent):
    """The processor time of each stage of a merge, and the peak memory before the run file is written."""

    def __init__(self) -> None:
        self.taken: dict[str, float] = {}
        self.reading = 0.0
        """Of which is spent on reading the parts back"""
        self.peak = 0.0
        self._stage, self._started = "", 0.0

    def stage(self, name: str, total: int) -> None:
        now = time.process_time()
        if self._stage:
            self.taken[self._stage] = now - self._started
        self._stage, self._started = name, now
        if name == "run file":
            self.peak = peak_megabytes()

    def timed(self, batches: Callable[..., Iterator[Batch]]) -> Callable[..., Iterator[Batch]]:
        def read(*given: Any) -> Iterator[Batch]:
            left = batches(*given)
            while True:
                start = time.process_time()
                batch = next(left, None)
                self.reading += time.process_time() - start
                if batch is None:
                    return
                yield batch

        return read


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def probing(films: StampedFilms) -> Iterator[None]:
    with mock.patch.object(RunInputs, "probing", films):
        yield


def measure(folder: Path, images: int, units: int, shards: int) -> dict[str, float]:
    films = StampedFilms(folder, images)
    config = configured(folder, units)
    with probing(films):
        start = time.process_time()
        parts = write_shards(config, films, units, shards)
        written = time.process_time() - start
        files = ShardFolder(config.run.out).sealed()
        held = sum(path.stat().st_size for path in files)
        start = time.process_time()
        for path in files:
            with path.open("rb") as file:
                while file.read(1 << 20):
                    pass
        floor = time.process_time() - start
        before = peak_megabytes()
        stages = Stages()
        start, wall = time.process_time(), time.perf_counter()
        with mock.patch.object(ImageResults, "batches", stages.timed(ImageResults.batches)):
            merge(config, stages, keep=True)
        merged = time.process_time() - start
        stages.stage("", 0)
    return {
        "keeping, s": written,
        "reading the shards' bytes, s": floor,
        "merging, s": merged,
        "merging, s of wall clock": time.perf_counter() - wall,
        **{f"merging: {name}, s": taken for name, taken in stages.taken.items()},
        "of the run file: reading the parts, s": stages.reading,
        "peak memory before merging, MB": before,
        "peak memory before the run file is written, MB": stages.peak,
        "peak memory, MB": peak_megabytes(),
        "shards, MB": held / 1e6,
        "run file, MB": config.run.out.stat().st_size / 1e6,
        "parts kept a second": images * len(parts.by_name()) / written,
        "films merged a second": images / merged,
    }


def _measured(folder: str, images: int, units: int, shards: int, into: Any) -> None:
    into.put(measure(Path(folder), images, units, shards))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--films", type=int, nargs="+", default=[10_000, 30_000, 112_120, 400_000])
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    found: dict[str, list[float]] = {}
    spawn = multiprocessing.get_context("spawn")
    for images in given.films:
        scratch = tempfile.mkdtemp(dir=given.folder)
        try:
            into = spawn.Queue()
            process = spawn.Process(target=_measured, args=(scratch, images, given.units, given.shards, into))
            process.start()
            figures = into.get()
            process.join()
        finally:
            shutil.rmtree(scratch)
        print(f"-- {images:,} films × {given.units} units in {given.shards} shards", flush=True)
        for name, value in figures.items():
            found.setdefault(name, []).append(value)
            print(f"{name}: {value:,.2f}", flush=True)
    print(json.dumps({"films": given.films, **found}))
    if len(given.films) > 1:
        print("-- slopes of log cost over log films: all, and of the last step")
        counts = np.log(given.films)
        for name, values in found.items():
            costs = np.log(np.maximum(values, 1e-9))
            last = (costs[-1] - costs[-2]) / (counts[-1] - counts[-2])
            print(f"{name}: {np.polyfit(counts, costs, 1)[0]:.2f}, {last:.2f}")


if __name__ == "__main__":
    main()
