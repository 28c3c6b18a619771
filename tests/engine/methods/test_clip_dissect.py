"""CLIP-Dissect over a run file equals the pure function on the run's matrices."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from engine.annotation.cuts import Cuts
from engine.annotation.scoring import unit_rows
from engine.errors import MammiError
from engine.methods import clip_dissect
from engine.methods.clip_dissect import Options
from tests.support.method_runs import LAYER, opened_run

MEASURES = ("soft_wpmi", "wpmi", "cos_similarity", "cos_similarity_cubed", "rank_reorder")


@pytest.mark.slow
@pytest.mark.parametrize("images", [90, 700])
@pytest.mark.parametrize("concept_set", [None, "set 1"])
@pytest.mark.parametrize("measure", MEASURES)
def test_scores_equal_the_pure_function_on_living_units(
    measure: Any, concept_set: str | None, images: int, tmp_path: Path
) -> None:
    with opened_run(tmp_path, images=images, sets=2) as opened:
        method = clip_dissect.load(Options(similarity=measure), opened.reader, opened.requery)
        members = opened.requery.members(concept_set)
        expected = getattr(clip_dissect, measure)(opened.cosines[:, members], opened.activations[LAYER][:, 1:])
        for unit in range(1, 8):
            scores = expected[unit - 1]
            answer = method.neuron(LAYER, unit, Cuts(0.93, 0.95, concept_set))
            assert len(answer.concepts) == np.isfinite(scores).sum()
            assert answer.annotated == 1
            by_concept = {
                opened.contents.concepts[concept]: score for concept, score in zip(members, scores, strict=True)
            }
            np.testing.assert_allclose(
                answer.scores, [by_concept[name] for name in answer.concepts], rtol=1e-6, atol=1e-9
            )
            assert (np.diff(answer.scores) <= 0).all()


def test_settings_are_passed_on(tmp_path: Path) -> None:
    with opened_run(tmp_path, images=90) as opened:
        options = Options(similarity="wpmi", top_k=7, a=3, lam=0.1)
        expected = clip_dissect.wpmi(opened.cosines, opened.activations[LAYER][:, 1:], top_k=7, a=3, lam=0.1)
        answer = clip_dissect.load(options, opened.reader, opened.requery).neuron(LAYER, 3, Cuts(0.9, 0.9))
        np.testing.assert_allclose(answer.scores, np.sort(expected[2])[::-1], rtol=1e-9)


BARE = np.random.default_rng(4).normal(size=(25, 16)).astype(np.float32)
PARITY = {"run": {"parity": "published"}}


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("config", "options", "bare"),
    [
        ({}, {"prompted": False}, True),
        (PARITY, {}, True),
        (PARITY, {"prompted": True}, False),
        ({"run": {"parity": "none"}}, {}, False),
        ({"run": {}}, {"prompted": False, "a": None}, True),
    ],
)
def test_bare_or_prompted_concepts_are_compared(
    config: dict[str, Any], options: dict[str, Any], bare: bool, measure: str, tmp_path: Path
) -> None:
    with opened_run(tmp_path, {"bare_embeddings": BARE, "config": config}, images=150) as opened:
        method = clip_dissect.load(Options(similarity=measure, **options), opened.reader, opened.requery)  # type: ignore[arg-type]
        assert method.title.endswith(" bare)" if bare else " prompted)")
        cosines = unit_rows(opened.embeddings) @ unit_rows(BARE).T if bare else opened.cosines
        expected = getattr(clip_dissect, measure)(cosines, opened.activations[LAYER][:, 1:])
        for unit in range(1, 8):
            answer = method.neuron(LAYER, unit, Cuts(0.93, 0.95))
            scores = expected[unit - 1]
            np.testing.assert_allclose(answer.scores, np.sort(scores[np.isfinite(scores)])[::-1], rtol=2e-6, atol=1e-9)


def test_a_run_without_a_template_has_bare_concepts(tmp_path: Path) -> None:
    with opened_run(tmp_path, {"template": ""}) as opened:
        for options in (Options(), Options(prompted=False)):
            method = clip_dissect.load(options, opened.reader, opened.requery)
            assert method.title == "CLIP-Dissect (soft WPMI, bare)"
            assert method.neuron(LAYER, 3, Cuts(0.93, 0.95)).concepts


def test_a_run_without_bare_concepts_says_what_to_do(tmp_path: Path) -> None:
    with opened_run(tmp_path) as opened:
        method = clip_dissect.load(Options(prompted=False), opened.reader, opened.requery)
        with pytest.raises(
            MammiError, match=r"no bare concepts.*methods\.clip_dissect\.prompted = false.*run it again"
        ):
            method.neuron(LAYER, 3, Cuts(0.93, 0.95))


def test_the_first_of_equal_concepts_is_best(tmp_path: Path) -> None:
    """Concepts 0 and 24 have the same embedding."""
    with opened_run(tmp_path, images=300) as opened:
        for measure in MEASURES:
            method = clip_dissect.load(Options(similarity=measure), opened.reader, opened.requery)  # type: ignore[arg-type]
            concepts = method.neuron(LAYER, 5, Cuts(0.93, 0.95)).concepts
            if "concept 0" in concepts:
                assert concepts.index("concept 24") == concepts.index("concept 0") + 1


def test_the_note_counts_concepts_that_share_the_best_score(tmp_path: Path) -> None:
    """With only one living unit no concept fits the unit better than the layer: all scores are 0."""
    with opened_run(tmp_path, units=(2,)) as opened:
        answer = clip_dissect.load(Options(), opened.reader, opened.requery).neuron(LAYER, 1, Cuts(0.93, 0.95))
        assert answer.concepts[0] == "concept 0"
        assert answer.note == "25 concepts share the best score; equal ones stand in the concept set's order."
        assert list(answer.concepts) == [f"concept {number}" for number in range(25)]
        assert len(set(answer.scores)) == 1


def test_a_dead_unit_has_no_concepts_and_unknown_names_are_refused(tmp_path: Path) -> None:
    with opened_run(tmp_path) as opened:
        method = clip_dissect.load(Options(), opened.reader, opened.requery)
        assert method.neuron(LAYER, 0, Cuts(0.93, 0.95)).concepts == ()
        with pytest.raises(MammiError, match="layer0"):
            method.neuron("layer8", 0, Cuts(0.9, 0.9))
        with pytest.raises(MammiError, match="concept set"):
            method.neuron(LAYER, 3, Cuts(0.9, 0.9, "x"))
        with pytest.raises(ValueError, match="beta"):
            method.neuron(LAYER, 3, Cuts(0.9, 1.1))


def test_threads_get_the_same_answer(tmp_path: Path) -> None:
    with opened_run(tmp_path) as opened, ThreadPoolExecutor(4) as pool:
        method = clip_dissect.load(Options(), opened.reader, opened.requery)
        answers = list(pool.map(lambda _: method.neuron(LAYER, 4, Cuts(0.93, 0.95)), range(16)))
        assert len({(answer.concepts, tuple(answer.scores)) for answer in answers}) == 1


@pytest.mark.parametrize(
    "options",
    [{"similarity": "soft"}, {"top_k": 0}, {"similarity": "cos_similarity", "lam": 1}, {"p_start": 1.5}, {"k": 3}],
)
def test_settings_without_meaning_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Options(**options)
