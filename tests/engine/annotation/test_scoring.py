"""Concept scores and annotations: the published code's figures, and what must hold for any embeddings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.annotation.scoring import annotate, concept_scores, rank
from engine.annotation.selection import representatives
from tests.shared import shared_path

SCORES = arrays(np.float64, st.integers(1, 40), elements=st.floats(-1, 1) | st.sampled_from([-0.5, 0.0, 0.5]))
BETA = st.floats(0, 1)
SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("number", range(6))
def test_the_published_annotations(number: int) -> None:
    golden = np.load(shared_path("goldens", f"mammi_{number}.npz"), allow_pickle=False)
    ends = np.cumsum(golden["concept_count"])
    for unit, end in enumerate(ends):
        start = end - golden["concept_count"][unit]
        images = representatives(golden["activations"][:, unit], float(golden["alpha"]))
        if len(images) == 0:
            assert start == end
            continue
        scores = concept_scores(golden["image_features"][images], golden["text_features"], golden["template_feature"])
        chosen = annotate(scores, float(golden["beta"]))
        assert chosen.tolist() == golden["concept"][start:end].tolist()
        published = golden["weight_sum"][start:end] / golden["count"][unit]
        np.testing.assert_allclose(scores[chosen], published, rtol=0, atol=1e-6)


def test_the_formula_by_hand() -> None:
    scores = concept_scores([[2.0, 0.0], [0.0, 3.0]], [[0.0, 5.0], [1.0, 0.0]], [-1.0, 0.0])
    assert scores.tolist() == [1.0, 1.0]
    assert concept_scores([[2.0, 0.0]], [[0.0, 5.0], [1.0, 0.0]], [-1.0, 0.0]).tolist() == [1.0, 2.0]


@given(SEEDS, st.integers(1, 30), st.integers(1, 10), st.integers(1, 8))
def test_order_length_and_repetition_of_images_do_not_matter(seed: int, n: int, m: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    images, texts, template = rng.normal(size=(n, d)), rng.normal(size=(m, d)), rng.normal(size=d)
    scores = concept_scores(images, texts, template)
    expected = [np.mean([_cosine(image, text) - _cosine(image, template) for image in images]) for text in texts]
    np.testing.assert_allclose(scores, expected, atol=1e-12)
    shuffled = concept_scores(rng.permutation(images), texts, template)
    np.testing.assert_allclose(shuffled, scores, atol=1e-12)
    scaled = concept_scores(images * rng.uniform(0.5, 2, size=(n, 1)), texts * 3, template / 7)
    np.testing.assert_allclose(scaled, scores, atol=1e-12)


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@given(SCORES, BETA)
def test_the_annotation_is_the_head_of_the_ranking(scores: np.ndarray, beta: float) -> None:
    chosen = annotate(scores, beta)
    if scores.max() <= 0:
        assert chosen.tolist() == []
        return
    assert sorted(chosen.tolist()) == np.flatnonzero(scores > beta * scores.max()).tolist()
    assert chosen.tolist() == rank(scores)[: len(chosen)].tolist()


@given(SCORES, BETA, BETA)
def test_a_higher_beta_never_adds_a_concept(scores: np.ndarray, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert set(annotate(scores, high).tolist()) <= set(annotate(scores, low).tolist())


def test_equal_concepts_score_equally_and_rank_by_index() -> None:
    rng = np.random.default_rng(3)
    texts = np.tile(rng.normal(size=(1, 37)), (50, 1))
    scores = concept_scores(rng.normal(size=(9, 37)), texts, rng.normal(size=37))
    assert len(set(scores.tolist())) == 1
    assert rank(scores).tolist() == list(range(50))


def test_a_zero_embedding_gives_no_nan() -> None:
    assert concept_scores([[0.0, 0.0]], [[1.0, 0.0]], [0.0, 1.0]).tolist() == [0.0]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        concept_scores(np.empty((0, 3)), np.ones((2, 3)), np.ones(3))
    with pytest.raises(ValueError, match="dimensions differ"):
        concept_scores(np.ones((1, 3)), np.ones((2, 4)), np.ones(3))
    with pytest.raises(ValueError, match="beta"):
        annotate([1.0], 1.5)
    with pytest.raises(ValueError, match="NaN"):
        annotate([1.0, float("nan")], 0.5)
