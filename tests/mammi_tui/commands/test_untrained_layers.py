"""A layer without trained weights, or after one, is told wherever its units are seen, and has no class names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.store.reader import RunReader
from tests.support.commands import Mammi
from tests.support.explorer import explorer
from tests.support.models import tiny_project

pytestmark = pytest.mark.slow

REASON = "no trained weights for classifier.bias, classifier.weight"
WARNING = f"target: the units of logits are random: {REASON}. Their annotations mean nothing."


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tiny_project(tmp_path_factory.mktemp("half trained"))
    own = 'factory = "tests.support.models:tiny_target"'
    other = (
        'factory = "tests.support.models:half_trained_target"\n'
        'arguments = { untrained = ["classifier.weight", "classifier.bias"] }'
    )
    project.write_text(project.read_text().replace(own, other))
    return project


@pytest.fixture
def run(config: Path, mammi: Mammi) -> Path:
    """The run file; computed once, then up to date."""
    outcome = mammi("run", config)
    assert f"warning: {WARNING}" in outcome.err
    return config.with_suffix(".duckdb")


def test_layers_are_listed_as_random(config: Path, mammi: Mammi) -> None:
    lines = mammi("layers", config).out.splitlines()
    assert lines[1] == "6 of 6 layers, 3 selected (*), 2 random"
    assert [line.split()[0] for line in lines if line.endswith(f"; random: {REASON}")] == ["classifier", "*"]
    found = {
        layer["layer"]: layer.get("untrained") for layer in json.loads(mammi("layers", config, "--json").out)["layers"]
    }
    assert {name for name, reason in found.items() if reason == REASON} == {"classifier", "logits"}


def test_the_run_file_says_so_and_names_no_classes(run: Path) -> None:
    with RunReader(run) as reader:
        assert [layer.untrained for layer in reader.layers] == ["", "", REASON]
        assert not any(layer.unit_names for layer in reader.layers)


def test_doctor_shows_it_among_layers_and_warnings(run: Path, mammi: Mammi) -> None:
    said = mammi("doctor", run).out
    assert f"logits: 3 units, 0 dead, pooled by mean; random: {REASON}" in said
    assert WARNING in said.partition("Warnings")[2]


def test_show_says_it_of_the_layers_neurons_alone(run: Path, mammi: Mammi) -> None:
    assert f"random: {REASON}. The annotation means nothing" in mammi("show", run, "logits:1").out.splitlines()
    assert "random" not in mammi("show", run, "first:1").out
    assert json.loads(mammi("show", run, "logits:1", "--json").out)["untrained"] == REASON
    assert "untrained" not in json.loads(mammi("show", run, "first:1", "--json").out)


@pytest.mark.parametrize("what", ["neurons", "concepts", "representatives", "methods", "evidence"])
def test_exports_have_a_column_of_it(run: Path, mammi: Mammi, what: str, tmp_path: Path) -> None:
    assert mammi("export", run, "--what", what, "--format", "json", "-o", tmp_path / "out.json").status == 0
    rows = json.loads((tmp_path / "out.json").read_text())
    assert {(row["layer"], row["untrained"]) for row in rows if row["layer"] != "penultimate"} == {
        ("first", None),
        ("logits", REASON),
    }


async def test_the_explorer_says_it_in_its_header_and_in_its_tree(run: Path, tmp_path: Path) -> None:
    async with explorer(run, tmp_path, start=("logits", 1)) as seen:
        lines = [" ".join(line.split()) for line in seen.lines()]
        assert "· random: logits ·" in lines[0]
        assert any("logits random 3 units" in line for line in lines)
        assert "logits:1 random" in seen.text()


def test_an_evaluation_says_why_there_are_no_hits(run: Path, mammi: Mammi) -> None:
    said = " ".join(mammi("evaluate", run).out.split())
    assert f"The units of logits are random: {REASON}." in said


def test_a_report_says_it_before_the_cards(run: Path, mammi: Mammi, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert mammi("report", run, "-o", out, "--all", "--no-identifiers").status == 0
    before = out.read_text("utf-8").split("<main")[0]
    assert f"logits is random: {REASON}. Its annotations mean nothing." in before.replace("<wbr>", "")
