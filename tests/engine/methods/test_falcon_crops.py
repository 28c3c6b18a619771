"""FALCON on crops: the words of a unit come from what activates it, by brute force and in a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from engine.config.settings import load_config
from engine.errors import ConfigError
from engine.methods import falcon_crops
from engine.methods.context import MethodContext
from engine.methods.falcon_crops import Options
from engine.probing.base import Image
from engine.store.records import MethodScore
from engine.testing.context import SmallVLM
from tests.support.method_context import method_context
from tests.support.models import TinyClassifier, tiny_project

SENTENCES = ("Large effusion.", "Small nodule.", "Clear lungs.", "Enlarged heart.", "Fractured rib.", "Pleural scar.")
SIDE = 32


def _context(batch_size: int = 4) -> MethodContext:
    rng = np.random.default_rng(2)
    films = [rng.integers(0, 256, (SIDE, SIDE), dtype=np.uint8) for _ in range(24)]
    for number, film in enumerate(films):
        row, column = 4 * (number % 6), 3 * (number % 5)
        film[row : row + 10, column : column + 12] //= 8
    torch.manual_seed(1)
    images = [Image(f"{number}.png") for number in range(24)]
    context = method_context(films, images, TinyClassifier(3), ["second", "logits"], "abc", batch_size=batch_size)
    vlm = SmallVLM()
    views = torch.stack([vlm.preprocess(film, images[0]) for film in films])
    embeddings = rng.normal(size=(len(SENTENCES), 8)).astype(np.float32) + vlm.encode_images(views).mean(0).numpy()
    return replace(
        context,
        image_embeddings=vlm.encode_images(views).numpy(),
        captions=SENTENCES,
        caption_embeddings=functional.normalize(torch.from_numpy(embeddings), dim=1).numpy(),
    )


def _crop(context: MethodContext, image: int, layer: str, unit: int, share: float) -> torch.Tensor:
    """The VLM's input for a crop of one film, with boxes found pixel by pixel from the seed of the largest island."""
    module = context.target.module
    film = torch.from_numpy(np.asarray(_film(context, image), np.float32) / 255)[None, None]
    with torch.no_grad():
        maps = module.second(module.relu(module.first(film)))[0]
        heat = maps[unit] if layer == "second" else (module.classifier.weight[unit][:, None, None] * maps).sum(0)
    heat = heat.relu()
    active = (heat >= heat.min() + share * (heat.max() - heat.min())).numpy()
    best = (0, 0, SIDE, SIDE) if heat.max() == 0 else _largest(active)
    left, top, right, bottom = best
    return SmallVLM().preprocess(_film(context, image)[top:bottom, left:right], context.images[0])


def _film(context: MethodContext, image: int) -> np.ndarray:
    from engine.probing.decoding import decode

    return decode(context.probing.read(context.images[image]))


def _largest(active: np.ndarray) -> tuple[int, int, int, int]:
    """The largest box of an island, by flooding."""
    left = {(int(row), int(column)) for row, column in np.argwhere(active)}
    boxes = []
    while left:
        start = min(left)
        left.remove(start)
        island, edge = {start}, [start]
        while edge:
            row, column = edge.pop()
            for near in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
                if near in left:
                    left.remove(near)
                    island.add(near)
                    edge.append(near)
        rows, columns = zip(*island, strict=True)
        boxes.append((min(columns), min(rows), max(columns) + 1, max(rows) + 1))
    return max(boxes, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))


def _words(embeddings: np.ndarray, context: MethodContext) -> dict[str, float]:
    fits = torch.from_numpy(100 * embeddings @ context.caption_embeddings.T).softmax(1).numpy()
    totals: dict[str, float] = {}
    for of_image in fits:
        for caption in np.argsort(-of_image)[:5]:
            for word in SENTENCES[caption].lower().rstrip(".").split():
                totals[word] = totals.get(word, 0.0) + of_image[caption] / len(fits)
    return totals


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["second", "logits"])
@pytest.mark.parametrize("options", [Options(), Options(crops_each=3, active=0.8, limit=0.0)])
def test_words_come_from_crops_of_the_high_set(options: Options, layer: str) -> None:
    context = _context()
    found = falcon_crops.compute(options, context)
    representations = functional.normalize(torch.from_numpy(context.activations(layer)), dim=1).numpy()
    bound = representations.mean() + options.limit * representations.std(ddof=1)
    for unit in range(representations.shape[1]):
        high = np.flatnonzero(representations[:, unit] >= bound)
        strongest = sorted(high, key=lambda image: -representations[image, unit])[: options.crops_each]
        others = np.delete(representations, unit, axis=1)
        products = others @ others[high].mean(axis=0) if len(high) else np.zeros(24)
        may_be = (representations[:, unit] < representations.mean()) & (products >= 0.3)
        low = sorted(np.flatnonzero(may_be), key=lambda image: -products[image])[:10]
        own = [score for score in found if (score.layer, score.unit) == (layer, unit)]
        if len(high) == 0:
            assert own == []
            continue
        crops = torch.stack([_crop(context, image, layer, unit, options.active) for image in strongest])
        scores = _words(SmallVLM().encode_images(crops).numpy(), context)
        shared = _words(context.image_embeddings[low], context) if low else {}
        expected = {word: score for word, score in scores.items() if score > 0 and shared.get(word, 0.0) < 0.1}
        best = sorted(expected.values(), reverse=True)[:8]
        np.testing.assert_allclose([score.score for score in own], best, atol=1e-4)
        assert all(expected[score.concept] == pytest.approx(score.score, abs=1e-4) for score in own)


def test_groups_are_named_and_must_have_similar_crops() -> None:
    context = _context()
    options = Options(groups=True, group_images=1, group_alike=0.0, limit=0.5)
    found = falcon_crops.compute(options, context)
    assert found
    assert all(score.detail.startswith("unit") for score in found)
    assert falcon_crops.compute(options.model_copy(update={"group_alike": 1.0}), context) == []
    assert falcon_crops.title(options) == "FALCON on crops (groups of units, limit 0.5)"


def test_the_vlm_is_given_crops_of_what_parity_shows_it() -> None:
    context = _context()
    black = replace(context, shown_to_vlm=lambda film: np.zeros_like(film))
    assert falcon_crops.compute(Options(), context) != falcon_crops.compute(Options(), black)
    same = replace(context, shown_to_vlm=lambda film: film)
    _agree(falcon_crops.compute(Options(), context), falcon_crops.compute(Options(), same))


def _agree(first: list[MethodScore], second: list[MethodScore]) -> None:
    assert [(each.layer, each.unit, each.concept) for each in first] == [
        (each.layer, each.unit, each.concept) for each in second
    ]
    np.testing.assert_allclose([each.score for each in first], [each.score for each in second], atol=1e-6)


def test_a_vlm_that_takes_no_films_is_refused_before_anything(tmp_path: Path) -> None:
    project = tiny_project(tmp_path)
    before, vlm, after = project.read_text().partition("[vlm]")
    rest = after.partition("\n[")[2]
    project.write_text(f'{before}{vlm}\nkind = "precomputed"\nimages = "a.parquet"\ntexts = "b.parquet"\n[{rest}')
    load_config(project, ["methods.falcon={}"])
    with pytest.raises(ConfigError, match=r"\[methods\.falcon_crops\].*precomputed.*leave it out"):
        load_config(project, ["methods.falcon_crops={}"])
