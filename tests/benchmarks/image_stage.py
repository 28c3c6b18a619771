"""Films a second of the image stage, and of the same two forward passes on tensors already in memory.

python -m tests.benchmarks.image_stage [FOLDER of PNG or JPEG films; ../shared/data/xray by default]

The target model is torchvision's DenseNet121; the VLM costs next to nothing, so that reading and decoding must hide
behind one model. Tells the best of three.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import torch
from torchvision.models import densenet121

from engine import config
from engine.image_pass import ImagePass
from engine.known import Known
from engine.loading import Loader
from engine.probing import folder
from engine.probing.decoding import decode
from engine.progress import Silent
from engine.stages import image_stage
from engine.store.work import WorkFile
from engine.targets.base import TargetModel
from engine.targets.preprocessing import Preprocessing
from tests.shared import SHARED
from tests.support.models import TinyVLM, tiny_project

BATCH = 16
REPEATS = 3


def best(task: Callable[[int], None]) -> float:
    """Seconds of the fastest repeat."""
    times = []
    for repeat in range(REPEATS):
        start = time.perf_counter()
        task(repeat)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    films = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED / "data" / "xray"
    probing = folder.load(folder.Options(folder=films), Path())
    target = TargetModel(densenet121(num_classes=14).eval(), Preprocessing(), (), "densenet121", "densenet121")
    vlm = TinyVLM(torch.device("cpu"))
    decoded = [decode(probing.read(image)) for image in probing.images]
    starts = range(0, len(decoded), BATCH)
    image = probing.images[0]
    inputs = [
        (
            torch.stack([target.preprocess(film) for film in decoded[start : start + BATCH]]),
            torch.stack([vlm.preprocess(film, image) for film in decoded[start : start + BATCH]]),
        )
        for start in starts
    ]

    def bare(_: int) -> None:
        with torch.inference_mode():
            for for_target, for_vlm in inputs:
                target.module(for_target)
                vlm.encode_images(for_vlm)

    with tempfile.TemporaryDirectory() as scratch:
        settings = config.load(tiny_project(Path(scratch), films=1))

        def stage(repeat: int) -> None:
            image_pass = ImagePass(settings, target, ["features.denseblock4", "logits"], vlm, torch.device("cpu"))
            loader = Loader(probing, target.preprocess, vlm.preprocess, settings.run.thumbnail_size)
            with WorkFile(Path(scratch, f"{repeat}.work")) as work:
                known = Known(work, None)
                with closing(loader.batches(BATCH, image_pass.fingerprint, known.has)) as batches:
                    image_stage(batches, len(probing.images), image_pass, known, Silent())

        in_memory, from_files = (len(decoded) / best(task) for task in (bare, stage))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"DenseNet121 on {len(decoded)} films: {in_memory:.1f}/s from memory, {from_files:.1f}/s in the image stage")
    print(f"ratio {from_files / in_memory:.2f}, peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
