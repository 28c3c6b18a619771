"""MAMMI and WWW over a run file equal the pure functions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.annotation import scoring, selection
from engine.annotation.cuts import Cuts
from engine.errors import MammiError
from engine.methods import mammi, www
from engine.methods.base import Method
from tests.support.method_runs import LAYER, Opened, opened_run


def _expected(opened: Opened, images: np.ndarray, members: list[int], beta: float) -> tuple[list[str], np.ndarray, int]:
    contents = opened.contents
    scores = scoring.concept_scores(opened.embeddings[images], contents.text_embeddings, contents.template_embedding)
    ranking = scoring.rank(scores[members])
    names = [contents.concepts[members[place]] for place in ranking]
    return names, scores[members][ranking], len(scoring.annotate(scores[members], beta))


@pytest.mark.slow
@pytest.mark.parametrize("concept_set", [None, "set 1"])
@pytest.mark.parametrize("count", [1, 40, 300, 1000])
def test_www_scores_the_most_activating_images(count: int, concept_set: str | None, tmp_path: Path) -> None:
    """Counts below one block of the store, above one, and above the number of images; unit 2 has many ties."""
    with opened_run(tmp_path, images=700, sets=2) as opened:
        method = www.load(www.Options(count=count), opened.reader, opened.requery)
        members = opened.requery.members(concept_set).tolist()
        for unit in range(1, 8):
            images = np.argsort(-opened.activations[LAYER][:, unit], kind="stable")[:count]
            answer = method.neuron(LAYER, unit, Cuts(0.93, 0.8, concept_set))
            names, scores, annotated = _expected(opened, images, members, 0.8)
            assert list(answer.concepts) == names
            np.testing.assert_allclose(answer.scores, scores, rtol=0, atol=1e-12)
            assert answer.annotated == annotated
            assert (answer.note == "") == (annotated > 0)


@pytest.mark.parametrize("concept_set", [None, "set 1"])
def test_mammi_scores_the_representative_images(concept_set: str | None, tmp_path: Path) -> None:
    with opened_run(tmp_path, images=300, sets=2) as opened:
        method = mammi.load(mammi.Options(), opened.reader, opened.requery)
        members = opened.requery.members(concept_set).tolist()
        for unit in range(1, 8):
            images = selection.representatives(opened.activations[LAYER][:, unit], 0.6)
            answer = method.neuron(LAYER, unit, Cuts(0.6, 0.8, concept_set))
            names, scores, annotated = _expected(opened, images, members, 0.8)
            assert list(answer.concepts) == names
            np.testing.assert_allclose(answer.scores, scores, rtol=0, atol=1e-12)
            assert answer.annotated == annotated


def test_www_says_where_it_takes_all_images(tmp_path: Path) -> None:
    with opened_run(tmp_path, images=24) as opened:
        titles = [www.load(www.Options(count=count), opened.reader, opened.requery).title for count in (23, 24, 40)]
    assert titles == ["WWW (top 23 images)", "WWW (top 24 images)", "WWW (top 40 images: all 24)"]


def test_an_answer_without_concepts_says_why(tmp_path: Path) -> None:
    with opened_run(tmp_path) as opened:
        ours = mammi.load(mammi.Options(), opened.reader, opened.requery)
        fixed = www.load(www.Options(count=1), opened.reader, opened.requery)
        for method in (ours, fixed):
            dead = method.neuron(LAYER, 0, Cuts(0.93, 0.95))
            assert (dead.concepts, len(dead.scores), dead.annotated) == ((), 0, 0)
            assert "Dead" in dead.note
            negative = method.neuron(LAYER, 1, Cuts(0.93, 0.95))
            assert negative.annotated == 0
            assert len(negative.concepts) == 25
            assert "template" in negative.note
        assert "α 1" in ours.neuron(LAYER, 3, Cuts(1.0, 0.95)).note


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    with opened_run(tmp_path) as opened:
        methods: list[Method] = [
            mammi.load(mammi.Options(), opened.reader, opened.requery),
            www.load(www.Options(), opened.reader, opened.requery),
        ]
        for method in methods:
            with pytest.raises(MammiError, match="layer0"):
                method.neuron("layer8", 0, Cuts(0.9, 0.9))
            with pytest.raises(MammiError, match="0 to 7"):
                method.neuron(LAYER, 8, Cuts(0.9, 0.9))
            with pytest.raises(MammiError, match="word_list"):
                method.neuron(LAYER, 3, Cuts(0.9, 0.9, "word_lists"))
            with pytest.raises(ValueError, match="beta"):
                method.neuron(LAYER, 3, Cuts(0.9, 1.1))
            with pytest.raises(ValueError, match="alpha"):
                method.neuron(LAYER, 3, Cuts(-0.1, 0.9))
