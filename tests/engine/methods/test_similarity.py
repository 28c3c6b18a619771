"""CLIP-Dissect's measures equal their definitions, and the published code where that is deterministic."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.annotation.scoring import unit_rows
from engine.methods import clip_dissect
from engine.methods.similarity import Cosines
from engine.store.ladder import inverse_lengths
from tests.shared import shared_path

MEASURES = ("soft_wpmi", "wpmi", "cos_similarity", "cos_similarity_cubed", "rank_reorder")
TOLERANCE = {"soft_wpmi": 2e-4, "wpmi": 5e-5, "cos_similarity": 2e-6, "cos_similarity_cubed": 2e-6}
"""The published code sums, in float32, 100 logarithms of numbers near 0.003, and 28 near log(80)"""


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.mark.parametrize("measure", TOLERANCE)
@pytest.mark.parametrize("number", [0, 1])
def test_measures_equal_the_published_outputs(number: int, measure: str) -> None:
    golden = np.load(shared_path("goldens", f"clip_dissect_{number}.npz"), allow_pickle=False)
    ours = getattr(clip_dissect, measure)(golden["clip_feats"], golden["target_feats"])
    np.testing.assert_allclose(ours, golden[measure], rtol=0, atol=TOLERANCE[measure])
    assert ours.argmax(axis=1).tolist() == golden[measure].argmax(axis=1).tolist()


def test_soft_wpmi_follows_its_definition(rng: np.random.Generator) -> None:
    similarity, activations = rng.normal(size=(30, 4)), rng.normal(size=(30, 3))
    logs = np.empty((3, 4))
    for unit, concept in np.ndindex(3, 4):
        total = 0.0
        for place, image in enumerate(np.argsort(-activations[:, unit])[:5]):
            share = np.exp(2 * similarity[image, concept]) / np.exp(2 * similarity[image]).sum()
            total += np.log(1 + (0.9 - place / 5 * (0.9 - 0.5)) * (share - 1) + 1e-7)
        logs[unit, concept] = total
    expected = logs - 0.7 * np.log(np.exp(logs).mean(axis=0))
    ours = clip_dissect.soft_wpmi(similarity, activations, top_k=5, a=2, lam=0.7, p_start=0.9, p_end=0.5)
    np.testing.assert_allclose(ours, expected, rtol=2e-6)


def test_concepts_that_float32_does_not_tell_apart_are_equal(rng: np.random.Generator) -> None:
    """As in the published code, which then takes the first. log P(D|t) is about −480 here, with steps of 3e-5."""
    similarity, activations = rng.normal(scale=0.2, size=(300, 120)), rng.normal(size=(300, 3))
    similarity[:, 100] = similarity[:, 40] + 1e-9
    similarity[:, 101] = similarity[:, 40] + 1e-6
    scores = clip_dissect.soft_wpmi(similarity, activations, lam=0)
    assert (scores[:, 100] == scores[:, 40]).all()
    assert (scores[:, 101] > scores[:, 40]).all()


def test_rank_reorder_follows_its_definition(rng: np.random.Generator) -> None:
    """The definition, with the exact mean error over all orders in place of the published five draws."""
    similarity, activations = rng.uniform(0.1, 0.5, size=(100, 6)), rng.normal(size=(100, 2))
    ours = clip_dissect.rank_reorder(similarity, activations)
    for unit in range(2):
        top = np.argsort(-activations[:, unit])[:5]
        values = activations[top, unit]
        orders = itertools.permutations(values)
        baseline = np.mean([np.mean(np.abs(values - np.array(order)) ** 3) for order in orders])
        for concept in range(6):
            of_concept = similarity[top, concept]
            given = [sorted(values)[sorted(of_concept).index(each)] for each in of_concept]
            error = np.mean(np.abs(values - given) ** 3) / baseline
            assert ours[unit, concept] == pytest.approx(-error / np.sqrt(of_concept.mean()))


def test_a_concept_that_orders_images_as_the_unit_does_is_best(rng: np.random.Generator) -> None:
    activations = rng.normal(size=(400, 1))
    similarity = np.hstack([rng.uniform(0.1, 0.2, size=(400, 5)), 0.15 + activations / 100])
    for measure in ("cos_similarity_cubed", "rank_reorder"):
        assert getattr(clip_dissect, measure)(similarity, activations).argmax() == 5


@pytest.mark.parametrize("measure", MEASURES)
def test_cosines_in_place_of_their_matrix_change_nothing(measure: str, rng: np.random.Generator) -> None:
    images = rng.normal(size=(2500, 12)).astype(np.float32)
    images[7] = 0
    texts = unit_rows(rng.normal(size=(9, 12)))
    cosines = Cosines.of(images, inverse_lengths(images), texts)
    activations = rng.normal(size=(2500, 4)).astype(np.float32)
    call = getattr(clip_dissect, measure)
    expected = call(unit_rows(images) @ texts.T, activations)
    np.testing.assert_allclose(call(cosines, activations)[:, cosines.columns], expected, rtol=1e-9)


@pytest.mark.parametrize("measure", MEASURES)
def test_cosines_count_each_of_equal_concepts(measure: str, rng: np.random.Generator) -> None:
    images, texts = rng.normal(size=(300, 33)).astype(np.float32), unit_rows(rng.normal(size=(61, 33)))
    texts[[60, 37]] = texts[2]
    cosines = Cosines.of(images, inverse_lengths(images), texts)
    assert cosines.shape == (300, 59)
    call = getattr(clip_dissect, measure)
    scores = call(cosines, images[:, :5])[:, cosines.columns]
    np.testing.assert_allclose(scores, call(unit_rows(images) @ texts.T, images[:, :5]), rtol=1e-9)
    assert (scores[:, 2] == scores[:, 60]).all()


@pytest.mark.parametrize("measure", MEASURES)
def test_constant_units_and_concepts_give_no_nan(measure: str, rng: np.random.Generator) -> None:
    similarity, activations = rng.uniform(0.1, 0.5, size=(40, 5)), rng.normal(size=(40, 3))
    similarity[:, 1] = 0
    activations[:, 2] = 0
    assert not np.isnan(getattr(clip_dissect, measure)(similarity, activations)).any()


def test_no_positive_similarity_is_the_worst_of_rank_reorder(rng: np.random.Generator) -> None:
    similarity = np.hstack([rng.uniform(0.1, 0.5, size=(60, 1)), -rng.uniform(0.1, 0.5, size=(60, 1))])
    scores = clip_dissect.rank_reorder(similarity, rng.normal(size=(60, 1)), top_fraction=0.2)
    assert np.isfinite(scores[0, 0])
    assert scores[0, 1] == -np.inf


@pytest.mark.parametrize("measure", MEASURES)
def test_one_image_is_enough(measure: str) -> None:
    assert getattr(clip_dissect, measure)(np.array([[0.2, 0.3]]), np.array([[1.0]])).shape == (1, 2)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("shapes", [((5, 2), (4, 3)), ((5,), (5, 3)), ((0, 2), (0, 3)), ((5, 0), (5, 3))])
def test_matrices_that_do_not_fit_are_refused(measure: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="same images"):
        getattr(clip_dissect, measure)(np.ones(shapes[0]), np.ones(shapes[1]))
