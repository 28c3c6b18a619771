"""The image stage on a CUDA device: films a second, how busy the device is, and what limits it. Two minutes at most.

python -m tests.benchmarks.gpu [--films N] [--batch-size N] [--mixed] [--keep-maps] [--device cpu, to try the script]

The models are the paper's at full size with made-up weights; the films are made up, 1,024 pixels a side, as PNG files
in memory. It measures the decoders alone, the device alone on inputs that it holds already, and the stage with both.
The profiler's kernels say for what share of the stage's time the device computes: 85 % are to be reached, unless the
decoders take all cores. Exits with 1 where the machine has no CUDA device, or where neither is so.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as Picture
from torch.profiler import ProfilerActivity, profile

from engine.config.settings import load_config
from engine.device import precision
from engine.probing.base import Image
from engine.run.films import Films
from engine.run.image_worker import ImageWorker
from engine.run.loading import Loader, Prepared
from engine.store.parts import PartKeys
from tests.benchmarks.image_stage import LAYERS, Models, paper_models
from tests.support.models import tiny_project

BUSY = 0.85
DISTINCT = 24
PARTS = PartKeys("film", "input", {name: name for name in LAYERS}, "embedding", "outputs", "head inputs", "class maps")
EVERY = frozenset(key for key in PARTS.by_name().values() if key)


class MadeUp:
    """Films of soft shapes and noise, a few of them again and again."""

    def __init__(self, films: int) -> None:
        self.images = [Image(f"{place}.png") for place in range(films)]
        self._files = [self._file(seed) for seed in range(min(films, DISTINCT))]

    def _file(self, seed: int) -> bytes:
        chance = np.random.default_rng(seed)
        shapes = Picture.fromarray(chance.integers(0, 256, (24, 24), dtype=np.uint8)).resize((1024, 1024))
        film = np.asarray(shapes, np.float32) + chance.normal(0, 1.5, (1024, 1024))
        buffer = io.BytesIO()
        Picture.fromarray(film.clip(0, 255).astype(np.uint8)).save(buffer, "PNG")
        return buffer.getvalue()

    def read(self, image: Image) -> bytes:
        return self._files[int(image.path.partition(".")[0]) % len(self._files)]

    def content(self, image: Image) -> None:
        return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=2048)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--mixed", action="store_true")
    parser.add_argument("--keep-maps", action="store_true")
    parser.add_argument("--device", default="cuda")
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        print("This machine has no CUDA device: nothing was measured.")
        return 1
    device = torch.device(given.device)
    with tempfile.TemporaryDirectory() as scratch:
        target, vlm = paper_models(Path(scratch), device)
        models = Models(target, vlm, device)
        target.module.to(device)
        _ = models.last_part
        probing = MadeUp(given.films)
        keys = [f"run.batch_size={given.batch_size}", f"run.mixed_precision={str(given.mixed).lower()}"]
        maps = f"keep.maps={str(given.keep_maps).lower()}"
        config = load_config(tiny_project(Path(scratch), films=1), [*keys, maps])
        stage(config, MadeUp(given.batch_size * 2), models)  # warm
        decoding = rate(given.films, lambda: sum(len(each.images) for each in batches(config, probing, models)))
        bare = device_alone(models, given.batch_size, given.films, given.mixed)
        cuda = device.type == "cuda"
        with profile(activities=[ProfilerActivity.CUDA]) if cuda else nullcontext() as profiled:
            cpu, started = time.process_time(), time.perf_counter()
            stage(config, probing, models)
            wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    name = torch.cuda.get_device_name(device) if cuda else "the CPU"
    cores = cpu / wall / (os.cpu_count() or 1)
    print(f"{name}, {os.cpu_count()} cores; {given.films} films, batches of {given.batch_size}, mixed: {given.mixed}")
    print(f"decoders alone  {decoding:8.1f} films/s\ndevice alone    {bare:8.1f} films/s")
    print(f"the stage       {given.films / wall:8.1f} films/s; cores busy {cores:.0%}")
    if not cuda:
        print("The device's share is measured on CUDA alone.")
        return 0
    busy = share(profiled, wall)
    peak = torch.cuda.max_memory_allocated(device) / 1e9
    print(f"device computes {busy:8.1%} of the time (at least {BUSY:.0%}); device memory {peak:.1f} GB")
    return verdict(busy, cores, given.films / wall, decoding)


def verdict(busy: float, cores: float, stage_rate: float, decoding: float) -> int:
    """Says what limits the stage; 0 if it is the device or the cores, else 1."""
    if busy >= BUSY:
        print("The device is the limit.")
        return 0
    if cores >= BUSY or stage_rate >= 0.9 * decoding:
        print("The decoders are the limit: more cores, or more processes, would help.")
        return 0
    print("Neither is the limit: the two wait for each other.")
    return 1


def rate(films: int, task: Any) -> float:
    started = time.perf_counter()
    task()
    return films / (time.perf_counter() - started)


def batches(config: Any, probing: MadeUp, models: Models) -> Iterator[Prepared]:
    """All that the host makes of the films."""
    loader = Loader(Films(probing, by_name=False), PARTS, models, config.run.thumbnail_size)
    with closing(loader.batches(range(len(probing.images)), config.run.batch_size, lambda _: EVERY)) as made:
        yield from made


def stage(config: Any, probing: MadeUp, models: Models) -> None:
    worker = ImageWorker(config, Films(probing, by_name=False), PARTS, models)
    with closing(worker.pieces(range(len(probing.images)), lambda _: EVERY)) as pieces:
        for _ in pieces:
            pass


@torch.inference_mode()
def device_alone(models: Models, size: int, films: int, mixed: bool) -> float:
    """Both passes on inputs that the device holds."""
    target, vlm = (torch.randn(size, channels, 224, 224, device=models.device) for channels in (3, 1))
    times = max(2, min(20, films // size))

    def passes() -> None:
        with precision(models.device, mixed):
            for _ in range(times):
                models.target.module(target)
                models.vlm.encode_images(vlm)
        if models.device.type == "cuda":
            torch.cuda.synchronize()

    return rate(times * size, passes)


def share(profiled: Any, wall: float) -> float:
    """The share of the time in which at least one kernel ran."""
    ranges = sorted(
        (each.time_range.start, each.time_range.end)
        for each in profiled.events()
        if each.device_type == torch.autograd.DeviceType.CUDA
        and "Memcpy" not in each.name
        and "Memset" not in each.name
    )
    busy, until = 0.0, float("-inf")
    for start, end in ranges:
        busy += max(0.0, end - max(start, until))
        until = max(until, end)
    return busy / 1e6 / wall


if __name__ == "__main__":
    sys.exit(main())
