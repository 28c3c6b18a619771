"""CLIP-Dissect and FALCON over a run file give what the published functions give on the run's arrays.

The functions are written anew here, in float32 as published: CLIP-Dissect's similarity.py
(github.com/Trustworthy-ML-Lab/CLIP-dissect), and FALCON's get_interpretable_features.py, explain_feature_group.py and
falcon_utils.py (github.com/NehaKalibhat/falcon-explain).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from engine.annotation.cuts import Cuts
from engine.methods import clip_dissect, falcon
from tests.support.method_runs import Opened, opened_run

UNITS = (60, 14)
LIVING = [unit for unit in range(UNITS[0]) if unit not in (0, 2)]
"""Not the dead unit, and not the one full of ties, whose order torch.topk leaves open"""
CUTS = Cuts(0.93, 0.95)
ALIKE = 0.05
"""In place of 0.8: these embeddings are drawn at random"""
SENTENCES = ["Large effusion.", "Small effusion.", "Nodule.", "Clear lungs.", "Enlarged heart.", "Fractured rib."]


def _wpmi(shares: Tensor, activations: Tensor, count: int, lam: float, chances: Tensor | None) -> Tensor:
    top = activations.topk(count, dim=0).indices
    logs = []
    for unit in range(activations.shape[1]):
        chosen = shares[top[:, unit]]
        inside = chosen if chances is None else 1 + chances[:, None] * (chosen - 1)
        logs.append((inside + 1e-7).log().sum(0))
    given = torch.stack(logs)
    return given - lam * (given.logsumexp(0) - np.log(len(given)))


def _soft_wpmi(similarity: Tensor, activations: Tensor) -> Tensor:
    chances = 0.998 - torch.arange(100) / 100 * (0.998 - 0.97)
    return _wpmi((10 * similarity).softmax(1), activations, 100, 1.0, chances)


def _plain_wpmi(similarity: Tensor, activations: Tensor) -> Tensor:
    return _wpmi((2 * similarity).softmax(1), activations, 28, 0.6, None)


def _cosine(similarity: Tensor, activations: Tensor) -> Tensor:
    return functional.normalize(activations, dim=0).T @ functional.normalize(similarity, dim=0)


def _cubed(similarity: Tensor, activations: Tensor) -> Tensor:
    return _cosine((similarity - similarity.mean(0)) ** 3, (activations - activations.mean(0)) ** 3)


def _rank_reorder(similarity: Tensor, activations: Tensor) -> Tensor:
    """Without the baseline, which is drawn at random but the same for all concepts of a unit. A root of a negative
    mean is NaN in the published code, which torch.max then takes for the best; here it is the worst."""
    values, top = activations.topk(int(len(activations) * 0.05), dim=0)
    errors = []
    for unit in range(activations.shape[1]):
        chosen = similarity[top[:, unit]]
        reordered = values[:, unit].flip(0)[chosen.argsort(0).argsort(0)]
        error = ((values[:, unit, None] - reordered).abs() ** 3).mean(0)
        errors.append(-error / chosen.mean(0) ** 0.5)
    return torch.stack(errors).nan_to_num(nan=-torch.inf)


MEASURES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "soft_wpmi": _soft_wpmi,
    "wpmi": _plain_wpmi,
    "cos_similarity": _cosine,
    "cos_similarity_cubed": _cubed,
    "rank_reorder": _rank_reorder,
}


@pytest.mark.slow
@pytest.mark.parametrize("measure", MEASURES)
def test_bare_concepts_give_every_hidden_unit_the_published_best_concept(measure: Any, tmp_path: Path) -> None:
    bare = np.random.default_rng(4).normal(size=(25, 16)).astype(np.float32)
    with opened_run(tmp_path, {"bare_embeddings": bare}, images=600, units=UNITS) as opened:
        images = functional.normalize(torch.from_numpy(opened.embeddings), dim=1)
        similarity = images @ functional.normalize(torch.from_numpy(bare), dim=1).T
        activations = torch.from_numpy(opened.activations["layer0"][:, 1:])
        published = MEASURES[measure](similarity, activations)
        options = clip_dissect.Options(similarity=measure, prompted=False)
        method = clip_dissect.load(options, opened.reader, opened.requery)
        best = published.max(dim=1).indices.tolist()
        for unit in LIVING:
            assert method.neuron("layer0", unit, CUTS).concepts[0] == f"concept {best[unit - 1]}"


def test_the_first_of_equal_concepts_is_the_published_best(tmp_path: Path) -> None:
    """In a layer of few units soft WPMI reaches its bound log(units) for several concepts."""
    bare = np.tile(np.random.default_rng(5).normal(size=(5, 16)).astype(np.float32), (5, 1))
    with opened_run(tmp_path, {"bare_embeddings": bare}, images=400, units=(3, 14)) as opened:
        images = functional.normalize(torch.from_numpy(opened.embeddings), dim=1)
        similarity = images @ functional.normalize(torch.from_numpy(bare), dim=1).T
        best = _soft_wpmi(similarity, torch.from_numpy(opened.activations["layer1"][:, 1:])).max(dim=1).indices
        options = clip_dissect.Options(prompted=False)
        method = clip_dissect.load(options, opened.reader, opened.requery)
        for unit in (1, *range(3, 14)):
            answer = method.neuron("layer1", unit, CUTS)
            assert answer.concepts[0] == f"concept {best[unit - 1]}"
            assert "5 concepts share the best score" in answer.note


def _high_sets(representations: Tensor, limit: float) -> dict[tuple[int, ...], list[int]]:
    bound = representations.mean() + limit * representations.std()
    return {
        (unit,): torch.where(representations[:, unit] >= bound)[0].tolist() for unit in range(representations.shape[1])
    }


def _groups(representations: Tensor, limit: float, images: Tensor) -> dict[tuple[int, ...], list[int]]:
    bound = representations.mean() + limit * representations.std()
    found: dict[tuple[int, ...], list[int]] = {}
    for image, values in enumerate(representations):
        if (values >= bound).any():
            found.setdefault(tuple(torch.where(values >= bound)[0].tolist()), []).append(image)
    found = {group: of for group, of in found.items() if len(of) > 10}
    return {group: of for group, of in found.items() if (images[of] @ images[of].T).mean() > ALIKE}


def _low_set(representations: Tensor, group: tuple[int, ...], high: list[int]) -> list[int]:
    others = [unit for unit in range(representations.shape[1]) if unit not in group]
    low = torch.where((representations[:, list(group)] < representations.mean()).all(1))[0]
    alike = (representations[low][:, others] @ representations[high][:, others].mean(0)).sort(descending=True)
    return low[alike.indices[alike.values >= 0.3]][:10].tolist()


def _words(fits: Tensor, images: list[int]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for image in images:
        values, captions = fits[image].topk(5)
        of_image: dict[str, float] = {}
        for value, caption in zip(values.tolist(), captions.tolist(), strict=True):
            for word in SENTENCES[caption].lower().rstrip(".").split():
                of_image[word] = max(of_image.get(word, 0.0), value)
        for word, value in of_image.items():
            totals[word] = totals.get(word, 0.0) + value / len(images)
    return totals


def _explained(
    opened: Opened, sets: Callable[[Tensor, Tensor], dict[tuple[int, ...], list[int]]]
) -> dict[tuple[int, ...], list[tuple[str, float]]]:
    """Each group's best eight words."""
    representations = functional.normalize(torch.from_numpy(opened.activations["layer0"]), dim=1)
    images = functional.normalize(torch.from_numpy(opened.embeddings), dim=1)
    captions = functional.normalize(torch.from_numpy(opened.contents.caption_embeddings), dim=1)
    fits = (100 * images @ captions.T).softmax(1)
    found = {}
    for group, high in sets(representations, images).items():
        shared = _words(fits, _low_set(representations, group, high))
        words = [(word, fit) for word, fit in _words(fits, high).items() if shared.get(word, 0.0) < 0.1]
        found[group] = sorted(words, key=lambda each: -each[1])[:8]
    return found


