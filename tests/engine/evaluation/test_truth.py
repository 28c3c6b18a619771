"""What units follow, and whether concepts name it, against brute force."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from engine.evaluation.truth import CLEAR, FEWEST, Truth, aurocs, exchange, followed_by_each, truths
from engine.probing.findings import FINDINGS
from engine.probing.phantom.parameter_words import PARAMETER_WORDS, VIEW_WORDS
from engine.probing.phantom.probing_set import Options, load

NO_LABELS = ((), np.empty((100, 0), dtype=bool))
NO_PARAMETERS = ((), np.empty((100, 0)))
NO_VIEWS = (None,) * 100


def test_the_auroc_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(0)
    activations = np.round(rng.normal(size=(4, 60)), 1).astype(np.float32)  # with ties
    activations[3] = 0.5
    members = rng.random((3, 60)) < 0.4
    found = aurocs(activations, members)
    for unit in range(4):
        for truth in range(3):
            inside, outside = activations[unit, members[truth]], activations[unit, ~members[truth]]
            pairs = np.sign(inside[:, None] - outside[None, :])
            assert found[unit, truth] == pytest.approx((pairs.mean() + 1) / 2)
    assert found[3].tolist() == [0.5] * 3


def test_a_unit_follows_the_truth_that_it_separates_best() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.random((2, 400)) < 0.3
    candidates = [Truth("first", frozenset(), first), Truth("second", frozenset(), second)]
    noise = rng.normal(size=(4, 400))
    activations = np.stack([3 * first, 3 * second + first, np.zeros(400), -3 * first]) + noise
    for found in followed_by_each(activations.astype(np.float32), candidates).values():
        assert [truth.name if truth else None for truth in found] == ["first", "second", None, None]


def test_noise_is_clearly_followed_by_almost_no_unit() -> None:
    rng = np.random.default_rng(2)
    members = np.zeros((30, 1000), dtype=bool)
    for truth in members:
        truth[rng.choice(1000, FEWEST, replace=False)] = True
    areas = aurocs(rng.normal(size=(300, 1000)).astype(np.float32), members)
    assert (areas.max(axis=1) >= CLEAR).mean() < 0.01


def test_parameters_give_their_highest_and_lowest_fifth() -> None:
    values = np.column_stack([np.arange(100.0), np.full(100, 3.0), np.where(np.arange(100) < 9, 1, np.nan)])
    found = truths(NO_LABELS, (("inspiration", "constant", "severity of Mass"), values), NO_VIEWS)
    assert [truth.name for truth in found] == ["high inspiration", "low inspiration"]
    assert [np.flatnonzero(truth.images)[[0, -1]].tolist() for truth in found] == [[80, 99], [0, 19]]
    high, low = (truth.words for truth in found)
    assert "inspiration" in high & low
    assert "low lung volumes" in low - high


def test_labels_and_views_have_words_and_rare_ones_are_left_out() -> None:
    table = np.zeros((100, 3), dtype=bool)
    table[:30, 0] = table[: FEWEST - 1, 1] = table[: 101 - FEWEST, 2] = True
    found = truths((("Pleural_Thickening", "Hernia", "common"), table), NO_PARAMETERS, ("PA",) * 60 + (None,) * 40)
    assert {truth.name: int(truth.images.sum()) for truth in found} == {"Pleural_Thickening": 30, "PA view": 60}
    assert {"pleural thickening", "thickening"} <= found[0].words
    assert "posteroanterior" in found[1].words


def test_without_truths_no_unit_follows_one() -> None:
    assert truths(NO_LABELS, NO_PARAMETERS, NO_VIEWS) == []
    assert all(found == [None] * 3 for found in followed_by_each(np.zeros((3, 100), dtype=np.float32), []).values())


def test_every_parameter_and_view_of_phantoms_has_words() -> None:
    images = load(Options(count=300), None).images  # type: ignore[arg-type]
    parameters = {name for image in images for name in image.parameters if not name.startswith("severity of ")}
    assert parameters == set(PARAMETER_WORDS)
    assert {image.view for image in images} == set(VIEW_WORDS)
    for words in PARAMETER_WORDS.values():
        assert all(word == word.lower() and "_" not in word for word in (*words.always, *words.high, *words.low))


def test_every_finding_is_named_by_a_noun_of_phantom_reports() -> None:
    from engine.evaluation.synonyms import nih14_synonyms
    from engine.names import compared
    from engine.probing.phantom.lexicon import LEXICON

    for finding in FINDINGS:
        label = compared(finding)
        assert any(LEXICON.get(word, "").startswith("NN") for word in {label, *nih14_synonyms()[label]})


def test_chance_is_what_exchanged_concepts_would_hit() -> None:
    concepts = [("heart",), ("mass", "heart"), ("lung",), ()]
    words = [frozenset({"heart"}), frozenset({"mass"}), frozenset({"mass", "lung"}), frozenset({"lung"})]
    hits = np.array([[bool(set(given) & own) for given in concepts] for own in words])
    shares = [hits[range(4), order].mean() for order in permutations(range(4))]
    found = exchange(concepts, words)
    assert found.hit_rate == 0.75
    assert found.chance == pytest.approx(np.mean(shares))
    assert found.p_value == pytest.approx(np.mean(np.array(shares) >= 0.75), abs=0.02)


def test_concepts_that_suit_all_units_are_worth_nothing() -> None:
    found = exchange([("mass",)] * 8, [frozenset({"mass"})] * 8)
    assert (found.hit_rate, found.chance, found.p_value) == (1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="no units"):
        exchange([], [])
