"""`mammi verdicts`: verify, import and export."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.store.reader import RunReader
from mammi_tui.verdicts.heads import head_path
from mammi_tui.verdicts.lines import Deed, Line, Seen
from mammi_tui.verdicts.log import VerdictLog, log_of
from mammi_tui.verdicts.verifying import faults
from tests.support.commands import Mammi
from tests.support.verdicts import do, judge, latest

HOSTILE = '=cmd()|"quoted", a; b\x1b[31m\n\x00second line\u202e'

LogAs = Callable[[str, str], VerdictLog]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def log_as(run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LogAs:
    """Opens the verdicts of a reader on a copy of the run."""

    def open_as(reader: str, copy: str = "mine") -> VerdictLog:
        monkeypatch.setenv("MAMMI_READER", reader)
        path = tmp_path / copy / "run.duckdb"
        if not path.exists():
            path.parent.mkdir()
            shutil.copy(run_path, path)
        with RunReader(path) as run:
            subjects = {layer.name: run.subject(layer.name) for layer in run.layers}
            return VerdictLog(path, log_of(run).run, lambda layer: subjects.get(layer, ""))

    return open_as


def run_of(log: VerdictLog) -> Path:
    return log.path.with_name("run.duckdb")


def write_everything(log: VerdictLog) -> None:
    """Each kind of act, with hostile texts."""
    judge(log, "layer1:1", "accept", ["a; b", HOSTILE])
    for deed in (
        Deed("label", text=HOSTILE),
        Deed("note", text=HOSTILE),
        Deed("concept", concept=HOSTILE, mark="wrong"),
        Deed("settle", verdict="unsure", settles=("r1", HOSTILE)),
    ):
        do(log, "layer1:2", deed)
    judge(log, "layer1:3", "reject")
    log.take_back("undo")
    log.take_back("redo")
    log.take_back("undo")


@pytest.mark.parametrize("file_format", ["jsonl", "csv"])
def test_what_is_exported_comes_back_whole(mammi: Mammi, log_as: LogAs, tmp_path: Path, file_format: str) -> None:
    theirs, out = log_as("r2 =1+1", "theirs"), tmp_path / f"out.{file_format}"
    write_everything(theirs)
    assert mammi("verdicts", "export", run_of(theirs), "-o", out, "--format", file_format).status == 0
    mine = log_as("r1", "mine")
    judge(mine, "layer1:1", "reject")
    outcome = mammi("verdicts", "import", run_of(mine), out)
    assert (outcome.status, outcome.out, outcome.err) == (0, "9 lines added: r2 =1+1 9.\n", "")
    lines = mine.read().lines
    assert [line.imported for line in lines] == [*(line.hash for line in theirs.read().lines), ""]
    assert [line.deed for line in lines[:-1]] == [line.deed for line in theirs.read().lines]
    assert mine.standing.judgements["r2 =1+1"].keys() == theirs.standing.judgements["r2 =1+1"].keys()
    assert "layer1:3" not in mine.standing.judgements["r2 =1+1"], "an imported undo undoes"
    assert faults(mine.entries()) == []
    again = mammi("verdicts", "import", run_of(mine), out)
    assert (again.status, again.out) == (0, "0 lines added; 9 were there already.\n")


def test_csv_keeps_formulas_from_running(mammi: Mammi, log_as: LogAs) -> None:
    log = log_as("=cmd()", "mine")
    write_everything(log)
    out = mammi("verdicts", "export", run_of(log), "-o", "-", "--format", "csv").out
    cells = [cell for row in csv.reader(out.splitlines()) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_export_is_that_of_mammi_export(mammi: Mammi, log_as: LogAs) -> None:
    log = log_as("r1", "mine")
    write_everything(log)
    for file_format in ("jsonl", "csv"):
        one = mammi("verdicts", "export", run_of(log), "-o", "-", "--format", file_format)
        other = mammi("export", run_of(log), "--what", "verdicts", "-o", "-", "--format", file_format)
        assert one.out == other.out
    assert one.out
    assert mammi("verdicts", "export", run_of(log), "-o", "-").out.encode() == log.path.read_bytes()
    refused = mammi("export", run_of(log), "--what", "neurons", "-o", "-", "--format", "jsonl")
    assert refused.status == 2
    assert "only verdicts" in refused.err


def test_both_readers_give_each_other_their_verdicts(mammi: Mammi, log_as: LogAs) -> None:
    """Back and forth until both logs say the same, in whatever order."""
    judge(log_as("r1", "mine"), "layer1:1", "accept")
    judge(log_as("r2", "theirs"), "layer1:1", "reject")
    mine, theirs = log_as("r1", "mine"), log_as("r2", "theirs")
    for into, source in ((mine, theirs), (theirs, mine), (mine, theirs)):
        assert mammi("verdicts", "import", run_of(into), source.path).status == 0
    assert len(mine.read().lines) == len(theirs.read().lines) == 2
    assert {line.identity for line in mine.read().lines} == {line.identity for line in theirs.read().lines}


def test_an_older_verdict_that_is_imported_does_not_replace_a_later_one(mammi: Mammi, log_as: LogAs) -> None:
    first = judge(log_as("r1", "laptop"), "layer1:1", "reject")
    later = judge(log_as("r1", "mine"), "layer1:1", "accept")
    assert later.time >= first.time
    log = log_as("r1", "mine")
    assert mammi("verdicts", "import", run_of(log), log_as("r1", "laptop").path).status == 0
    assert latest(log) == latest(log_as("r1", "mine")) == {"layer1:1": "accept"}
    undone = log.take_back("undo")
    assert undone is not None
    assert undone.hash == later.hash, "the last act, not the last line"
    assert latest(log) == latest(log_as("r1", "mine")) == {"layer1:1": "reject"}


def test_lines_in_any_order_are_imported_in_the_order_of_their_acts(
    mammi: Mammi, log_as: LogAs, tmp_path: Path
) -> None:
    theirs = log_as("r2", "theirs")
    write_everything(theirs)
    file = tmp_path / "backwards.jsonl"
    file.write_bytes(b"".join(reversed(theirs.path.read_bytes().splitlines(keepends=True))))
    mine = log_as("r1", "mine")
    assert mammi("verdicts", "import", run_of(mine), file).out == "9 lines added: r2 9.\n"
    found, given = mine.read().lines, theirs.read().lines
    assert [line.time for line in found] == [line.time for line in given]  # acts of one moment may change places
    assert {repr(line.deed) for line in found} == {repr(line.deed) for line in given}
    assert mammi("verdicts", "import", run_of(mine), file).out == "0 lines added; 9 were there already.\n"


def test_what_does_not_fit_is_told_and_the_rest_is_taken(mammi: Mammi, log_as: LogAs, tmp_path: Path) -> None:
    theirs = log_as("r2", "theirs")
    for unit in range(3):
        judge(theirs, f"layer1:{unit}", "accept")
    judge(theirs, "layer1:999", "accept")
    judge(theirs, "nowhere:1", "accept")
    good = theirs.read().lines[0]
    ahead = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    theirs.add([replace(good, run="another", subject="another"), replace(good, time=ahead), replace(good, time="soon")])
    theirs.add([replace(good, deed=Deed("undo", of="0" * 64)), replace(good, reader=" ")])
    raw = theirs.path.read_bytes().splitlines(keepends=True)
    raw[1] = raw[1].replace(b"accept", b"reject")
    file = tmp_path / "theirs.jsonl"
    file.write_bytes(b"".join([*raw, b"\xff\x1b[31m\n"]))
    mine = log_as("r1", "mine")
    outcome = mammi("verdicts", "import", run_of(mine), file)
    assert outcome.status == 1
    assert outcome.out == "2 lines added: r2 2.\n"
    assert [line.neuron for line in mine.read().lines] == ["layer1:0", "layer1:2"]
    told = outcome.err.splitlines()
    assert told[0] == "line 2: was altered: its hash does not fit"
    assert told[1] == "line 4: is about layer1:999, which the run does not have"
    assert told[3].startswith("line 6: is about another run")
    assert told[4] == told[5].replace("8", "7") == "line 7: has no time, or one in the future"
    assert told[6] == "line 9: is to undo an act of r2 that is in neither log"
    assert told[7] == "line 10: has no reader"
    assert told[8] == "line 11: is damaged: it cannot be read"
    assert told[9] == f"mammi: {file}: 9 lines left out"


def test_of_many_lines_that_do_not_fit_the_first_are_told(mammi: Mammi, log_as: LogAs, tmp_path: Path) -> None:
    (tmp_path / "many.jsonl").write_text("{\n" * 50)
    outcome = mammi("verdicts", "import", run_of(log_as("r1", "mine")), tmp_path / "many.jsonl")
    assert len(outcome.err.splitlines()) == 22
    assert "and 30 more" in outcome.err
    assert outcome.status == 1


def test_a_row_that_was_edited_in_a_spreadsheet_is_refused(mammi: Mammi, log_as: LogAs, tmp_path: Path) -> None:
    theirs, out = log_as("r2", "theirs"), tmp_path / "out.csv"
    for unit in range(3):
        judge(theirs, f"layer1:{unit}", "accept")
    mammi("verdicts", "export", run_of(theirs), "-o", out, "--format", "csv")
    out.write_text(out.read_text("utf-8").replace('"layer1",1,"accept"', '"layer1",1,"reject"'), "utf-8")
    outcome = mammi("verdicts", "import", run_of(log_as("r1", "mine")), out)
    assert outcome.out == "2 lines added: r2 2.\n"
    assert "line 2: was altered: its verdict is not that of its line" in outcome.err


@pytest.mark.parametrize("file_format", ["jsonl", "csv"])
def test_lines_of_an_earlier_version_are_imported_once(
    mammi: Mammi, log_as: LogAs, tmp_path: Path, file_format: str
) -> None:
    theirs, out = log_as("r2", "theirs"), tmp_path / "out"
    judge(theirs, "layer1:1", "accept")
    judge(theirs, "layer1:2", "accept")
    old = ("time", "reader", "neuron", "verdict", "alpha", "beta", "annotation", "run")
    lines = [json.loads(line) for line in theirs.path.read_text("utf-8").splitlines()]
    theirs.path.write_text("".join(json.dumps({name: line[name] for name in old}) + "\n" for line in lines))
    mammi("verdicts", "export", run_of(theirs), "-o", out, "--format", file_format)
    mine = log_as("r1", "mine")
    outcome = mammi("verdicts", "import", run_of(mine), out)
    assert outcome.status == 0
    assert "2 lines of an earlier version had no hash" in outcome.out
    assert mammi("verdicts", "import", run_of(mine), theirs.path).out == "0 lines added; 2 were there already.\n"
    assert latest(log_as("r2", "mine")) == {"layer1:1": "accept", "layer1:2": "accept"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        (b"[1]", "is neither JSON lines nor CSV as `mammi verdicts export` writes them: no column act"),
        (b"\xff\xfe", "is neither JSON lines nor CSV"),
        (b"reader,neuron\nr1,a:1\n", "no column act"),
        (b"a" * (2 << 20), "is neither JSON lines nor CSV"),
    ],
    ids=["none", "JSON", "binary", "another table", "long"],
)
def test_a_file_that_is_no_export_is_refused(
    mammi: Mammi, log_as: LogAs, tmp_path: Path, content: bytes | None, message: str
) -> None:
    log = log_as("r1", "mine")
    if content is not None:
        (tmp_path / "file").write_bytes(content)
    outcome = mammi("verdicts", "import", run_of(log), tmp_path / "file")
    assert outcome.status == 1
    assert message in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert not log.path.exists()


def test_an_empty_file_adds_nothing(mammi: Mammi, log_as: LogAs, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = mammi("verdicts", "import", run_of(log_as("r1", "mine")), tmp_path / "file")
    assert (outcome.status, outcome.out) == (0, "0 lines added.\n")


def test_verify_names_what_is_wrong_and_prints_the_head(mammi: Mammi, log_as: LogAs) -> None:
    log = log_as("r1", "mine")
    write_everything(log)
    head = log.entries()[-1].hash
    head_path(log.path).unlink()  # as on a machine that sees the log for the first time
    sound = mammi("verdicts", "verify", run_of(log))
    assert sound.status == 0
    assert sound.out.splitlines() == [
        "run.verdicts.jsonl: 9 lines: none altered, dropped, moved or damaged.",
        f"head {head}",
        "No earlier hash is known here: an end that was cut off before now would not be found.",
    ]
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join([lines[0].replace(b"accept", b"reject"), *lines[1:3], *lines[4:]]))
    wrong = mammi("verdicts", "verify", run_of(log), "--head", head)
    assert wrong.status == 1
    assert wrong.out.splitlines()[:3] == [
        "run.verdicts.jsonl: 8 lines.",
        "line 1: was altered",
        "line 4: 1 line before it was dropped",
    ]
    assert "this machine has seen" not in wrong.out, "the last line is there"
    assert "2 faults" in wrong.err
    found = json.loads(mammi("verdicts", "verify", run_of(log), "--json").out)
    assert [fault["line"] for fault in found["faults"]] == [1, 4]
    assert (found["lines"], found["head"]) == (8, head)


def test_verify_finds_a_cut_off_end_until_it_is_told_to_forget(mammi: Mammi, log_as: LogAs) -> None:
    log = log_as("r1", "mine")
    write_everything(log)
    mammi("verdicts", "verify", run_of(log))
    log.path.write_bytes(b"".join(log.path.read_bytes().splitlines(keepends=True)[:-1]))
    for _ in range(2):
        outcome = mammi("verdicts", "verify", run_of(log))
        assert outcome.status == 1
        assert "the log was cut off, or replaced by another" in outcome.out
        assert str(head_path(log.path)) in outcome.err
    head_path(log.path).unlink()
    assert mammi("verdicts", "verify", run_of(log)).status == 0


def test_verify_without_verdicts(mammi: Mammi, log_as: LogAs) -> None:
    outcome = mammi("verdicts", "verify", run_of(log_as("r1", "mine")))
    assert (outcome.status, outcome.out) == (
        0,
        "run.verdicts.jsonl: 0 lines: none altered, dropped, moved or damaged.\n",
    )


def test_verify_shows_no_escapes(mammi: Mammi, log_as: LogAs) -> None:
    log = log_as("r1", "mine")
    judge(log, "layer1:1", "accept")
    fields = json.loads(log.path.read_bytes()) | {"previous": "\x1b[31m", "hash": "\x1b]0;x\x07"}
    log.path.write_text(json.dumps(fields) + "\n")
    outcome = mammi("verdicts", "verify", run_of(log))
    assert outcome.status == 1
    assert "\x1b" not in outcome.out + outcome.err


def test_a_line_carried_over_from_another_content_fits(mammi: Mammi, log_as: LogAs) -> None:
    theirs = log_as("r2", "theirs")
    line: Line = judge(theirs, "layer1:1", "accept")
    theirs.add([replace(line, run="an earlier content", seen=Seen(line.seen.cuts, ("nodule",)))])
    mine = log_as("r1", "mine")
    assert mammi("verdicts", "import", run_of(mine), theirs.path).out == "2 lines added: r2 2.\n"


@pytest.mark.parametrize(
    "command",
    [
        ["agree", "RUN"],
        ["show", "RUN", "layer1:1"],
        ["export", "RUN", "--what", "verdicts", "--format", "csv", "-o", "-"],
        ["verdicts", "export", "RUN", "-o", "-"],
    ],
    ids=["agree", "show", "export", "verdicts-export"],
)
def test_lines_left_out_and_altered_are_told_wherever_verdicts_are_read(
    mammi: Mammi, log_as: LogAs, command: list[str]
) -> None:
    log = log_as("r1", "mine")
    judge(log, "layer1:1", "accept")
    log.path.write_text(log.path.read_text("utf-8").replace('"accept"', '"reject"') + "no line\n" * 2)
    outcome = mammi(*(run_of(log) if word == "RUN" else word for word in command))
    assert outcome.status == 0
    assert outcome.err.splitlines() == [
        "run.verdicts.jsonl: 2 lines cannot be read and are left out, 1 line is not as written: "
        "look with `mammi verdicts verify`"
    ]
