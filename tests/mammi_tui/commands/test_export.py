"""`mammi export`: tables to files and to standard output."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from engine.annotation.cuts import Cuts
from engine.store.reader import RunReader
from mammi_tui.verdicts.lines import Deed, Verdict
from mammi_tui.verdicts.log import log_of
from tests.support.commands import Mammi
from tests.support.verdicts import do, judge


@pytest.fixture
def judged_run(run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with five verdicts beside it."""
    monkeypatch.setenv("MAMMI_READER", "=cmd()")
    path = tmp_path / "run.duckdb"
    shutil.copy(run_path, path)
    given: list[tuple[str, Verdict]] = [
        ("layer1:3", "accept"),
        ("layer1:4", "unsure"),
        ("layer1:3", "reject"),
        ("layer1:4", "clear"),
        ("gone:1", "accept"),
    ]
    with RunReader(path) as reader:
        for neuron, verdict in given:
            judge(log_of(reader), neuron, verdict, ["mass", "nodule"], Cuts(0.9, 0.8))
    return path


@pytest.mark.parametrize("what", ["neurons", "concepts", "representatives", "evidence", "methods", "verdicts"])
@pytest.mark.parametrize("file_format", ["csv", "json", "parquet"])
def test_every_table_in_every_format(mammi: Mammi, judged_run: Path, what: str, file_format: str) -> None:
    out = judged_run.with_name(f"table.{file_format}")
    outcome = mammi("export", judged_run, "--what", what, "--format", file_format, "-o", out)
    assert outcome.status == 0
    assert outcome.out == ""
    rows = int(outcome.err.split()[0])
    assert rows > 0
    if file_format == "csv":
        assert len(list(csv.DictReader(out.open(encoding="utf-8")))) == rows
    elif file_format == "json":
        assert len(json.loads(out.read_text("utf-8"))) == rows
    else:
        assert out.read_bytes()[:4] == b"PAR1"
    assert {path.name for path in out.parent.iterdir()} == {"run.duckdb", "run.verdicts.jsonl", out.name}


def test_verdicts_tell_which_one_stands(mammi: Mammi, judged_run: Path) -> None:
    outcome = mammi("export", judged_run, "--what", "verdicts", "--format", "json", "-o", "-")
    rows = json.loads(outcome.out)
    assert [(row["neuron"], row["verdict"], row["stands"]) for row in rows] == [
        ("layer1:3", "accept", False),
        ("layer1:4", "unsure", False),
        ("layer1:3", "reject", True),
        ("layer1:4", "clear", False),
        ("gone:1", "accept", True),
    ]
    assert [(row["layer"], row["unit"]) for row in rows][2:] == [("layer1", 3), ("layer1", 4), (None, None)]
    assert rows[0]["annotation"] == ["mass", "nodule"]
    assert (rows[0]["alpha"], rows[0]["beta"], rows[0]["reader"]) == (0.9, 0.8, "=cmd()")


