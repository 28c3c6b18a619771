"""Images a second of the image stage in this process, and on Ray with one and two workers; and how much waits for a
writer that is slow.

python -m tests.benchmarks.workers [FILMS of the phantom population; 256 by default]
python -m tests.benchmarks.workers --slow

Each way runs in a process of its own. Its rate counts from its first results on, so what starting takes stands beside
it: importing torch, loading both models, and for Ray the cluster. The second form gives the writer 0.5 s for each
batch, and prints the most MB that were computed and not yet written: [workers] waiting bounds them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from engine.config.settings import load_config
from engine.progress import Silent
from engine.run.pipeline import run
from engine.store.reader import RunReader
from engine.store.work import work_path
from tests.shared import ROOT
from tests.support.models import tiny_project

BATCH = 16
WAYS = {
    "this process": (),
    "1 worker": ("workers.where=ray", "workers.number=1", "workers.cpus=1"),
    "2 workers": ("workers.where=ray", "workers.number=2", "workers.cpus=1"),
}
SLOW_SIDE = 1024
SLOW_FILMS = 96
SLOW_WAITING = 16
SLOW_SECONDS = 0.5


class Watch(Silent):
    """When each batch of images was written."""

    def __init__(self) -> None:
        self.times: list[tuple[float, int]] = []
        self._images = False
        self.started = 0.0

    def stage(self, name: str, total: int) -> None:
        self._images = name == "images"
        self.started = self.started or (time.monotonic() if self._images else 0.0)

    def advance(self, steps: int, reused: int = 0) -> None:
        if self._images and steps:
            self.times.append((time.monotonic(), steps))


class SlowWatch(Watch):
    """A slow writer; it compares what was computed with what was written."""

    def __init__(self, batches: Path, work: Path) -> None:
        super().__init__()
        self._batches = batches
        self._work = work
        self.most = 0
        self.written = 0

    def advance(self, steps: int, reused: int = 0) -> None:
        super().advance(steps, reused)
        if self._images and steps:
            time.sleep(SLOW_SECONDS)
            computed = self._batches.stat().st_size if self._batches.exists() else 0
            self.most = max(self.most, computed - len(self.times))
            self.written = self._work.stat().st_size


def main() -> None:
    match sys.argv[1:]:
        case ["--one", name, films, folder]:
            one(name, int(films), Path(folder))
        case ["--slow"]:
            slow()
        case given:
            compare(int(given[0]) if given else 256)


def compare(films: int) -> None:
    load = os.getloadavg()[0]
    print(f"{films} films, batches of {BATCH}, {os.cpu_count()} cores, load {load:.1f} at the start")
    with tempfile.TemporaryDirectory() as folder:
        hashes = set()
        for name in WAYS:
            command = [sys.executable, "-m", "tests.benchmarks.workers", "--one", name, str(films), folder]
            told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
            found = json.loads(told.splitlines()[-1])
            hashes.add(found["content"])
            print(
                f"{name}: {found['rate']:.1f} films/s and {found['parts']:.1f} parts/s once it runs, "
                f"{found['first']:.1f} s to the first batch, {found['all']:.1f} s in all"
            )
        print("the same content" if len(hashes) == 1 else f"different contents: {hashes}")


def one(name: str, films: int, folder: Path) -> None:
    """Prints the figures of one way as JSON."""
    out = folder / f"{name.replace(' ', '')}.duckdb"
    overrides = [f"run.out={out}", f"run.batch_size={BATCH}", f"probing.count={films}", *WAYS[name]]
    config = load_config(ROOT / "sample_configs" / "phantom.toml", overrides)
    watch = Watch()
    start = time.monotonic()
    run(config, watch)
    (first, steps), (last, _) = watch.times[0], watch.times[-1]
    rate = (sum(count for _, count in watch.times) - steps) / (last - first)
    with RunReader(out) as reader:
        content, layers = reader.info.content_hash, len(reader.layers)
    parts = rate * (layers + 6)  # film, input, embedding, outputs, the head's inputs, class maps
    figures = {"rate": rate, "parts": parts, "first": first - watch.started, "all": time.monotonic() - start}
    print(json.dumps(figures | {"content": content}))


def slow() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project, batches = tiny_project(Path(folder), films=0), Path(folder, "batches")
        (films := Path(folder, "films")).mkdir()
        for film in range(SLOW_FILMS):
            noise = np.random.default_rng(film).integers(0, 256, (SLOW_SIDE, SLOW_SIDE), dtype=np.uint8)  # large files
            Image.fromarray(noise).save(films / f"{film:03}.bmp")
        config = load_config(
            project,
            (
                *("workers.where=ray", "workers.number=2", "workers.cpus=1", f"workers.waiting={SLOW_WAITING}"),
                *("run.batch_size=2", f"run.thumbnail_size={SLOW_SIDE}"),
                "vlm.factory=tests.support.worker_models:counted_vlm",
                f'vlm.arguments={{batches="{batches}"}}',
            ),
        )
        watch = SlowWatch(batches, work_path(config.run.out))
        run(config, watch)
        each = watch.written / len(watch.times) / 1e6
        print(
            f"{len(watch.times)} batches of {each:.2f} MB, {SLOW_SECONDS} s for each: at most {watch.most} batches, "
            f"{watch.most * each:.0f} MB, were computed and not yet written (waiting = {SLOW_WAITING})"
        )


if __name__ == "__main__":
    main()
