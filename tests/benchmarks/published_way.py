"""The same annotations as the published scripts make them: how many times as long that takes.

python -m tests.benchmarks.published_way [FOLDER of films; ../shared/data/xray by default] [--units N]

The published scripts (the paper's code) find the images of each unit, pass each of them through the target model once
more and save what it sees as a JPEG file in the unit's folder. Then they read these files one by one, embed each alone,
and take the mean. A film that many units share is so passed, saved, read and embedded many times. Here each film is
passed through each model once, in batches. Both ways are given the same films, models and texts, all made in memory
before. The published way skips its VLM's text encoding, as ours does.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from engine.annotation.scoring import annotate, concept_scores
from engine.annotation.selection import representatives
from engine.config.settings import load_config
from engine.probing import folder
from engine.probing.base import Image as ProbingImage
from engine.probing.decoding import decode
from engine.run.films import Films
from engine.run.image_worker import ImageWorker
from engine.store.parts import Computed, PartKeys
from engine.targets.base import TargetModel
from engine.targets.taps import Taps
from engine.vlms.base import VLM
from tests.benchmarks.image_stage import BATCH, Models, paper_models, seconds
from tests.shared import SHARED
from tests.support.models import tiny_project

LAYER = "features.denseblock4"
ALPHA, BETA, CONCEPTS = 0.93, 0.95, 1361
Words = list[NDArray[np.int64]]


class Texts:
    """Unit vectors in place of the embeddings of the published concept set and of its template."""

    def __init__(self, dimension: int) -> None:
        made = np.random.default_rng(0).standard_normal((CONCEPTS + 1, dimension))
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        self.concepts, self.template = made[:-1], made[-1]

    def words(self, embeddings: NDArray[np.floating]) -> NDArray[np.int64]:
        return annotate(concept_scores(embeddings, self.concepts, self.template), BETA)


def published(probing: folder.FilmSet, target: TargetModel, vlm: VLM, texts: Texts, units: int, out: Path) -> Words:
    """Annotations of the first units, by the published scripts' steps."""
    activations = []
    with torch.inference_mode(), Taps(target.module, [LAYER], "mean") as taps:
        for start in range(0, len(probing.images), BATCH):
            films = [decode(probing.read(image)) for image in probing.images[start : start + BATCH]]
            taps.forward(torch.stack([target.preprocess(film) for film in films]))
            activations.append(taps.pooled()[LAYER].numpy())
    whole = np.concatenate(activations)
    for unit in range(units):
        (out / str(unit)).mkdir(parents=True)
        for rank, place in enumerate(representatives(whole[:, unit], ALPHA).tolist()):
            film = decode(probing.read(probing.images[place]))
            with torch.inference_mode():
                target.module(target.preprocess(film)[None])
            shown = target.preprocess.view(film)  # type: ignore[attr-defined]
            Image.fromarray(shown).convert("RGB").save(out / str(unit) / f"{rank:04}.jpg")
    words = []
    for unit in range(units):
        embeddings = []
        for path in sorted((out / str(unit)).iterdir()):
            view = vlm.preprocess(decode(path.read_bytes()), ProbingImage(path.name))
            embeddings.append(vlm.encode_images(view[None]).numpy()[0])
        words.append(texts.words(np.stack(embeddings)))
    return words


def ours(probing: folder.FilmSet, models: Models, texts: Texts, units: int, project: Path) -> Words:
    """Annotations of the first units, by the image stage and the pure functions."""
    settings = load_config(project, [f"run.batch_size={BATCH}", "keep.films=false", "keep.maps=false"])
    parts = PartKeys("film", "input", {LAYER: LAYER}, "embedding")
    worker = ImageWorker(settings, Films(probing, by_name=False), parts, models)
    every = frozenset(("film", "input", LAYER, "embedding"))
    made: list[Computed] = []
    with closing(worker.pieces(range(len(probing.images)), lambda _: every)) as pieces:
        made += [piece.computed for piece in pieces if piece.computed is not None]
    whole, embeddings = (rows(made, part) for part in (LAYER, "embedding"))
    return [texts.words(embeddings[representatives(whole[:, unit], ALPHA)]) for unit in range(units)]


def rows(made: list[Computed], part: str) -> NDArray[np.float32]:
    return np.concatenate([each.values for computed in made for each in computed.vectors if each.part == part])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=SHARED / "data" / "xray")
    parser.add_argument("--units", type=int, default=64)
    given = parser.parse_args()
    probing = folder.load(folder.Options(folder=given.folder), Path())
    with tempfile.TemporaryDirectory() as scratch:
        target, vlm = paper_models(Path(scratch))
        project, texts = tiny_project(Path(scratch), films=1), Texts(vlm.dimension)
        one = seconds(lambda: ours(probing, Models(target, vlm, keep=False), texts, given.units, project))
        jpegs = Path(scratch, "jpegs")
        other = seconds(lambda: published(probing, target, vlm, texts, given.units, jpegs))
        selected = [path.name for path in jpegs.rglob("*.jpg")]
    print(
        f"{len(probing.images)} films, {given.units} units of DenseNet121 with {len(selected)} representative images "
        f"(made-up weights), MedCLIP-ViT\n"
        f"the published scripts' way: {other.wall:.1f} s, {other.cpu:.1f} s of a core\n"
        f"the image stage and Eq. 2:  {one.wall:.1f} s, {one.cpu:.1f} s of a core\n"
        f"ratio: {other.wall / one.wall:.2f} by the clock, {other.cpu / one.cpu:.2f} by CPU time"
    )


if __name__ == "__main__":
    main()
