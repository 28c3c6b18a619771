"""`mammi evaluate --table`: a matrix computed, its tables printed and written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import Mammi
from tests.support.matrices import tiny_matrix


@pytest.fixture
def matrix(tmp_path: Path) -> Path:
    return tiny_matrix(tmp_path)


def test_the_tables_are_printed_and_written(mammi: Mammi, matrix: Path) -> None:
    outcome = mammi("evaluate", "--table", matrix)
    assert outcome.status == 0
    folder = matrix.parent / "out"
    names = ["cells.csv", "factory.duckdb", "other_vlm.duckdb", "tables.json", "tables.md"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert outcome.out == (folder / "tables.md").read_text()
    assert [line for line in outcome.out.splitlines() if line.startswith("## ")] == [
        "## Table 1. Concept sets",
        "## Table 2. Selection of images",
        "## Table 3. VLMs",
        "## Table 4. Mask-based methods",
        "## Table 5. Methods",
        "## MAMMI over α",
    ]
    assert str(folder / "tables.md") in outcome.err


@pytest.mark.slow
def test_another_folder_and_other_values(mammi: Mammi, matrix: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "folder"
    outcome = mammi("evaluate", "--table", matrix, "--out", other, "--set", "matrix.alpha=[0.25, 0.75]", "--json")
    assert outcome.status == 0
    printed = json.loads(outcome.out)
    assert printed == json.loads((other / "tables.json").read_text())
    assert [row["names"] for row in printed["tables"][-1]["rows"]] == [["0.25"], ["0.75"], ["0.93"]]
    assert not (matrix.parent / "out").exists()


@pytest.mark.slow
def test_a_second_time_says_the_same_and_computes_no_run(mammi: Mammi, matrix: Path) -> None:
    first = mammi("evaluate", "--table", matrix)
    second = mammi("evaluate", "--table", matrix)
    assert second.out == first.out
    assert second.err.count("is up to date.") == 2


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([], 2, "Name a run file, or a matrix with --table MATRIX.toml."),
        (["--out", "x"], 2, "--out and --set go with --table MATRIX.toml."),
        (["run.duckdb", "--table", "{matrix}"], 2, "--table has a configuration of its own"),
        (["--table", "{matrix}", "--alpha", "0.5"], 2, "--table has a configuration of its own"),
        (["--table", "{matrix}", "--plot"], 2, "--table has a configuration of its own"),
        (["--table", "none.toml"], 2, "none.toml: no such file."),
        (["--table", "{matrix}", "--set", "matrix.alpah=[1]"], 2, "Did you mean matrix.alpha?"),
        (["--table", "{matrix}", "--set", "matrix.encoders.clip=none"], 2, "matrix.encoders.clip: no folder at "),
        (["--table", "{matrix}", "--set", "probing.folder=none"], 2, "probing.folder"),
    ],
)
def test_a_mistake_is_refused(mammi: Mammi, matrix: Path, arguments: list[str], status: int, message: str) -> None:
    outcome = mammi("evaluate", *(text.format(matrix=matrix) for text in arguments))
    assert outcome.status == status
    assert message in outcome.err
    assert "Traceback" not in outcome.err
