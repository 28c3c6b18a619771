"""`mammi audit CONFIG.toml --pairs`: its text, JSON and table, and arguments that it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.support.commands import Mammi
from tests.support.models import tiny_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path, films=8)


def test_an_audit_of_a_folder_of_films(mammi: Mammi, project: Path) -> None:
    asked = ("audit", project, "--pairs", "paste:marker", "--count", 6)
    outcome = mammi(*asked)
    assert outcome.status == 0, outcome.err
    assert "tests.support.models:tiny_target: changes in SDs over 6 films" in outcome.out
    assert "tiny.duckdb is not there yet, so units have no words: `mammi run` makes it." in outcome.out
    assert "paste:marker: without → with, 6 pairs," in outcome.out
    assert "6 pairs may be too few: for a unit that changes alone to be significant, 10 are needed." in outcome.out
    assert "The letter is pasted beside any that the film has already" in outcome.out
    assert "penultimate: " in outcome.out
    assert "logits: " not in outcome.out  # its units are the outputs

    assert mammi("run", project).status == 0
    table = project.with_name("pairs.csv")
    outcome = mammi(*asked, "--json", "-o", table)
    assert outcome.status == 0, outcome.err
    told = json.loads(outcome.out)
    assert told["words_lacking"] is None
    (pairs,) = told["pairs"]
    assert (pairs["name"], pairs["count"], pairs["differing"]) == ("paste:marker", 6, 6)
    assert [output["name"] for output in pairs["outputs"]] == ["effusion", "mass", "hernia"]
    assert any(unit["words"] for unit in pairs["units"])
    assert all(0 <= unit["q"] <= 1 for unit in pairs["units"])
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(pairs["outputs"]) + len(pairs["units"]) == 3 + 4 + 6 + 3
    assert "16 rows written to" in outcome.err

    again = mammi(*asked, "-o", table)
    assert (again.status, "exists already" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{project}"], "name what pairs of films differ in, such as --pairs device,marker"),
        (["{project}", "--pairs", "device"], "only phantoms give such pairs"),
        (["{project}", "--pairs", "paste:marker", "--attribute", "sex"], "--attribute: has no meaning with --pairs"),
        (["{project}", "--pairs", "paste:marker", "-o", "x.txt"], "write a table as .csv, .json, .parquet"),
        (["{project}", "--pairs", "paste:marker", "-o", "{project}.csv/x.csv"], "there is no folder"),
        (["{project}", "--pairs", "paste:marker", "--count", "5"], "'--count'"),
        (["{project}", "--pairs", "inpaint:Mass"], "--pairs inpaint: no film of the probing set has a labelled box."),
        (["x.duckdb", "--count", "9"], "--count: has no meaning with a run file"),
        (["x.duckdb", "--pairs", "paste:marker"], "pairs are made from a run's configuration"),
        (["{project}", "--pairs", "paste:marker", "--set", "run.bat=1"], "run.bat"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(mammi: Mammi, project: Path, arguments: list[str], said: str) -> None:
    outcome = mammi("audit", *(each.format(project=project) for each in arguments))
    assert outcome.status == 2
    assert said in outcome.err
    assert outcome.out == ""
