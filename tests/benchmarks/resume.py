"""The cost of storing the parts of many images, of finding them all there, and of reading them back.

python -m tests.benchmarks.resume [IMAGES, 112120 by default]

The films are tiny and the models do next to nothing, so the time goes into bookkeeping: reading ahead, keys, the work
file. A layer has 1,024 units, an embedding 512 numbers. The floor is the cost of only reading and hashing the same
films in the same process. Each figure is processor time and its ratio to the floor.
"""

from __future__ import annotations

import hashlib
import io
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Picture
from torch import nn

from engine.config.settings import RunConfig, load_config
from engine.probing.base import Image
from engine.probing.decoding import READERS
from engine.run.films import Films
from engine.run.image_results import ImageResults
from engine.run.image_worker import ImageWorker
from engine.store.parts import PartKeys
from engine.store.work import WorkFile
from engine.targets.base import TargetModel
from tests.support.models import tiny_project

UNITS, DIMENSION = 1024, 512
CPU = torch.device("cpu")
PARTS = PartKeys("film", "input", {"wide": "wide"}, "embedding")


class TinyFilms:
    """One film of 16 × 16 pixels under many names. Its name is appended to its bytes, so that each differs."""

    def __init__(self, images: int) -> None:
        file = io.BytesIO()
        Picture.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).save(file, "PNG")
        self.images = [Image(f"films/{place:08d}.png") for place in range(images)]
        self._film = file.getvalue()

    def read(self, image: Image) -> bytes:
        return self._film + image.path.encode()

    def content(self, image: Image) -> None:
        return None


class Wide(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Linear(1, UNITS)

    def forward(self, films: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.wide(films)
        return made


class OneVector:
    name, dimension, identity, by_name = "one vector", DIMENSION, "one vector", False

    def preprocess(self, film: NDArray[np.uint8], image: Image) -> torch.Tensor:
        return grey(film)

    def encode_images(self, batch: torch.Tensor) -> torch.Tensor:
        return nn.functional.one_hot(torch.zeros(len(batch), dtype=torch.long), DIMENSION).float()

    def encode_texts(self, texts: list[str]) -> NDArray[np.float32]:
        raise NotImplementedError


def grey(film: NDArray[np.uint8]) -> torch.Tensor:
    return torch.tensor([float(film.mean())])


@dataclass
class Models:
    target: TargetModel = field(default_factory=lambda: TargetModel(Wide().eval(), grey, (), "wide", "wide"))
    vlm: OneVector = field(default_factory=OneVector)
    device: torch.device = CPU


def floor(probing: TinyFilms) -> None:
    with ThreadPoolExecutor(READERS) as threads:
        pieces = [probing.images[start::READERS] for start in range(READERS)]
        list(threads.map(lambda piece: [hashlib.sha256(probing.read(image)).hexdigest() for image in piece], pieces))


def image_stage(probing: TinyFilms, config: RunConfig, path: Path) -> None:
    """Computes and stores all parts as engine.run.image_stage does in an unfinished run."""
    models = Models()
    with WorkFile(path) as work:
        results = ImageResults(PARTS, work, [])
        worker = ImageWorker(config, Films(probing, by_name=False), PARTS, models)
        with closing(worker.pieces(range(len(probing.images)), results.claim)) as pieces:
            for piece in pieces:
                if piece.computed is not None:
                    results.put(piece.computed)


def read_back(probing: TinyFilms, path: Path) -> None:
    films = Films(probing, by_name=False)
    with ThreadPoolExecutor(READERS) as threads:
        films.look_up(range(len(probing.images)), threads, keep=False)
    with WorkFile(path) as work:
        batches = ImageResults(PARTS, work, []).batches(films.all_keys())
        assert sum(batch.usable for batch in batches) == len(probing.images)


def main() -> None:
    images = int(sys.argv[1]) if len(sys.argv) > 1 else 112_120
    probing = TinyFilms(images)
    with tempfile.TemporaryDirectory() as scratch:
        config = load_config(tiny_project(Path(scratch), films=1), ["run.batch_size=32"])
        path = Path(scratch, "work")
        tasks: dict[str, Callable[[], None]] = {
            "reading and hashing alone": lambda: floor(probing),
            "computing and keeping all": lambda: image_stage(probing, config, path),
            "finding all of them there": lambda: image_stage(probing, config, path),
            "finding and reading all": lambda: read_back(probing, path),
        }
        floor(probing)
        lowest = None
        for name, task in tasks.items():
            start = time.process_time()
            task()
            taken = time.process_time() - start
            lowest = lowest or taken
            print(f"{name}: {1e6 * taken / images:.0f} µs an image, {taken / lowest:.1f} times the floor")
        print(f"work file: {path.stat().st_size / images:.0f} bytes an image")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
