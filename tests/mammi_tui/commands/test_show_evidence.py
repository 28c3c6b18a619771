"""`mammi show --evidence` and `--methods`."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from rich.cells import cell_len

from engine.annotation.cuts import Cuts
from engine.evidence.live import Evidence
from engine.methods.panel import Panel
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.writer import assemble
from tests.support.commands import Mammi
from tests.support.runs import small_contents, small_run

METHODS = {"www": {"count": 5}, "tcav": {}, "netdissect": {}}


@pytest.fixture(scope="module")
def rich_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With other templates, captions and stored methods; hostile names."""
    folder = tmp_path_factory.mktemp("rich")
    return small_run(folder, hostile=True, other_templates=2, captions=12, methods=METHODS)


@pytest.fixture(scope="module")
def bare_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose images have nothing but a path."""
    contents, batches = small_contents()
    bare = [
        replace(image, patient=None, view=None, labels=(), boxes=(), polygons=(), report=None, parameters={})
        for image in contents.images
    ]
    path = tmp_path_factory.mktemp("bare") / "run.duckdb"
    assemble(path, replace(contents, images=bare), batches)
    return path


def test_the_object_of_the_contract_stays_as_it_is(mammi: Mammi, rich_run: Path) -> None:
    plain = json.loads(mammi("show", rich_run, "layer1:4", "--json").out)
    more = json.loads(mammi("show", rich_run, "layer1:4", "--evidence", "--methods", "--json").out)
    assert more.keys() - plain.keys() == {"evidence", "methods"}
    assert {key: more[key] for key in plain} == plain


@pytest.mark.parametrize("neuron", [0, 1, 2, 5, 9])
def test_the_evidence_is_the_engines(mammi: Mammi, rich_run: Path, neuron: int) -> None:
    outcome = mammi("show", rich_run, f"layer1:{neuron}", "--alpha", "0.6", "--evidence", "--json")
    assert "NaN" not in outcome.out
    shown = json.loads(outcome.out)["evidence"]
    with RunReader(rich_run) as reader:
        requery = Requery(reader)
        evidence = Evidence(reader, requery).neuron("layer1", neuron, Cuts(0.6, 0.95))
        answer = requery.neuron("layer1", neuron, Cuts(0.6, 0.95))
        concepts = reader.concepts
    assert (shown["trust"], shown["sentence"]) == (evidence.trust.name.lower(), evidence.sentence)
    assert [step["representatives"] for step in shown["alpha_path"]] == [step.count for step in evidence.alpha_path]
    ranked = answer.ranking[: max(answer.annotated, 10)].tolist()
    assert [each["concept"] for each in shown["concepts"]] == [concepts[concept] for concept in ranked]
    for each, concept in zip(shown["concepts"], ranked, strict=True):
        assert (each["score"], each["z"]) == (answer.scores[concept], evidence.z_scores[concept])
        assert each["q"] == evidence.q_values[concept]
    assert [label["label"] for label in shown["labels"]] == [label.label for label in evidence.enrichments]
    assert [found["value"] for found in shown["confounds"]] == [found.value for found in evidence.confounds]
    if ranked:
        assert [each["template"] for each in shown["templates"]] == [name for name, _ in evidence.template_bests]


def test_the_methods_are_the_panels(mammi: Mammi, rich_run: Path) -> None:
    shown = json.loads(mammi("show", rich_run, "layer1:4", "--methods", "--json").out)["methods"]
    with RunReader(rich_run) as reader:
        panel = Panel(reader, Requery(reader))
        answers = [(method, method.neuron("layer1", 4, Cuts(0.93, 0.95))) for method in panel.methods]
    assert [each["method"] for each in shown] == [method.name for method, _ in answers]
    assert {"mammi", "mammi_z", "www", "clip_dissect", "falcon", "tcav", "netdissect"} == {
        each["method"] for each in shown
    }
    for each, (method, answer) in zip(shown, answers, strict=True):
        assert (each["title"], each["note"]) == (method.title, answer.note)
        count = max(answer.annotated, min(10, len(answer.concepts)))
        assert [line["concept"] for line in each["concepts"]] == list(answer.concepts[:count])
        assert sum(line["annotated"] for line in each["concepts"]) == answer.annotated
        assert all(("p_value" in line) == (answer.p_values is not None) for line in each["concepts"])
        assert all(("detail" in line) == bool(answer.details) for line in each["concepts"])


@pytest.mark.parametrize("neuron", range(14))
@pytest.mark.parametrize("alpha", [0.4, 0.93])
def test_the_text_fits_80_cells_and_holds_nothing_for_the_terminal(
    mammi: Mammi, rich_run: Path, neuron: int, alpha: float
) -> None:
    outcome = mammi("show", rich_run, f"layer1:{neuron}", "--alpha", alpha, "--evidence", "--methods")
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert [c for c in outcome.out.replace("\n", "") if unicodedata.category(c) in {"Cc", "Cf"}] == []
    assert not any(before == after == "" for before, after in pairwise(lines))


def test_a_dead_unit_has_a_sentence_and_no_figures(mammi: Mammi, rich_run: Path) -> None:
    lines = mammi("show", rich_run, "layer1:0", "--evidence").out.splitlines()
    assert lines[1:] == [
        "dead: the activation is 0.25 on every image",
        "",
        "Do not trust: dead, the same activation on every image.",
    ]
    assert mammi("show", rich_run, "layer1:0", "--methods").status == 0


@pytest.mark.slow
def test_a_run_without_labels_patients_views_and_templates(mammi: Mammi, bare_run: Path) -> None:
    for alpha in ("0.2", "0.93", "1"):
        outcome = mammi("show", bare_run, "layer1:4", "--alpha", alpha, "--evidence")
        assert outcome.status == 0
        assert "most common" not in outcome.out
        assert "patient" not in outcome.out
        assert "template" not in outcome.out
        shown = json.loads(mammi("show", bare_run, "layer1:4", "--alpha", alpha, "--evidence", "--json").out)
        assert (shown["evidence"]["labels"], shown["evidence"]["confounds"]) == ([], [])
        assert shown["evidence"]["template_agreement"] is None


def test_only_the_concepts_of_a_set_have_evidence(mammi: Mammi, two_sets_path: Path) -> None:
    shown = json.loads(
        mammi("show", two_sets_path, "layer1:4", "--concept-set", "set 1", "--evidence", "--methods", "--json").out
    )
    with RunReader(two_sets_path) as reader:
        members = {reader.concepts[concept] for concept in reader.concept_sets[1].concepts}
    assert {each["concept"] for each in shown["evidence"]["concepts"]} <= members
    assert {line["concept"] for each in shown["methods"] for line in each["concepts"]} <= members


def test_the_methods_stand_side_by_side(mammi: Mammi, rich_run: Path) -> None:
    text = mammi("show", rich_run, "layer1:4", "--methods").out
    shown = json.loads(mammi("show", rich_run, "layer1:4", "--methods", "--json").out)["methods"]
    heading = text.splitlines()[4]
    assert heading.split()[0] == shown[0]["title"]
    assert heading.index("WWW") > heading.index("MAMMI")
    assert text.count("* ") - text.count("* in the") == sum(
        line["annotated"] for each in shown for line in each["concepts"]
    )
