"""What stands after a log's lines: undo and redo, of own lines only, and also across logs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mammi_tui.verdicts import standing as module
from mammi_tui.verdicts.lines import Deed, Line
from mammi_tui.verdicts.log import VerdictLog
from mammi_tui.verdicts.standing import Judgement, standing
from tests.support.verdicts import do, judge, latest


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VerdictLog:
    monkeypatch.setenv("MAMMI_READER", "r1")
    return VerdictLog(tmp_path / "run.duckdb", "hash")


def judgement(log: VerdictLog, neuron: str) -> Judgement:
    """What r1 says, as the log knows it, and as its lines say when they are read anew."""
    anew = standing(log.read().lines, log.run).judgements.get("r1", {})
    assert anew == log.standing.judgements.get("r1", {})
    return anew.get(neuron, Judgement())


def test_undo_goes_back_line_by_line_and_redo_forward_again(log: VerdictLog) -> None:
    judge(log, "a:1", "accept")
    judge(log, "a:1", "reject")
    judge(log, "a:2", "unsure")
    log.take_back("undo")
    assert latest(log) == {"a:1": "reject"}
    log.take_back("undo")
    assert latest(log) == {"a:1": "accept"}
    log.take_back("undo")
    assert latest(log) == {}
    assert log.standing.undoable("r1") is None
    log.take_back("redo")
    assert latest(log) == {"a:1": "accept"}
    log.take_back("redo")
    log.take_back("redo")
    assert latest(log) == {"a:1": "reject", "a:2": "unsure"}
    assert log.standing.redoable("r1") is None
    assert len(log.read().lines) == 9, "nothing was rewritten"


def test_after_a_new_act_what_was_undone_stays_undone(log: VerdictLog) -> None:
    judge(log, "a:1", "accept")
    log.take_back("undo")
    judge(log, "a:2", "accept")
    assert log.standing.redoable("r1") is None
    log.take_back("undo")
    assert latest(log) == {}
    assert log.standing.undoable("r1") is None


def test_a_reader_takes_back_own_lines_only(log: VerdictLog, monkeypatch: pytest.MonkeyPatch) -> None:
    first = judge(log, "a:1", "accept")
    monkeypatch.setenv("MAMMI_READER", "r2")
    assert log.take_back("undo") is None
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
    found = judgement(log, "a:1")
    assert found.verdict
    assert found.label
    assert (found.verdict.verdict, found.label.deed.text, found.note) == ("accept", "fluid level", None)
    assert {concept: line.deed.mark for concept, line in found.concepts.items()} == {"effusion": "right"}
    log.take_back("undo")
    found = judgement(log, "a:1")
    assert found.note
    assert found.note.deed.text == "only AP films"


def test_lines_of_another_run_with_the_same_subject_are_carried_over(tmp_path: Path) -> None:
    earlier = VerdictLog(tmp_path / "run.duckdb", "earlier", lambda layer: f"subject of {layer}")
    judge(earlier, "a:1", "accept")
    judge(VerdictLog(tmp_path / "run.duckdb", "foreign", lambda _: "another"), "a:2", "accept")
    found = VerdictLog(tmp_path / "run.duckdb", "now", lambda layer: f"subject of {layer}").read()
    assert [(line.neuron, line.run) for line in found.lines] == [("a:1", "earlier")]
    assert found.other_runs == 1


def test_two_processes_of_one_reader_take_back_two_acts(log: VerdictLog, tmp_path: Path) -> None:
    other = VerdictLog(tmp_path / "run.duckdb", "hash")
    judge(log, "a:1", "accept")
    judge(other, "a:2", "reject")
    assert [each.neuron for each in (log.take_back("undo"), other.take_back("undo")) if each] == ["a:2", "a:1"]
    assert log.take_back("undo") is None
    assert [line.deed.act for line in other.read().lines] == ["verdict", "verdict", "undo", "undo"]
    assert latest(log) == latest(other) == {}


def test_undo_goes_on_after_a_restart(log: VerdictLog, tmp_path: Path) -> None:
    judge(log, "a:1", "accept")
    judge(log, "a:2", "accept")
    log.take_back("undo")
    again = VerdictLog(tmp_path / "run.duckdb", "hash")
    again.read()
    assert again.standing.redoable("r1")
    again.take_back("undo")
    assert latest(again) == {}
    assert [each.neuron for each in (again.take_back("redo"), again.take_back("redo")) if each] == ["a:1", "a:2"]


def test_a_verdict_of_this_run_stands_before_one_carried_over(tmp_path: Path) -> None:
    def log_of(run: str) -> VerdictLog:
        return VerdictLog(tmp_path / "run.duckdb", run, lambda layer: f"subject of {layer}")

    judge(log_of("first"), "a:1", "accept")
    judge(log_of("first"), "a:2", "accept")
    judge(log_of("second"), "a:1", "reject")
    judge(log_of("second"), "a:2", "clear")
    assert latest(log_of("second")) == {"a:1": "reject"}
    assert latest(log_of("first")) == {"a:1": "accept", "a:2": "accept"}


def test_a_line_that_comes_twice_counts_once(log: VerdictLog) -> None:
    line = judge(log, "a:1", "accept")
    log.add([replace(line, imported=line.hash)])
    log.take_back("undo")
    assert latest(log) == {}
    assert log.take_back("undo") is None


def test_many_acts_on_one_neuron_are_replayed_once_not_once_for_each(
    log: VerdictLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    replayed: list[int] = []
    replay = module._judgement

    def counting(lines: list[Line], run: str) -> Judgement:
        replayed.append(len(lines))
        return replay(lines, run)

    first = judge(log, "a:1", "accept")
    acts = [replace(first, time=f"{number}").sealed(number, "") for number in range(1, 501)]
    undone = [replace(acts[0], deed=Deed("undo", of=act.identity)).sealed(501, "") for act in acts[1:]]
    monkeypatch.setattr(module, "_judgement", counting)
    found = standing([*acts, *undone], "hash").judgements["r1"]["a:1"]
    assert found.verdict == acts[0]
    assert replayed == [1]


def test_a_line_done_again_after_another_act_can_be_undone_once_more(log: VerdictLog) -> None:
    first = judge(log, "a:1", "accept")
    log.take_back("undo")
    judge(log, "a:2", "accept")
    do(log, "a:1", Deed("redo", of=first.identity))
    assert latest(log) == {"a:2": "accept", "a:1": "accept"}
    assert log.take_back("undo") == first
    assert latest(log) == {"a:2": "accept"}
