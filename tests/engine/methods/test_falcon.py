"""FALCON over a run file: the captions of a run and the words of a neuron."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from engine.annotation.cuts import Cuts
from engine.annotation.scoring import unit_rows
from engine.errors import ConfigError, MammiError
from engine.methods import falcon
from engine.methods.falcon import Options
from tests.shared import shared_path
from tests.support.method_runs import LAYER, Opened, opened_run

SENTENCES = ["Large effusion.", "Small effusion.", "A nodule.", "Clear lungs.", "Enlarged heart.", "Fractured rib."]


def _with_captions(sentences: list[str] = SENTENCES) -> dict[str, Any]:
    embeddings = np.random.default_rng(9).normal(size=(len(sentences), 16)).astype(np.float32)
    return {"captions": sentences, "caption_embeddings": embeddings}


def _word_scores(opened: Opened, images: list[int], each: int) -> dict[str, float]:
    """The definition, computed for one image and one caption after another."""
    contents = opened.contents
    assert contents.caption_embeddings is not None
    logits = 100 * unit_rows(opened.embeddings) @ unit_rows(contents.caption_embeddings).T
    totals: dict[str, float] = {}
    for image in images:
        fits = np.exp(logits[image] - logits[image].max())
        fits /= fits.sum()
        best: dict[str, float] = {}
        for caption in np.argsort(-fits)[:each]:
            for word in contents.captions[caption].lower().rstrip(".").split():
                if word != "a":
                    best[word] = max(best.get(word, 0), fits[caption])
        for word, fit in best.items():
            totals[word] = totals.get(word, 0) + fit
    return {word: total / len(images) for word, total in totals.items()} if images else {}


@pytest.mark.parametrize(
    "options",
    [
        Options(),
        Options(limit=-0.5),
        Options(threshold=0.4, alike=0.1, captions_each=2, shared=0.05),
        Options(threshold=-0.1),
    ],
)
def test_words_are_those_of_the_definition(options: Options, tmp_path: Path) -> None:
    with opened_run(tmp_path, _with_captions(), images=300) as opened:
        method = falcon.load(options, opened.reader, opened.requery)
        representations = unit_rows(opened.activations[LAYER])
        bound = representations.mean() + options.limit * representations.std(ddof=1)
        bound = bound if options.threshold is None else options.threshold
        for unit in range(1, 8):
            high = np.flatnonzero(representations[:, unit] >= bound)
            others = np.delete(representations, unit, axis=1)
            products = others @ others[high].mean(axis=0)
            may_be = (representations[:, unit] < representations.mean()) & (products >= options.alike)
            low = sorted(np.flatnonzero(may_be), key=lambda image: -products[image])[:10]
            shared = _word_scores(opened, low, options.captions_each)
            scores = _word_scores(opened, high.tolist(), options.captions_each)
            expected = {word: score for word, score in scores.items() if shared.get(word, 0) < options.shared}
            answer = method.neuron(LAYER, unit, Cuts(0.93, 0.95))
            assert set(answer.concepts) == set(expected)
            np.testing.assert_allclose(answer.scores, [expected[word] for word in answer.concepts], atol=1e-5)
            assert (np.diff(answer.scores) <= 0).all()
            assert answer.annotated == min(8, len(expected))
            assert (answer.note == "") == (len(expected) > 0 and len(high) > 1)


def test_a_unit_has_the_words_of_its_groups(tmp_path: Path) -> None:
    """Each word at its best score, with the group as detail."""
    options = Options(groups=True, limit=1.0, group_images=3, group_alike=0.1, alike=0.1)
    with opened_run(tmp_path, _with_captions(), images=300) as opened:
        method = falcon.load(options, opened.reader, opened.requery)
        assert method.title == "FALCON (groups of units, limit 1)"
        representations = unit_rows(opened.activations[LAYER])
        bound = representations.mean() + representations.std(ddof=1)
        groups: dict[tuple[int, ...], list[int]] = {}
        for image, values in enumerate(representations):
            groups.setdefault(tuple(np.flatnonzero(values >= bound).tolist()), []).append(image)
        vectors = unit_rows(opened.embeddings)
        alike = {
            units: images
            for units, images in groups.items()
            if units and len(images) > 3 and (vectors[images] @ vectors[images].T).mean() > 0.1
        }
        assert 0 < len(alike) < len([images for images in groups.values() if len(images) > 3])
        answered = 0
        for unit in range(1, 8):
            expected: dict[str, tuple[float, str]] = {}
            for units, images in alike.items():
                if unit in units:
                    for word, score in _contrasted(opened, representations, units, images, options).items():
                        name = ("units " if len(units) > 1 else "unit ") + ", ".join(map(str, units))
                        expected[word] = max(expected.get(word, (0.0, "")), (score, f"{name}; {len(images)} images"))
            answer = method.neuron(LAYER, unit, Cuts(0.93, 0.95))
            answered += bool(expected)
            assert set(answer.concepts) == set(expected)
            for word, score, detail in zip(answer.concepts, answer.scores, answer.details, strict=True):
                assert score == pytest.approx(expected[word][0], abs=1e-5)
                assert detail == expected[word][1]
        assert answered > 1


def _contrasted(
    opened: Opened, representations: np.ndarray, units: tuple[int, ...], images: list[int], options: Options
) -> dict[str, float]:
    """The words of a group that its low set does not share."""
    others = np.delete(representations, units, axis=1)
    products = others @ others[images].mean(axis=0)
    may_be = (representations[:, units] < representations.mean()).all(axis=1) & (products >= options.alike)
    low = sorted(np.flatnonzero(may_be), key=lambda image: -products[image])[:10]
    shared = _word_scores(opened, low, 5)
    return {
        word: score for word, score in _word_scores(opened, images, 5).items() if shared.get(word, 0) < options.shared
    }


def test_a_word_of_images_that_do_not_activate_the_unit_is_dropped(tmp_path: Path) -> None:
    """All images have the same sentence as their only caption, so that every word is shared."""
    with opened_run(tmp_path, _with_captions(["Clear lungs."]), images=100) as opened:
        kept = falcon.load(Options(alike=1.0, threshold=0.25), opened.reader, opened.requery).neuron(
            LAYER, 4, Cuts(0.93, 0.95)
        )
        assert kept.concepts == ("clear", "lungs")
        dropped = falcon.load(Options(alike=0.0, threshold=0.25), opened.reader, opened.requery).neuron(
            LAYER, 4, Cuts(0.93, 0.95)
        )
        assert dropped.concepts == ()
        assert "share" in dropped.note


def test_an_answer_without_concepts_says_why(tmp_path: Path) -> None:
    with opened_run(tmp_path, _with_captions()) as opened:
        method = falcon.load(Options(threshold=1.0), opened.reader, opened.requery)
        assert "Dead" in method.neuron(LAYER, 0, Cuts(0.93, 0.95)).note
        note = method.neuron(LAYER, 4, Cuts(0.93, 0.95)).note
        assert "reaches 1" in note
        assert "methods.falcon.threshold" in note
        far = falcon.load(Options(limit=50), opened.reader, opened.requery).neuron(LAYER, 4, Cuts(0.93, 0.95))
        assert "mean + 50·std" in far.note
        assert "methods.falcon.limit" in far.note
        alone = falcon.load(Options(groups=True, group_images=300), opened.reader, opened.requery)
        assert "more than 300 images" in alone.neuron(LAYER, 4, Cuts(0.93, 0.95)).note
        with pytest.raises(MammiError, match="layer0"):
            method.neuron("layer8", 0, Cuts(0.9, 0.9))
        with pytest.raises(MammiError, match="concept set"):
            method.neuron(LAYER, 3, Cuts(0.9, 0.9, "x"))


def test_a_run_without_captions_is_refused(tmp_path: Path) -> None:
    with opened_run(tmp_path) as opened, pytest.raises(MammiError, match=r"\[methods\.falcon\]"):
        falcon.load(Options(), opened.reader, opened.requery)


def test_captions_are_cleaned_sentences_each_once(tmp_path: Path) -> None:
    reports = [
        "FINDINGS: The lungs are clear. No effusion.\nIMPRESSION: Normal \x1b[31mheart.",
        "HISTORY: Cough.\nFINDINGS: The lungs are clear. ___. It is.",
    ]
    expected = ["The lungs are clear.", "No effusion.", "Normal [31mheart."]
    assert falcon.captions(Options(), tmp_path, reports) == expected


def test_captions_can_come_from_files_instead_of_the_probing_set(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "1.txt").write_text("A large mass. A nodule.")
    (tmp_path / "more.csv").write_text("report\nA broken rib.\n")
    options = Options(reports=(Path("reports"), Path("more.csv")))
    assert falcon.captions(options, tmp_path, ["Clear."]) == ["A large mass.", "A nodule.", "A broken rib."]


def test_a_sample_is_spread_over_the_reports(tmp_path: Path) -> None:
    reports = [f"Finding{'x' * (number % 2)} {'abcdefghij'[number]}word." for number in range(10)]
    assert falcon.captions(Options(sample=4), tmp_path, reports) == [reports[place] for place in (0, 3, 6, 9)]


def test_missing_reports_or_sentences_are_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"methods\.falcon\.reports"):
        falcon.captions(Options(), tmp_path, [])
    with pytest.raises(ConfigError, match="no sentence"):
        falcon.captions(Options(), tmp_path, ["FINDINGS: ___. 12."])
    with pytest.raises(ConfigError, match="does not exist"):
        falcon.captions(Options(reports=(Path("gone"),)), tmp_path, [])


def test_captions_of_real_reports() -> None:
    captions = falcon.captions(Options(reports=(shared_path("data", "reports"),)), Path(), [])
    assert len(captions) > 1000
    assert len(set(captions)) == len(captions)
    assert any("pleural effusion" in caption for caption in captions)


@pytest.mark.parametrize(
    "options",
    [
        {"threshold": -1.5},
        {"threshold": 0.2, "limit": 1.0},
        {"limit": float("nan")},
        {"words": 0},
        {"alike": 2},
        {"report": "x"},
    ],
)
def test_settings_without_meaning_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Options(**options)


def test_reading_needs_no_tagger_and_no_torch() -> None:
    code = "import sys, engine.methods.panel, engine.methods.falcon; print({'nltk', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
