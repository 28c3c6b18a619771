"""`mammi evaluate`: figures on the terminal, as JSON and as files."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from engine.annotation.cuts import Cuts
from engine.evaluation.evaluate import evaluate
from engine.methods.panel import Panel
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.writer import assemble
from tests.support.commands import Mammi
from tests.support.decisions import decided_run
from tests.support.runs import small_contents, small_run


def test_the_json_is_the_whole_evaluation(mammi: Mammi, run_path: Path) -> None:
    outcome = mammi("evaluate", run_path, "--alpha", "0.8", "--beta", "0.5", "--json")
    assert (outcome.status, outcome.err) == (0, "")
    found = json.loads(outcome.out)
    with RunReader(run_path) as reader:
        expected = evaluate(reader, Panel(reader, Requery(reader)).methods, cuts=Cuts(0.8, 0.5))
    assert (found["alpha"], found["beta"], found["layer"]) == (0.8, 0.5, "layer1")
    assert [method["method"] for method in found["methods"]] == [method.method for method in expected.methods]
    (ours, *_) = expected.methods
    assert ours.annotation is not None
    assert found["methods"][0]["annotation"]["f1"]["mean"] == ours.annotation.f1.mean
    assert found["methods"][0]["neurons"][4]["annotation"] == list(ours.neurons[4].annotation)
    assert found["missing"] == list(expected.missing)
    assert "figure2" not in found


def test_the_text_has_each_method_both_ways_in_80_columns(mammi: Mammi, run_path: Path) -> None:
    lines = mammi("evaluate", run_path, "--synonyms", "nih14").out.splitlines()
    assert lines[0] == "run.duckdb   α 0.93   β 0.95"
    assert max(map(cell_len, lines)) <= 80
    assert lines.count("MAMMI") == 2  # without synonyms and with them
    assert lines[lines.index("MAMMI") + 1].startswith("* annotation")
    assert lines[lines.index("CLIP-Dissect (soft WPMI, prompted)") + 1].startswith("* best concept")
    assert "Different concepts, counted over best concepts and over all annotated" in lines
    assert not [line for line in lines if re.search(r"p \d\.\d\d\S", line)]


def test_best_concepts_that_are_the_best_by_rounding_alone_are_counted(mammi: Mammi, tmp_path: Path) -> None:
    """With one living unit, all WPMIs are 0."""
    text = mammi("evaluate", small_run(tmp_path, units=(2,)), "--method", "mammi", "--method", "clip_dissect").out
    line = " ".join(text.split())
    assert "CLIP-Dissect (soft WPMI, prompted): in 1 of 2 neurons several concepts share the best score" in line
    assert "MAMMI: in" not in line


def test_only_the_methods_asked_for_are_scored(mammi: Mammi, run_path: Path) -> None:
    found = json.loads(mammi("evaluate", run_path, "--method", "www", "--method", "mammi", "--json").out)
    assert [method["method"] for method in found["methods"]] == ["www", "mammi"]
    unknown = mammi("evaluate", run_path, "--method", "mami")
    assert (unknown.status, unknown.out) == (2, "")
    assert unknown.err.startswith("mammi: no method 'mami' in this run; nearest: mammi")


@pytest.mark.slow
def test_figure_2_is_written_once_unless_forced(mammi: Mammi, run_path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "figures" / "deep"
    outcome = mammi("evaluate", run_path, "--figures", folder)
    assert (outcome.status, outcome.err) == (0, f"6 files written to {folder}\n")
    assert len(list(folder.iterdir())) == 6
    again = mammi("evaluate", run_path, "--figures", folder)
    assert (again.status, again.out) == (2, "")
    assert "exists already. Use --force" in again.err
    assert mammi("evaluate", run_path, "--figures", folder, "--force").status == 0


@pytest.mark.slow
def test_figure_2_is_drawn_with_characters(mammi: Mammi, run_path: Path) -> None:
    lines = mammi("evaluate", run_path, "--plot", "--alpha", "0.5").out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert any(line.startswith("class 4 ") and "█" in line for line in lines)
    assert any(line.startswith("hit rate ") for line in lines)
    found = json.loads(mammi("evaluate", run_path, "--plot", "--alpha", "0.5", "--json").out)
    with RunReader(run_path) as reader:
        answer = Requery(reader).neuron("layer1", 4, Cuts(0.5, 0.95))
    assert found["figure2"]["counts"][4] == {"name": "class 4", "representatives": len(answer.images), "fixed": 40}


def test_a_run_without_class_names_is_still_scored(mammi: Mammi, tmp_path: Path) -> None:
    contents, batches = small_contents()
    layers = [replace(layer, unit_names=()) for layer in contents.layers]
    assemble(tmp_path / "bare.duckdb", replace(contents, layers=layers), batches)
    outcome = mammi("evaluate", tmp_path / "bare.duckdb")
    assert outcome.status == 0
    assert "Different concepts" in outcome.out
    assert "Not evaluated. No layer's units carry class names" in outcome.out
    figures = mammi("evaluate", tmp_path / "bare.duckdb", "--figures", tmp_path / "figures")
    assert (figures.status, figures.out) == (2, "")
    assert "no layer with class names, which figure 2 needs" in figures.err
    assert not (tmp_path / "figures").exists()


@pytest.mark.slow
def test_nothing_from_a_hostile_run_reaches_the_terminal(mammi: Mammi, hostile_run_path: Path, tmp_path: Path) -> None:
    everything = ["--alpha", "0", "--beta", "0", "--synonyms", "nih14", "--plot", "--figures", tmp_path / "figures"]
    for form in ([], ["--json", "--force"]):
        outcome = mammi("evaluate", hostile_run_path, *everything, *form)
        assert outcome.status == 0
        bad = [char for char in outcome.out.replace("\n", "") if unicodedata.category(char) in {"Cc", "Cf"}]
        assert bad == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--encoder", "clip"], "--encoder clip: write NAME=FOLDER"),
        (["--encoder", "clip=nowhere"], "--encoder clip: no folder at nowhere"),
        (["--encoder", "a=x", "--encoder", "a=y"], "--encoder a: is given twice"),
        (["--synonyms", "nowhere.txt"], "--synonyms: nowhere.txt cannot be read"),
        (["--alpha", "2"], "not a number from 0 to 1"),
        (["--concept-set", "x"], "no concept set 'x' in this run"),
    ],
)
def test_wrong_arguments_are_refused_in_one_line(mammi: Mammi, run_path: Path, arguments: list[str], said: str) -> None:
    outcome = mammi("evaluate", run_path, *arguments)
    assert (outcome.status, outcome.out, len(outcome.err.splitlines())) == (2, "", 1)
    assert said in outcome.err


def test_a_run_that_names_no_vlm_is_refused(mammi: Mammi, run_path: Path) -> None:
    outcome = mammi("evaluate", run_path, "--encoder", "vlm")
    assert (outcome.status, outcome.out, len(outcome.err.splitlines())) == (1, "", 1)
    assert "names no VLM" in outcome.err


def test_anything_but_a_run_file_is_refused(mammi: Mammi, tmp_path: Path) -> None:
    assert mammi("evaluate", tmp_path / "missing.duckdb").status == 2
    (tmp_path / "x.duckdb").write_bytes(b"not a database" * 100)
    assert mammi("evaluate", tmp_path / "x.duckdb").status == 1


def test_decisions_are_evaluated_in_80_columns_and_as_json(mammi: Mammi, tmp_path: Path) -> None:
    path = decided_run(tmp_path, images=120)
    outcome = mammi("evaluate", path, "--decisions")
    assert outcome.status == 0
    assert max(map(cell_len, outcome.out.splitlines())) <= 80
    assert "area (lower is faster)" in outcome.out
    found = json.loads(mammi("evaluate", path, "--decisions", "--json").out)
    assert {area["order"] for area in found["areas"]} == {"importance", "activation", "random"}
    assert len(found["deletion"][0]["curves"][0]["output"]) == len(found["deletion"][0]["curves"][0]["deleted"])


def test_figure_3_is_written_once(mammi: Mammi, tmp_path: Path) -> None:
    path = decided_run(tmp_path)
    with RunReader(path) as reader:
        film = str(reader.paths()[0])
    outcome = mammi("evaluate", path, "--figure3", film, "--figures", tmp_path / "figures")
    assert outcome.status == 0
    assert len(list((tmp_path / "figures").iterdir())) == 2
    again = mammi("evaluate", path, "--figure3", film, "--figures", tmp_path / "figures")
    assert again.status == 2
    assert "Use --force" in again.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--decisions", "--plot"], "--decisions goes only with"),
        (["--figure3", "x"], "--figures FOLDER"),
        (["--class", "Edema"], "--class with --figure3"),
        (["--config", "x.toml"], "--config goes with"),
    ],
)
def test_options_of_decisions_that_do_not_go_together_are_refused(
    mammi: Mammi, run_path: Path, options: list[str], told: str
) -> None:
    outcome = mammi("evaluate", run_path, *options)
    assert outcome.status == 2
    assert told in outcome.err
