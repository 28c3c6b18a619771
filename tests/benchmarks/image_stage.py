"""Films a second in the image stage: compared with the same two forward passes on tensors already in memory, and with
the stage that keeps nothing for the model's decisions ([keep] films = false, maps = false).

python -m tests.benchmarks.image_stage [FOLDER of films; ../shared/data/xray by default] [--turns N] [--films N]

The models are the paper's, DenseNet121 and MedCLIP-ViT at full size, with made-up weights. The ways take turns, each
going first in turn. The figures are the medians of their films a second, and the medians of the ratios of all turns.
One more way decodes films beside the models, as for a GPU: on a CPU the two wait for each other's cores.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import torch
from torchvision.models import densenet121

from engine.config.settings import load_config
from engine.probing import folder
from engine.probing.decoding import decode
from engine.run.films import Films
from engine.run.image_results import ImageResults
from engine.run.image_worker import ImageWorker
from engine.run.loading import Loader
from engine.store.parts import PartKeys
from engine.store.work import WorkFile
from engine.targets.base import TargetModel
from engine.targets.head import LastPart, last_part
from engine.targets.outputs import Reading
from engine.targets.preprocessing import Preprocessing
from engine.targets.probe import inputs, noise
from engine.vlms import medclip
from engine.vlms.base import VLM
from tests.shared import SHARED
from tests.support.medclip_files import write_medclip
from tests.support.models import tiny_project

BATCH = 16
CPU = torch.device("cpu")
TURNS = 6
LAYERS = ("features.denseblock4", "features.norm5", "logits")
LEAST = 0.93
"""The least share of the bare passes' speed that the stage is to reach"""
BOUND = 1.08
"""The most that the stage may take with everything kept, as a multiple of the time without"""


@dataclass
class Models:
    target: TargetModel
    vlm: VLM
    device: torch.device = CPU
    readings: Mapping[str, Reading] = field(default_factory=dict)

    keep: bool = True

    @cached_property
    def last_part(self) -> LastPart:
        if not self.keep:
            return LastPart(0, "sigmoid", "", None, None, ())
        films = inputs(self.target, noise(), "noise").to(self.device)
        return last_part(
            *(self.target, LAYERS, films),
            pooling="mean",
            channels="auto",
            readings=self.readings,
            output=None,
            told="auto",
        )


@dataclass(frozen=True)
class Taken:
    """Seconds that a task took: on the clock, and of the CPU, which other processes disturb less."""

    wall: float
    cpu: float


def seconds(task: Callable[[], None]) -> Taken:
    wall, cpu = time.perf_counter(), time.process_time()
    task()
    return Taken(time.perf_counter() - wall, time.process_time() - cpu)


def paper_models(scratch: Path, device: torch.device = CPU) -> tuple[TargetModel, VLM]:
    """DenseNet121, on the CPU, and MedCLIP-ViT on the device, at full size with made-up weights."""
    target = TargetModel(densenet121(num_classes=14).eval(), Preprocessing(), (), "densenet121", "densenet121")
    made = write_medclip(scratch / "medclip")
    return target, medclip.load(medclip.Options(weights=made.folder, tokenizer=made.tokenizer), Path(), device)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=SHARED / "data" / "xray")
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--films", type=int)
    given = parser.parse_args()
    probing = folder.load(folder.Options(folder=given.folder), Path())
    probing.images = probing.images[: given.films]
    with tempfile.TemporaryDirectory() as scratch:
        target, vlm = paper_models(Path(scratch))
        project = tiny_project(Path(scratch), films=1)
        both = {keep: Models(target, vlm, keep=keep) for keep in (True, False)}
        _ = both[True].last_part  # a run looks at the model once, however many films it has
        pairs = in_memory(probing, target, vlm)

        def bare() -> None:
            with torch.inference_mode():
                for for_target, for_vlm in pairs:
                    target.module(for_target)
                    vlm.encode_images(for_vlm)

        def stage(keep: bool, beside: bool = False) -> None:
            kept_keys = [f"keep.{name}={str(keep).lower()}" for name in ("films", "maps")]
            settings = load_config(project, [f"run.batch_size={BATCH}", *kept_keys])
            models = both[keep]
            kept = ("outputs", "head inputs", "class maps") if keep else ()
            parts = PartKeys("film", "input", {name: name for name in LAYERS}, "embedding", *kept)
            films = Films(probing, by_name=False)
            with WorkFile(Path(scratch, f"{time.monotonic_ns()}.work")) as work:
                results = ImageResults(parts, work, [])
                worker = ImageWorker(settings, films, parts, models)
                Loader.beside = property(lambda _: beside)  # type: ignore[assignment, method-assign]
                with closing(worker.pieces(range(len(films.images)), results.claim)) as pieces:
                    for piece in pieces:
                        if piece.computed is not None:
                            results.put(piece.computed)

        ways = {"from memory": bare, "keeping all": partial(stage, True), "keeping less": partial(stage, False)}
        ways["decoding beside"] = partial(stage, True, True)
        bare()
        turns: dict[str, list[Taken]] = {name: [] for name in ways}
        for turn in range(given.turns):
            names = list(ways)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                turns[name].append(seconds(ways[name]))
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


def report(films: int, turns: Mapping[str, list[Taken]]) -> None:
    told = ", ".join(
        f"{films / statistics.median(taken.wall for taken in times):.1f}/s {name}" for name, times in turns.items()
    )
    print(f"DenseNet121 and MedCLIP-ViT on {films} films: {told}")
    ratio(f"from memory to keeping all (at least {LEAST})", turns["from memory"], turns["keeping all"])
    ratio(f"keeping all to keeping less (bound {BOUND})", turns["keeping all"], turns["keeping less"])
    ratio("from memory to decoding beside the models", turns["from memory"], turns["decoding beside"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")


def ratio(what: str, times: list[Taken], others: list[Taken]) -> None:
    pairs = list(zip(times, others, strict=True))
    for clock, ratios in (
        ("time", sorted(one.wall / other.wall for one, other in pairs)),
        ("CPU", sorted(one.cpu / other.cpu for one, other in pairs)),
    ):
        print(f"{clock} {what}: {statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})")


if __name__ == "__main__":
    main()
