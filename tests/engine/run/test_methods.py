"""A run encodes other templates and captions, computes methods once, and computes nothing else for their sake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine import methods
from engine.annotation.cuts import Cuts
from engine.config.settings import load_config
from engine.errors import MammiError
from engine.methods.context import MethodContext
from engine.methods.films import film_batches
from engine.methods.panel import Panel
from engine.requery import Requery
from engine.run.text_stage import compares_bare
from engine.store.reader import RunReader
from engine.store.records import MethodScore
from tests.support import counting_method
from tests.support.models import tiny_project, tiny_vlm, write_film
from tests.support.tiny_runs import compute, counted_calls

Calls = dict[str, list[int]]
COUNTING = "methods.counting={}"
OTHERS = 'run.other_templates=["a film of a", "findings:"]'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return counted_calls(monkeypatch)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls of a computed method named counting."""
    for kinds in (methods.KINDS, methods.COMPUTED):
        monkeypatch.setitem(kinds, "counting", "tests.support.counting_method")
    counting_method.asked.clear()
    return counting_method.asked


def opened(project: Path) -> RunReader:
    return RunReader(project.with_name("tiny.duckdb"))


def with_reports(project: Path) -> tuple[str, ...]:
    """Overrides that make of the films a set with reports, for falcon's captions."""
    reports = ("The heart is large. There is a mass.", "No effusion.")
    rows = [f'{index:03}.png,"{reports[index % 2]}"' for index in range(14)]
    (project.parent / "labels.csv").write_text("\n".join(["path,report", *rows]))
    return ("probing.kind=csv", "probing.csv=labels.csv", "methods.falcon={}")


def test_other_templates_encode_their_own_texts_only(project: Path, calls: Calls) -> None:
    compute(project)
    heard = compute(project, OTHERS)
    assert heard.computed["concepts"] == 2 * 6
    assert (len(calls["target"]), len(calls["images"]), sum(calls["texts"])) == (4, 4, 6 + 2 * 6)
    with opened(project) as reader:
        assert reader.other_templates == ("a film of a", "findings:")
        texts, template = reader.arrays.other_template(1)
    compute(project, "run.template=findings:", "run.other_templates=[]")
    assert sum(calls["texts"]) == 6 + 2 * 6
    with opened(project) as reader:
        own, bare = reader.arrays.text_embeddings()
    np.testing.assert_array_equal(texts, own)
    np.testing.assert_array_equal(template, bare)


@pytest.mark.slow
def test_captions_are_encoded_without_a_template(project: Path, calls: Calls) -> None:
    given = with_reports(project)
    compute(project, *given[:2])
    compute(project, *given)
    with opened(project) as reader:
        assert len(reader.captions) == 3
        assert reader.arrays.caption_embeddings().shape == (3, 8)
        assert not any(reader.info.template in caption for caption in reader.captions)
    assert (len(calls["target"]), sum(calls["texts"])) == (4, 6 + 3)
    compute(project, *given, "run.alpha=0.8")
    assert (len(calls["target"]), sum(calls["texts"])) == (4, 6 + 3)


@pytest.mark.slow
def test_bare_concepts_are_encoded_where_they_are_compared(project: Path, calls: Calls) -> None:
    """And neither a film nor another text with them; a later run takes them over."""
    compute(project)
    with opened(project) as reader:
        concepts = reader.concepts
        assert reader.arrays.bare_text_embeddings() is None
    for given, asked in (
        (["run.parity=published"], True),
        (["run.parity=published", "methods.clip_dissect.prompted=true"], False),
        (["run.parity=published", "run.template="], False),
        (["methods.clip_dissect={}"], False),
    ):
        assert compares_bare(load_config(project, given)) == asked
    bare = "methods.clip_dissect.prompted=false"
    heard = compute(project, bare)
    assert heard.computed["concepts"] == 5
    assert (len(calls["target"]), len(calls["images"]), sum(calls["texts"])) == (4, 4, 6 + 5)
    with opened(project) as reader:
        embeddings = reader.arrays.bare_text_embeddings()
    assert compute(project, bare).notes == [f"{project.with_name('tiny.duckdb')} is up to date."]
    compute(project, bare, "run.beta=0.5")
    assert sum(calls["texts"]) == 6 + 5
    np.testing.assert_allclose(embeddings, tiny_vlm(torch.device("cpu")).encode_texts(concepts), rtol=1e-6)
    compute(project)
    with opened(project) as reader:
        assert reader.arrays.bare_text_embeddings() is None


@pytest.mark.slow
def test_words_of_crops_are_computed_again_for_other_captions(project: Path, calls: Calls) -> None:
    """A crop is embedded; films, concepts and known captions are not embedded again. Concept sets have no effect."""
    given = (*with_reports(project)[:2], "methods.falcon_crops.crops_each=2")
    heard = compute(project, *given)
    crops = heard.computed["falcon_crops"]
    assert crops > 0
    assert sum(calls["images"]) == 14 + crops
    assert compute(project, *given).notes == [f"{project.with_name('tiny.duckdb')} is up to date."]
    assert compute(project, *given, "run.beta=0.5").computed["falcon_crops"] == 0
    assert sum(calls["images"]) == 14 + crops
    reports = (project.parent / "labels.csv").read_text()
    (project.parent / "labels.csv").write_text(reports.replace("No effusion.", "No fracture."))
    assert compute(project, *given).computed["falcon_crops"] == crops
    assert (sum(calls["images"]), sum(calls["texts"])) == (14 + 2 * crops, 6 + 3 + 1)
    with opened(project) as reader:
        panel = Panel(reader, Requery(reader))
        assert "FALCON on crops" in [method.title for method in panel.methods]
        [concept_set] = [each.name for each in reader.concept_sets]
        answers = [panel.answer("falcon_crops", "penultimate", unit, Cuts(0.9, 0.9, concept_set)) for unit in range(6)]
        assert {"fracture", "heart"} <= {concept for answer in answers for concept in answer.concepts}