@pytest.fixture
def captioned(tmp_path: Path) -> Any:
    embeddings = np.random.default_rng(9).normal(size=(len(SENTENCES), 16)).astype(np.float32)
    changes = {"captions": SENTENCES, "caption_embeddings": embeddings}
    with opened_run(tmp_path, changes, images=600, units=(12, 3)) as opened:
        yield opened


def test_falcon_gives_every_unit_the_published_words(captioned: Opened) -> None:
    method = falcon.load(falcon.Options(), captioned.reader, captioned.requery)
    explained = _explained(captioned, lambda representations, _: _high_sets(representations, 0.25))
    for unit in range(1, 12):
        answer = method.neuron("layer0", unit, CUTS)
        _agree(answer.concepts[: answer.annotated], answer.scores, explained[(unit,)])


@pytest.mark.parametrize("limit", [1.0, 1.5])
def test_falcon_gives_units_the_published_words_of_their_groups(limit: float, captioned: Opened) -> None:
    options = falcon.Options(groups=True, limit=limit, group_alike=ALIKE)
    method = falcon.load(options, captioned.reader, captioned.requery)
    explained = _explained(captioned, lambda representations, images: _groups(representations, limit, images))
    alone = [unit for unit in range(1, 12) if sum(unit in group for group in explained) == 1]
    assert alone
    for unit in alone:
        [(group, words)] = [(group, words) for group, words in explained.items() if unit in group]
        answer = method.neuron("layer0", unit, CUTS)
        _agree(answer.concepts[: answer.annotated], answer.scores, words)
        assert all(detail.split(";")[0].split(" ", 1)[1].startswith(str(group[0])) for detail in answer.details)
    for unit in range(1, 12):
        if not any(unit in group for group in explained):
            assert method.neuron("layer0", unit, CUTS).concepts == ()


def _agree(concepts: tuple[str, ...], scores: np.ndarray, published: list[tuple[str, float]]) -> None:
    assert set(concepts) == {word for word, _ in published}
    np.testing.assert_allclose(scores[: len(concepts)], [fit for _, fit in published], atol=1e-5)
