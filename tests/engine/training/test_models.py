"""The embedded models on held-out phantom films."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.probing.findings import FINDINGS
from engine.probing.phantom.population import HELD_OUT_SEEDS
from engine.targets import demo
from engine.training.data import Films, make_films
from engine.training.evaluate import aurocs, classifier_scores, zero_shot_scores
from engine.vlms import demo as demo_vlm
from engine.vlms.base import VLM
from engine.weights.embedded.inputs import network_input

HERE = Path()


@pytest.fixture(scope="module")
def films() -> Films:
    return make_films(HELD_OUT_SEEDS[2], 300, enriched=True, workers=1)


@pytest.fixture(scope="module")
def vlm() -> VLM:
    return demo_vlm.load(demo_vlm.Options(), HERE, torch.device("cpu"))


@pytest.mark.slow
def test_the_classifier_finds_the_findings(films: Films) -> None:
    target = demo.load(demo.Options(), HERE)
    assert target.classes == FINDINGS
    assert not target.module.training
    assert aurocs(classifier_scores(target.module, films), films).mean() > 0.8


@pytest.mark.slow
def test_the_dual_encoder_finds_the_findings_by_their_names(films: Films, vlm: VLM) -> None:
    assert aurocs(zero_shot_scores(vlm, films), films).mean() > 0.75


def test_films_of_any_size_become_inputs() -> None:
    rng = np.random.default_rng(0)
    for shape in ((256, 256), (1024, 900), (100, 128), (1, 1)):
        prepared = network_input(rng.integers(0, 256, shape, dtype=np.uint8))
        assert prepared.shape == (1, 128, 128)
        assert prepared.dtype == torch.float32
        assert torch.isfinite(prepared).all()


@pytest.mark.slow
def test_a_films_embedding_does_not_depend_on_its_batch(films: Films, vlm: VLM) -> None:
    inputs = films.pixels[:8].float() / 64 - 2
    together = vlm.encode_images(inputs)
    alone = torch.cat([vlm.encode_images(single[None]) for single in inputs])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)
    torch.testing.assert_close(together.norm(dim=1), torch.ones(8), rtol=0, atol=1e-5)


def test_a_texts_embedding_does_not_depend_on_other_texts(vlm: VLM) -> None:
    texts = ["A chest x-ray image of a", "A chest x-ray image of a pleural effusion", "No pneumothorax."]
    together = vlm.encode_texts(texts)
    for text, vector in zip(texts, together, strict=True):
        np.testing.assert_array_equal(vlm.encode_texts([text])[0], vector)
    assert not np.allclose(together[0], together[1])


@pytest.mark.parametrize(
    "text", ["", " ", "....", "\x1b[31mred", "心臓", "q" * 5000, "word " * 5000, "[bold]x[/]", "\x00"]
)
def test_any_text_has_a_unit_vector(vlm: VLM, text: str) -> None:
    vector = vlm.encode_texts([text])[0]
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_no_texts_give_no_vectors(vlm: VLM) -> None:
    assert vlm.encode_texts([]).shape == (0, vlm.dimension)


def test_an_unseen_word_lies_near_the_word_it_resembles(vlm: VLM) -> None:
    seen, unseen, other = vlm.encode_texts(["pneumothorax", "pneumothoraces", "cardiomegaly"])
    assert seen @ unseen > seen @ other
