"""Films a second in the image stage, compared with the same two forward passes on tensors already in memory.

python -m tests.benchmarks.image_stage [FOLDER of films; ../shared/data/xray by default]

The models are the paper's, DenseNet121 and MedCLIP-ViT at full size, with made-up weights. Both ways take turns. The
figures are the medians of their films a second, and the median of the ratios of all turns.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import torch
from torchvision.models import densenet121

from engine.config.settings import load_config
from engine.probing import folder
from engine.probing.decoding import decode
from engine.run.films import Films
from engine.run.image_pass import ImagePass
from engine.run.image_results import ImageResults
from engine.run.loading import Loader
from engine.store.parts import PartKeys
from engine.store.work import WorkFile
from engine.targets.base import TargetModel
from engine.targets.preprocessing import Preprocessing
from engine.vlms import medclip
from engine.vlms.base import VLM
from tests.shared import SHARED
from tests.support.medclip_files import write_medclip
from tests.support.models import tiny_project

BATCH = 16
CPU = torch.device("cpu")
TURNS = 5


@dataclass
class Models:
    target: TargetModel
    vlm: VLM
    device: torch.device = CPU


def seconds(task: Callable[[], None]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def main() -> None:
    films = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED / "data" / "xray"
    probing = folder.load(folder.Options(folder=films), Path())
    target = TargetModel(densenet121(num_classes=14).eval(), Preprocessing(), (), "densenet121", "densenet121")
    with tempfile.TemporaryDirectory() as scratch:
        made = write_medclip(Path(scratch, "medclip"))
        options = medclip.Options(weights=made.folder, tokenizer=made.tokenizer)
        vlm = medclip.load(options, Path(), torch.device("cpu"))
        settings = load_config(tiny_project(Path(scratch), films=1))
        models = Models(target, vlm)
        inputs = in_memory(probing, target, vlm)

        def bare() -> None:
            with torch.inference_mode():
                for for_target, for_vlm in inputs:
                    target.module(for_target)
                    vlm.encode_images(for_vlm)

        layers = {name: name for name in ("features.denseblock4", "logits")}
        parts = PartKeys("film", "input", layers, "embedding")

        def stage() -> None:
            films = Films(probing, by_name=False)
            loader = Loader(films, parts, models, settings.run.thumbnail_size)
            with WorkFile(Path(scratch, f"{time.monotonic_ns()}.work")) as work:
                results = ImageResults(parts, work, [])
                batches = closing(loader.batches(BATCH, results.claim))
                with batches as prepared, ImagePass(settings, parts, models) as image_pass:
                    for batch in prepared:
                        if batch.images:
                            results.put(image_pass.compute(batch.images))

        bare()
        turns = [(seconds(bare), seconds(stage)) for _ in range(TURNS)]
    report(len(probing.images), turns)


def in_memory(probing: folder.FilmSet, target: TargetModel, vlm: VLM) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The inputs of both models, a pair for each batch."""
    pairs = []
    for start in range(0, len(probing.images), BATCH):
        images = probing.images[start : start + BATCH]
        decoded = [decode(probing.read(image)) for image in images]
        for_target = torch.stack([target.preprocess(film) for film in decoded])
        for_vlm = torch.stack([vlm.preprocess(film, image) for film, image in zip(decoded, images, strict=True)])
        pairs.append((for_target, for_vlm))
    return pairs


def report(films: int, turns: list[tuple[float, float]]) -> None:
    bare, stage = (films / statistics.median(times) for times in zip(*turns, strict=True))
    ratios = sorted(from_memory / from_files for from_memory, from_files in turns)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"DenseNet121 and MedCLIP-ViT on {films} films: {bare:.1f}/s from memory, {stage:.1f}/s in the image stage")
    print(f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
