"""What stands after a log's lines: undo and redo, of own lines only, and also across logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammi_tui.verdicts.lines import Deed, Line
from mammi_tui.verdicts.log import VerdictLog
from mammi_tui.verdicts.standing import redoable, standing, undoable
from tests.support.verdicts import do, judge, latest


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VerdictLog:
    monkeypatch.setenv("MAMMI_READER", "r1")
    return VerdictLog(tmp_path / "run.duckdb", "hash")


def undo(log: VerdictLog) -> Line:
    line = undoable(log.read().lines, log.reader.name)
    assert line
    return do(log, line.neuron, Deed("undo", of=line.identity))


def redo(log: VerdictLog) -> Line:
    line = redoable(log.read().lines, log.reader.name)
    assert line
    return do(log, line.neuron, Deed("redo", of=line.identity))


def test_undo_goes_back_line_by_line_and_redo_forward_again(log: VerdictLog) -> None:
    judge(log, "a:1", "accept")
    judge(log, "a:1", "reject")
    judge(log, "a:2", "unsure")
    undo(log)
    assert latest(log) == {"a:1": "reject"}
    undo(log)
    assert latest(log) == {"a:1": "accept"}
    undo(log)
    assert latest(log) == {}
    assert undoable(log.read().lines, "r1") is None
    redo(log)
    assert latest(log) == {"a:1": "accept"}
    redo(log)
    redo(log)
    assert latest(log) == {"a:1": "reject", "a:2": "unsure"}
    assert redoable(log.read().lines, "r1") is None
    assert len(log.read().lines) == 9, "nothing was rewritten"


def test_after_a_new_act_what_was_undone_stays_undone(log: VerdictLog) -> None:
    judge(log, "a:1", "accept")
    undo(log)
    judge(log, "a:2", "accept")
    assert redoable(log.read().lines, "r1") is None
    undo(log)
    assert latest(log) == {}
    assert undoable(log.read().lines, "r1") is None


def test_a_reader_takes_back_own_lines_only(log: VerdictLog, monkeypatch: pytest.MonkeyPatch) -> None:
    first = judge(log, "a:1", "accept")
    monkeypatch.setenv("MAMMI_READER", "r2")
    assert undoable(log.read().lines, "r2") is None
    do(log, "a:1", Deed("undo", of=first.identity))
    monkeypatch.setenv("MAMMI_READER", "r1")
    assert latest(log) == {"a:1": "accept"}


def test_label_note_and_concept_marks_stand_beside_the_verdict_or_without_one(log: VerdictLog) -> None:
    do(log, "a:1", Deed("label", text="fluid level"))
    do(log, "a:1", Deed("note", text="only AP films"))
    do(log, "a:1", Deed("concept", concept="effusion", mark="right"))
    do(log, "a:1", Deed("concept", concept="fluid", mark="wrong"))
    judge(log, "a:1", "accept")
    do(log, "a:1", Deed("concept", concept="fluid", mark="clear"))
    do(log, "a:1", Deed("note", text=""))
    found = standing(log.read().lines).judgements["r1"]["a:1"]
    assert found.verdict
    assert found.label
    assert (found.verdict.verdict, found.label.deed.text, found.note) == ("accept", "fluid level", None)
    assert {concept: line.deed.mark for concept, line in found.concepts.items()} == {"effusion": "right"}
    undo(log)
    found = standing(log.read().lines).judgements["r1"]["a:1"]
    assert found.note
    assert found.note.deed.text == "only AP films"


def test_lines_of_another_run_with_the_same_subject_are_carried_over(tmp_path: Path) -> None:
    earlier = VerdictLog(tmp_path / "run.duckdb", "earlier", lambda layer: f"subject of {layer}")
    judge(earlier, "a:1", "accept")
    judge(VerdictLog(tmp_path / "run.duckdb", "foreign", lambda _: "another"), "a:2", "accept")
    found = VerdictLog(tmp_path / "run.duckdb", "now", lambda layer: f"subject of {layer}").read()
    assert [(line.neuron, line.run) for line in found.lines] == [("a:1", "earlier")]
    assert found.other_runs == 1
