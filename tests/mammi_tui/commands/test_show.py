"""`mammi show`: the explorer's answer, printed."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from engine.annotation.cuts import Cuts, Ranking, Selection
from engine.requery import Requery
from engine.store.reader import RunReader
from mammi_tui.verdicts.lines import Deed
from mammi_tui.verdicts.log import log_of
from tests.support.commands import Mammi
from tests.support.runs import small_run
from tests.support.verdicts import do, judge


@pytest.mark.parametrize(("alpha", "beta"), [(None, None), (0.3, 0.6), (0, 0), (1, 1)])
def test_the_json_is_the_answer_of_the_requery(
    mammi: Mammi, run_path: Path, alpha: float | None, beta: float | None
) -> None:
    cuts = [*([] if alpha is None else ["--alpha", alpha]), *([] if beta is None else ["--beta", beta])]
    outcome = mammi("show", run_path, "layer1:4", *cuts, "--json")
    assert outcome.status == 0
    shown = json.loads(outcome.out)
    assert list(shown) == [
        *("layer", "unit", "alpha", "beta", "ranking", "selection"),
        *("threshold", "dead", "representatives", "concepts"),
    ]
    with RunReader(run_path) as reader:
        answer = Requery(reader).neuron(
            "layer1", 4, Cuts(0.93 if alpha is None else alpha, 0.95 if beta is None else beta)
        )
        images = reader.images(answer.images)
        concepts = reader.concepts
    assert (shown["layer"], shown["unit"], shown["dead"]) == ("layer1", 4, False)
    assert (shown["alpha"], shown["beta"]) == (answer.cuts.alpha, answer.cuts.beta)
    assert shown["threshold"] == answer.threshold
    assert [found["image"] for found in shown["representatives"]] == answer.images.tolist()
    assert [found["path"] for found in shown["representatives"]] == [image.path for image in images]
    assert [found["labels"] for found in shown["representatives"]] == [list(image.labels) for image in images]
    assert [found["activation"] for found in shown["representatives"]] == answer.activations.tolist()
    annotation = answer.ranking[: answer.annotated].tolist()
    assert [found["concept"] for found in shown["concepts"]] == [concepts[concept] for concept in annotation]
    assert [found["score"] for found in shown["concepts"]] == answer.scores[annotation].tolist()


@pytest.mark.parametrize("ranking", ["score", "z"])
@pytest.mark.parametrize("selection", ["top-7", "adaptive"])
def test_concepts_are_ranked_and_images_selected_as_asked(
    mammi: Mammi, run_path: Path, ranking: Ranking, selection: str
) -> None:
    asked = ["show", run_path, "layer1:4", "--ranking", ranking, "--select", selection, "--beta", 0.5]
    shown = json.loads(mammi(*asked, "--json").out)
    assert (shown["ranking"], shown["selection"]) == (ranking, selection)
    with RunReader(run_path) as reader:
        cuts = Cuts(0.93, 0.5, None, ranking, Selection.parse(selection))
        answer, concepts = Requery(reader).neuron("layer1", 4, cuts), reader.concepts
    assert [found["image"] for found in shown["representatives"]] == answer.images.tolist()
    annotation = answer.ranking[: answer.annotated].tolist()
    expected = [(concepts[each], float(answer.scores[each]), float(answer.z_scores[each])) for each in annotation]
    assert [(found["concept"], found["score"], found["z"]) for found in shown["concepts"]] == expected
    figures = [found[ranking] for found in shown["concepts"]]
    assert len(figures) > 1
    assert figures == sorted(figures, reverse=True)
    heading = mammi(*asked).out.splitlines()
    assert heading[0].endswith("by z") is (ranking == "z")
    assert ("top 7" in heading[0]) is (selection == "top-7")
    assert f", {ranking} above " in heading[2]


@pytest.mark.parametrize("asked", [("--select", "most"), ("--select", "top-0"), ("--ranking", "q")])
def test_another_ranking_or_selection_is_refused_in_one_line(
    mammi: Mammi, run_path: Path, asked: tuple[str, str]
) -> None:
    outcome = mammi("show", run_path, "layer1:4", *asked)
    assert outcome.status == 2
    assert asked[0] in outcome.err


def test_a_unit_is_found_by_its_class(mammi: Mammi, run_path: Path) -> None:
    assert mammi("show", run_path, "layer1:Class 4").out == mammi("show", run_path, "layer1:4").out
    unknown = mammi("show", run_path, "layer1:class 44")
    assert (unknown.status, len(unknown.err.splitlines())) == (2, 1)
    assert "has no unit of class 'class 44'; nearest: class 4" in unknown.err


def test_a_dead_unit_is_called_dead(mammi: Mammi, run_path: Path) -> None:
    shown = json.loads(mammi("show", run_path, "layer0:0", "--json").out)
    assert (shown["dead"], shown["threshold"], shown["representatives"], shown["concepts"]) == (True, 0.25, [], [])
    assert mammi("show", run_path, "layer0:0").out.splitlines()[-1] == "dead: the activation is 0.25 on every image"


def test_a_unit_without_positive_scores_has_no_annotation(mammi: Mammi, run_path: Path) -> None:
    shown = json.loads(mammi("show", run_path, "layer0:1", "--json").out)
    assert shown["representatives"]
    assert shown["concepts"] == []


def test_the_text_has_a_line_for_each_image_and_concept(mammi: Mammi, run_path: Path) -> None:
    shown = json.loads(mammi("show", run_path, "layer1:4", "--alpha", "0.5", "--beta", "0.5", "--json").out)
    lines = mammi("show", run_path, "layer1:4", "--alpha", "0.5", "--beta", "0.5").out.splitlines()
    assert lines[0] == "layer1:4   α 0.5   β 0.5"
    assert lines[1].startswith(f"{len(shown['representatives'])} representative images of 60, activation above ")
    starts = [line.split("   ")[0] for line in lines]
    for found in shown["representatives"]:
        assert found["path"] in starts
    for found in shown["concepts"]:
        assert found["concept"] in starts


def test_only_the_concepts_of_a_set_compete(mammi: Mammi, two_sets_path: Path) -> None:
    asked = ["show", two_sets_path, "layer1:4", "--beta", "0.3"]
    everything, of_set = (json.loads(mammi(*asked, *more, "--json").out) for more in ([], ["--concept-set", "set 1"]))
    assert "concept_set" not in everything
    assert of_set["concept_set"] == "set 1"
    assert of_set["representatives"] == everything["representatives"]
    with RunReader(two_sets_path) as reader:
        members = {reader.concepts[concept] for concept in reader.concept_sets[1].concepts}
    assert {found["concept"] for found in of_set["concepts"]} <= members
    text = mammi(*asked, "--concept-set", "set 1").out.splitlines()
    assert text[0] == "layer1:4   α 0.93   β 0.3   concept set set 1"
    assert f" of {len(members)} in the annotation" in text[2]


@pytest.mark.parametrize("command", [["show", "layer1:4"], ["open"], ["export"]])
def test_an_unknown_concept_set_is_refused_with_the_nearest(
    mammi: Mammi, two_sets_path: Path, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mammi_tui.console.arguments.at_a_terminal", lambda: True)
    name, *rest = command
    if name == "export":
        rest = ["--what", "neurons", "--format", "csv", "-o", str(tmp_path / "out.csv")]
    outcome = mammi(name, two_sets_path, *rest, "--concept-set", "set1")
    said = "mammi: no concept set 'set1' in this run; nearest: set 1, set 0\n"
    assert (outcome.status, outcome.out, outcome.err) == (2, "", said)


def test_nothing_from_a_hostile_run_reaches_the_terminal(mammi: Mammi, hostile_run_path: Path) -> None:
    for neuron in ("layer0:3", "layer1:2", "layer1:5"):
        for form in ([], ["--json"]):
            outcome = mammi("show", hostile_run_path, neuron, "--alpha", "0", "--beta", "0", *form)
            assert outcome.status == 0
            bad = [c for c in outcome.out.replace("\n", "") if unicodedata.category(c) in {"Cc", "Cf"}]
            assert bad == []


@pytest.mark.parametrize(
    ("neuron", "said"),
    [
        ("layer2:1", "mammi: no layer 'layer2' in this run; nearest: layer1, layer0"),
        ("layer1:99", "mammi: layer layer1 has no unit 99: its units are 0 to 13"),
        ("layer1", "mammi: 'layer1' is not a neuron: write layer:unit, such as layer0:0"),
    ],
)
def test_an_unknown_neuron_is_refused_with_what_there_is(mammi: Mammi, run_path: Path, neuron: str, said: str) -> None:
    outcome = mammi("show", run_path, neuron)
    assert (outcome.status, outcome.out, outcome.err.strip()) == (2, "", said)


def test_a_missing_run_names_the_files_near_it(mammi: Mammi, run_path: Path, tmp_path: Path) -> None:
    outcome = mammi("show", run_path.with_name("rnu.duckdb"), "layer0:1")
    assert outcome.status == 2
    assert outcome.err.strip().endswith(f"rnu.duckdb: no such file. Near it: {run_path}")
    assert "`mammi demo` makes one" in mammi("show", tmp_path / "run.duckdb", "layer0:1").err
    assert "run.duckdb" in mammi("show", run_path.parent, "layer0:1").err


def test_anything_but_a_run_file_is_refused_with_status_1(mammi: Mammi, tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    path.write_bytes(b"not a database" * 100)
    outcome = mammi("show", path, "layer0:1")
    assert outcome.status == 1
    assert outcome.err.startswith(f"mammi: {path}: ")
    assert len(outcome.err.splitlines()) == 1


def test_a_warning_of_the_engine_is_one_clean_line_beside_the_answer(mammi: Mammi, tmp_path: Path) -> None:
    run = small_run(tmp_path, methods={"gone\x1b[31m": {}})
    outcome = mammi("show", run, "layer1:4", "--methods")
    assert outcome.status == 0
    (warning,) = outcome.err.splitlines()
    assert warning.startswith("warning: ")
    assert "gone" in warning
    assert "\x1b" not in outcome.out + outcome.err


def test_what_readers_say_is_shown_and_hollow_at_other_words(
    mammi: Mammi, run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.duckdb"
    path.symlink_to(run_path)
    with RunReader(path) as reader:
        log = log_of(reader)
        answer = Requery(reader).neuron("layer1", 4, reader.info.cuts)
        words = [reader.concepts[concept] for concept in answer.ranking[: answer.annotated].tolist()]
        monkeypatch.setenv("MAMMI_READER", "r1")
        judge(log, "layer1:4", "accept", words)
        do(log, "layer1:4", Deed("note", text="only \x1b[31mAP"))
        do(log, "layer1:4", Deed("concept", concept="mass", mark="wrong"))
        monkeypatch.setenv("MAMMI_READER", "r2")
        judge(log, "layer1:4", "reject", ["other"])
        do(log, "layer1:4", Deed("label", text="mine"))
    first, second = json.loads(mammi("show", path, "layer1:4", "--json").out)["readers"]
    assert (first["reader"], first["verdict"]["verdict"], first["verdict"]["hollow"]) == ("r1", "accept", False)
    assert (first["label"], first["note"], first["concepts"]) == (None, "only \x1b[31mAP", {"mass": "wrong"})
    assert (second["verdict"]["hollow"], second["verdict"]["annotation"], second["label"]) == (True, ["other"], "mine")
    shown = mammi("show", path, "layer1:4").out
    assert f'accepted "{", ".join(words)}" at α 0.93 · r1 · ' in shown
    assert 'wrong: mass: "only ␛[31mAP"\n' in shown
    assert 'label "mine" · rejected "other" at α 0.93 · r2 · ' in shown
    assert shown.count("(of other words than these)") == 1
    log.path.unlink()
    log.path.mkdir()
    outcome = mammi("show", path, "layer1:4")
    assert outcome.status == 0
    assert "the verdicts cannot be read" in outcome.err


def test_a_settlement_is_shown_as_long_as_nobody_has_judged_otherwise_since(
    mammi: Mammi, run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.duckdb"
    path.symlink_to(run_path)
    with RunReader(path) as reader:
        log = log_of(reader)
        for name, verdict in (("r1", "accept"), ("r2", "reject")):
            monkeypatch.setenv("MAMMI_READER", name)
            judge(log, "layer1:4", verdict)
        do(log, "layer1:4", Deed("settle", verdict="accept", settles=("r1", "r2")))
        assert json.loads(mammi("show", path, "layer1:4", "--json").out)["settled"]["verdict"] == "accept"
        judge(log, "layer1:4", "unsure")
    assert "settled" not in json.loads(mammi("show", path, "layer1:4", "--json").out)
    assert "settled" not in mammi("show", path, "layer1:4").out