@pytest.mark.slow
def test_a_live_method_only_rewrites_the_file(project: Path, calls: Calls) -> None:
    compute(project)
    heard = compute(project, "methods.www.count=20")
    assert heard.notes == []
    with opened(project) as reader:
        assert [(method.name, method.options) for method in reader.methods] == [("www", {"count": 20})]
        assert reader.info.config["methods"] == {"www": {"count": 20}}
    assert (len(calls["target"]), len(calls["images"]), sum(calls["texts"])) == (4, 4, 6)
    assert compute(project, "methods.www.count=20").notes == [f"{project.with_name('tiny.duckdb')} is up to date."]
    assert compute(project, "methods.www.count=30").notes == []


def test_a_computed_method_is_computed_once(project: Path, calls: Calls, asked: list[str]) -> None:
    heard = compute(project, COUNTING)
    assert (heard.computed["counting"], len(asked)) == (3, 1)
    with opened(project) as reader:
        activations = reader.arrays.activations(reader.layer("logits"))
        [score] = reader.method_scores("counting", "logits", 1)
        assert score.score == pytest.approx(activations[1].mean())
        assert score.concept == f"{activations[1].argmax():03}.png"
    heard = compute(project, COUNTING)
    assert ("counting" in heard.computed, len(asked), len(heard.notes)) == (False, 1, 1)
    compute(project, COUNTING, "run.beta=0.5", "methods.www={}", OTHERS)
    assert (len(calls["target"]), len(asked)) == (4, 1)
    with opened(project) as reader:
        assert reader.method_scores("counting", "logits", 1) == [score]


@pytest.mark.parametrize(
    "override", ["methods.counting.factor=2", "target.pooling=max", "run.template=a", "probing.csv=labels.csv"]
)
def test_what_determines_a_method_computes_it_again(project: Path, asked: list[str], override: str) -> None:
    rows = [f"{index:03}.png,{'Mass' if index == 5 else ''}" for index in range(14)]
    (project.parent / "labels.csv").write_text("\n".join(["path,labels", *rows]))
    compute(project, COUNTING)
    compute(project, COUNTING, override, *(["probing.kind=csv"] if "csv" in override else []))
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("override", "times"),
    [
        ("run.template=a", 1),
        ("vlm.arguments.seed=2", 1),
        ("vlm.arguments.blind_to=005.png", 2),
        ("target.pooling=max", 2),
    ],
)
def test_a_method_that_does_not_look_at_the_vlm_is_not_computed_again_for_it(
    project: Path, asked: list[str], override: str, times: int
) -> None:
    """But for other usable images."""
    given = (COUNTING, "methods.counting.follows=false")
    compute(project, *given)
    compute(project, *given, override)
    assert len(asked) == times


def test_a_method_is_kept_as_soon_as_it_is_computed(
    project: Path, calls: Calls, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for kinds in (methods.KINDS, methods.COMPUTED):
        monkeypatch.setitem(kinds, "failing", "tests.support.counting_method")
    with pytest.raises(MammiError, match="fails on request"):
        compute(project, COUNTING, "methods.failing.fail=true")
    assert len(asked) == 2
    assert not project.with_name("tiny.duckdb").exists()
    compute(project, COUNTING, "methods.failing={}")
    assert (len(asked), len(calls["target"])) == (3, 4)
    with opened(project) as reader:
        assert reader.method_scores("counting", "first") == reader.method_scores("failing", "first") != []


def test_an_image_set_aside_is_none_of_a_method(project: Path, asked: list[str]) -> None:
    (project.parent / "films" / "003.png").write_bytes(b"no film")
    compute(project, COUNTING)
    assert asked == ["compute"]
    with opened(project) as reader:
        assert all(score.concept != "003.png" for score in reader.method_scores("counting", "first"))


def test_no_usable_image_is_told_before_any_method(project: Path, asked: list[str]) -> None:
    for film in (project.parent / "films").iterdir():
        film.write_bytes(b"")
    with pytest.raises(MammiError, match="None of the 14 images can be used"):
        compute(project, COUNTING)
    assert asked == []


def test_a_method_does_not_read_a_film_that_changed_during_the_run(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reading(options: counting_method.Options, context: MethodContext) -> list[MethodScore]:
        write_film(project.parent / "films" / "003.png", seed=500)
        for _ in film_batches(context, range(14), 4):
            pass
        return []

    monkeypatch.setattr(counting_method, "compute", reading)
    with pytest.raises(MammiError, match=r"003\.png changed while the run was going on"):
        compute(project, COUNTING)
    assert not project.with_name("tiny.duckdb").exists()