def test_a_settlement_stands_until_one_of_the_readers_judges_otherwise(
    mammi: Mammi, run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.duckdb"
    shutil.copy(run_path, path)

    def standing() -> list[bool]:
        rows = json.loads(mammi("export", path, "--what", "verdicts", "--format", "json", "-o", "-").out)
        return [row["stands"] for row in rows]

    with RunReader(path) as reader:
        log = log_of(reader)
        for name, verdict in (("r1", "accept"), ("r2", "reject")):
            monkeypatch.setenv("MAMMI_READER", name)
            judge(log, "layer1:3", verdict)
        do(log, "layer1:3", Deed("settle", verdict="reject", settles=("r1", "r2")))
        assert standing() == [True, True, True]
        judge(log, "layer1:3", "unsure")
    assert standing() == [True, False, False, True]


def test_a_spreadsheet_gets_no_formula(mammi: Mammi, judged_run: Path) -> None:
    out = mammi("export", judged_run, "--what", "verdicts", "--format", "csv", "-o", "-").out
    assert {row["reader"] for row in csv.DictReader(io.StringIO(out))} == {"'=cmd()"}


def test_alpha_and_beta_reach_the_table(mammi: Mammi, run_path: Path) -> None:
    arguments = ["export", run_path, "--what", "representatives", "--format", "json", "-o", "-"]
    own, wider = (json.loads(mammi(*arguments, *cut).out) for cut in ([], ["--alpha", "0.5"]))
    assert len(wider) > len(own)
    assert {row["alpha"] for row in wider} == {0.5}


def test_ranking_and_selection_reach_the_tables_and_are_refused_where_they_change_nothing(
    mammi: Mammi, run_path: Path
) -> None:
    asked = ["export", run_path, "--format", "json", "-o", "-", "--select", "top-7"]
    rows = json.loads(mammi(*asked, "--what", "concepts", "--ranking", "z", "--beta", "0.5").out)
    assert {(row["ranking"], row["selection"]) for row in rows} == {("z", "top-7")}
    of_unit = [row["z"] for row in rows if (row["layer"], row["unit"]) == ("layer1", 4)]
    assert len(of_unit) > 1
    assert of_unit == sorted(of_unit, reverse=True)
    films = json.loads(mammi(*asked, "--what", "representatives").out)
    assert max(row["rank"] for row in films) == 7
    outcome = mammi(*asked, "--what", "representatives", "--ranking", "z")
    assert (outcome.status, outcome.err.startswith("mammi: --ranking: representatives")) == (2, True)


def test_concepts_are_exported_with_their_sets(mammi: Mammi, two_sets_path: Path) -> None:
    arguments = ["export", two_sets_path, "--what", "concepts", "--format", "json", "-o", "-", "--beta", "0.2"]
    everything, of_set = (json.loads(mammi(*arguments, *more).out) for more in ([], ["--concept-set", "set 0"]))
    assert {tuple(row["concept_sets"]) for row in everything} == {("set 0",), ("set 1",), ("set 0", "set 1")}
    assert {tuple(row["concept_sets"]) for row in of_set} == {("set 0",), ("set 0", "set 1")}
    neurons = ["export", two_sets_path, "--what", "neurons", "--format", "json", "-o", "-"]
    best = {row["best_concept"] for row in json.loads(mammi(*neurons, "--concept-set", "set 0").out)}
    assert best - {None} <= {f"concept {index}" for index in range(25) if not index % 2 or not index % 5}


def test_a_file_that_exists_is_left_alone_without_force(mammi: Mammi, run_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "neurons.csv"
    out.write_text("precious")
    arguments = ["export", run_path, "--what", "neurons", "--format", "csv", "-o", out]
    outcome = mammi(*arguments)
    assert outcome.status == 2
    assert outcome.err == f"mammi: --output {out}: exists already. Use --force to overwrite it.\n"
    assert out.read_text() == "precious"
    assert mammi(*arguments, "--force").status == 0
    assert out.read_text().startswith('"layer",unit')


@pytest.mark.parametrize(
    "name", ["run.duckdb", "run.verdicts.jsonl", "run.duckdb.work", "hard.link", "sub/../run.duckdb"]
)
def test_the_runs_own_files_are_never_overwritten(mammi: Mammi, judged_run: Path, name: str) -> None:
    (judged_run.parent / "sub").mkdir()
    judged_run.with_name("hard.link").hardlink_to(judged_run)
    before = {path.name: path.read_bytes() for path in judged_run.parent.glob("run.*")}
    out = judged_run.parent / name
    outcome = mammi("export", judged_run, "--what", "verdicts", "--format", "csv", "-o", out, "--force")
    assert outcome.status == 2
    assert outcome.err.startswith(f"mammi: --output {out}: is {judged_run.parent}/run.")
    assert len(outcome.err.splitlines()) == 1
    assert {path.name: path.read_bytes() for path in judged_run.parent.glob("run.*")} == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--what", "neurons", "--format", "parquet", "-o", "-"], "Parquet can only be written to a file"),
        (["--what", "verdicts", "--format", "csv", "-o", "-", "--alpha", "0.5"], "verdicts have their own cuts"),
        (["--what", "representatives", "--format", "csv", "-o", "-", "--concept-set", "a"], "do not depend on them"),
        (["--what", "neurons", "--format", "csv", "-o", "no/such/folder/x.csv"], "there is no folder no/such/folder"),
    ],
)
def test_what_cannot_be_done_is_refused_with_status_2(
    mammi: Mammi, run_path: Path, arguments: list[str], said: str
) -> None:
    outcome = mammi("export", run_path, *arguments)
    assert outcome.status == 2
    assert said in outcome.err
    assert len(outcome.err.splitlines()) == 1
