"""A log that changes while it is open: other processes' lines, and files that are replaced, cut off or deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import MammiError
from mammi_tui.verdicts.keeping import keep
from mammi_tui.verdicts.log import VerdictLog
from tests.support.verdicts import judge, latest

LogAs = Callable[..., VerdictLog]


@pytest.fixture
def open_log(log_as: LogAs) -> tuple[VerdictLog, list[str]]:
    """A log with three lines that was read, and what it tells."""
    for unit in range(3):
        judge(log_as("r1"), f"a:{unit}", "accept")
    told: list[str] = []
    log = log_as("r1")
    log.when_lost = told.append
    log.read()
    return log, told


OpenLog = tuple[VerdictLog, list[str]]


def kept(log: VerdictLog) -> list[Path]:
    return sorted(log.path.parent.glob("*.kept-*.jsonl"))


def test_another_process_is_noticed_without_reading(open_log: OpenLog, log_as: LogAs) -> None:
    log, told = open_log
    assert not log.has_changed
    judge(log_as("r2"), "a:1", "reject")
    assert log.has_changed
    assert len(log.read().lines) == 4
    assert not log.has_changed
    judge(log, "a:2", "reject")
    assert not log.has_changed, "its own lines are known"
    assert not told


def test_a_log_that_does_not_exist_has_not_changed(log_as: LogAs) -> None:
    log = log_as("r1")
    log.read()
    assert not log.has_changed
    judge(log_as("r2"), "a:1", "reject")
    assert log.has_changed


def test_lines_of_a_deleted_file_are_kept_and_told(open_log: OpenLog) -> None:
    log, told = open_log
    before = log.path.read_bytes()
    log.path.unlink()
    assert log.has_changed
    assert log.read().lines == ()
    assert [path.read_bytes() for path in kept(log)] == [before]
    (message,) = told
    assert message.startswith("nih.verdicts.jsonl is no longer there: 3 lines that it had are not in it; they are kept")
    assert not log.has_changed


def test_a_verdict_after_the_file_was_deleted_keeps_the_others_too(open_log: OpenLog) -> None:
    log, told = open_log
    before = log.path.read_bytes()
    log.path.unlink()
    judge(log, "a:7", "accept")
    assert latest(log) == {"a:7": "accept"}
    assert [path.read_bytes() for path in kept(log)] == [before]
    assert len(told) == 1


def test_lines_that_were_cut_off_are_kept_and_told(open_log: OpenLog) -> None:
    log, told = open_log
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(lines[0])
    assert len(log.read().lines) == 1
    assert [path.read_bytes() for path in kept(log)] == [b"".join(lines[1:])]
    assert "was replaced or cut off: 2 lines" in told[0]


def test_a_longer_file_in_its_place_is_read_anew(open_log: OpenLog, log_as: LogAs, tmp_path: Path) -> None:
    """Also where it is copied over the old one, so that it is the same file to the system."""
    log, told = open_log
    (tmp_path / "other").mkdir()
    for unit in range(10, 20):
        judge(log_as("r2", tmp_path / "other"), f"a:{unit}", "reject")
    log.path.write_bytes((tmp_path / "other" / "nih.verdicts.jsonl").read_bytes())
    found = log.read()
    assert [line.neuron for line in found.lines] == [f"a:{unit}" for unit in range(10, 20)]
    assert found.damaged == 0
    assert "3 lines" in told[0]


def test_a_line_edited_in_place_is_noticed(open_log: OpenLog) -> None:
    log, _ = open_log
    content = log.path.read_bytes()
    with log.path.open("r+b") as file:
        file.write(content.replace(b"accept", b"reject", 1))
    assert log.has_changed
    assert log.read().lines[0].verdict == "reject"
    assert log.read().lines[0].state == "altered"


def test_a_file_that_becomes_unreadable_is_told_and_nothing_is_forgotten(open_log: OpenLog) -> None:
    log, told = open_log
    aside = log.path.rename(log.path.with_suffix(".aside"))
    log.path.mkdir()
    assert log.has_changed
    with pytest.raises(MammiError, match="the verdicts cannot be read"):
        log.read()
    assert len(log.standing.judgements["r1"]) == 3
    log.path.rmdir()
    aside.rename(log.path)
    assert len(log.read().lines) == 3
    assert not told


def test_lines_are_kept_elsewhere_where_the_folder_cannot_be_written(
    open_log: OpenLog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log, _ = open_log
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = keep(tmp_path / "gone" / log.path.name, log.entries())
    assert found == tmp_path / "nih.verdicts.kept-1.jsonl"
    assert found.read_bytes() == log.path.read_bytes()
