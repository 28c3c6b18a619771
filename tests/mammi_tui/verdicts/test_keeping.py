"""Lines that were read and are gone are kept whole, in the first folder that has room."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from mammi_tui.verdicts.entries import Entry, entries_of
from mammi_tui.verdicts.keeping import keep
from mammi_tui.verdicts.log import VerdictLog
from tests.support.disk import files_up_to
from tests.support.verdicts import judge


def _lost(folder: Path) -> list[Entry]:
    log = VerdictLog(folder / "run.duckdb", "content")
    (folder / "run.duckdb").touch()
    judge(log, "layer0:3", "accept")
    return list(log.entries())


def test_lines_are_kept_in_a_file_of_their_own(tmp_path: Path) -> None:
    lost = _lost(tmp_path)
    first, second = (keep(tmp_path / "run.verdicts.jsonl", lost) for _ in range(2))
    assert (first, second) == tuple(tmp_path / f"run.verdicts.kept-{number}.jsonl" for number in (1, 2))
    with (tmp_path / "run.verdicts.kept-1.jsonl").open("rb") as file:
        assert [entry.raw for entry in entries_of(file.readline)] == [entry.raw for entry in lost]


def test_where_there_is_no_room_nothing_looks_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost, other = _lost(tmp_path), tmp_path / "other"
    other.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(other))
    with files_up_to(100):
        assert keep(tmp_path / "run.verdicts.jsonl", lost) is None
    assert not list(tmp_path.rglob("*.kept-*"))
