"""A disk that refuses a file: one line says which file, why, and what to do, whichever library wrote it."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import ConfigError, MammiError, RunFileError, disk_fault, writing
from engine.own_files import held_folder
from engine.store.lock_holder import writing_now
from engine.store.tables import write_table
from engine.store.whole_file import written_beside, written_whole
from engine.store.work import WorkFile
from engine.store.writer import assemble
from tests.engine.store.test_work import numbered
from tests.support.disk import files_up_to
from tests.support.runs import small_contents

FULL = "the disk of this file is full"


@pytest.mark.parametrize(
    ("error", "clause"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), FULL),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "your quota on the disk of this file is used up"),
        (OSError(errno.EROFS, "Read-only file system"), "the disk of this file can only be read"),
        (PermissionError(errno.EACCES, "Permission denied"), "permission is denied"),
        (RuntimeError('Failed to commit: Could not write file "x.wal": No space left on device'), FULL),
        (sqlite3.OperationalError("database or disk is full"), FULL),
        (ValueError("anything else"), ""),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), ""),
    ],
)
def test_why_a_disk_refuses_is_told_from_any_librarys_error(error: Exception, clause: str) -> None:
    assert disk_fault(error) == clause


def test_only_a_full_disk_calls_for_room() -> None:
    with pytest.raises(MammiError) as full, writing("x.csv"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(full.value) == f"x.csv: cannot be written: {FULL}; make room, and run the same command again."
    with pytest.raises(MammiError) as other, writing("x.csv"):
        raise IsADirectoryError(errno.EISDIR, "Is a directory")
    assert str(other.value) == "x.csv: cannot be written: it is a folder."


@pytest.mark.parametrize("error", [BrokenPipeError(errno.EPIPE, "Broken pipe"), ConfigError("x"), KeyError("x")])
def test_other_errors_go_through(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, writing("x.csv"):
        raise error
    assert raised.value is error


@pytest.mark.parametrize("size", [20_000, 100_000, 400_000, 1_000_000])
def test_a_run_file_that_finds_no_room_leaves_nothing(tmp_path: Path, size: int) -> None:
    path = tmp_path / "run.duckdb"
    contents = small_contents()
    with (
        files_up_to(size),
        pytest.raises(RunFileError, match=r"run\.duckdb: cannot be written: the file would be larg"),
    ):
        assemble(path, *contents)
    assert not list(tmp_path.iterdir())
    assemble(path, *contents)
    assert [each.name for each in tmp_path.iterdir()] == ["run.duckdb"]


def test_a_full_disk_keeps_what_the_work_file_holds(tmp_path: Path) -> None:
    with WorkFile(tmp_path / "run.duckdb.work") as work:
        work.put(numbered(0))
        work._connection.execute("PRAGMA max_page_count = 1")
        many = [numbered(number) for number in range(1, 50)]
        told = rf"\.work: cannot be written: {FULL}; make room, and run the same command again: it goes on from here\."
        with pytest.raises(RunFileError, match=told):
            deque(map(work.put, many), maxlen=0)
    with WorkFile(tmp_path / "run.duckdb.work") as work:
        films = numbered(0).films
        assert set(work.held([films.part])) >= set(films.images)


@pytest.mark.parametrize("file_format", ["csv", "json", "parquet"])
def test_a_table_that_finds_no_room_is_told(tmp_path: Path, file_format: str) -> None:
    rows = [(os.urandom(20).hex(),) for _ in range(5000)]
    with files_up_to(10_000), pytest.raises(MammiError, match=r"t: cannot be written: .* larger than the limit"):  # noqa: SIM117
        with writing(tmp_path / "t"):
            write_table(tmp_path / "t", file_format, {"name": "VARCHAR"}, rows)


def test_a_file_that_fails_halfway_is_removed(tmp_path: Path) -> None:
    def write() -> None:
        with written_whole(tmp_path / "x") as partial:
            partial.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        write()
    assert not list(tmp_path.iterdir())


def _refusing(code: int) -> Callable[..., None]:
    def refuse(*_given: object, **_named: object) -> None:
        raise OSError(code, os.strerror(code))

    return refuse


@pytest.mark.parametrize("code", [errno.EBUSY, errno.ENOTEMPTY, errno.EACCES])
def test_a_file_is_written_although_the_folder_beside_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(os, "rmdir", _refusing(code))
    with writing(tmp_path), written_beside(tmp_path / "x") as written:
        written.write_text("whole")
    assert (tmp_path / "x").read_text() == "whole"


def test_a_folder_that_stays_does_not_hide_why_a_file_was_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "rmdir", _refusing(errno.EBUSY))
    with pytest.raises(MammiError, match=FULL), writing(tmp_path), written_beside(tmp_path / "x"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_quota_that_is_told_when_the_bytes_are_asked_for_keeps_the_earlier_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB does not look at how the closing of a table ends."""
    (tmp_path / "x").write_text("earlier")
    monkeypatch.setattr(os, "fsync", _refusing(errno.EDQUOT))
    with pytest.raises(MammiError, match="your quota"), writing(tmp_path), written_beside(tmp_path / "x") as written:
        written.write_text("whole")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["earlier"]


def test_a_link_to_a_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("earlier")
    (tmp_path / "link").symlink_to("x")
    with written_beside(tmp_path / "link") as written:
        written.write_text("whole")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "x").read_text() == "whole"


def test_what_a_killed_process_has_left_beside_a_file_goes(tmp_path: Path) -> None:
    left = tmp_path / ".mammi-left"
    left.mkdir()
    (left / "x").write_text("half")
    os.utime(left, (0, 0))
    with written_beside(tmp_path / "x") as written:
        written.write_text("whole")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["whole"]


def test_a_held_folder_needs_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", _refusing(errno.EBADF))  # as NFS does for a folder
    with held_folder(tmp_path) as first:
        os.utime(first, (0, 0))
        with held_folder(tmp_path) as second:
            assert set(tmp_path.iterdir()) == {first, second}


def test_a_file_system_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite and DuckDB say that the file is locked."""
    path = tmp_path / "run.duckdb.work"
    path.touch()
    assert writing_now(path) == "another process, perhaps on another machine, is writing it"
    monkeypatch.setattr(fcntl, "lockf", _refusing(errno.ENOLCK))
    with pytest.raises(RunFileError, match=r"run\.duckdb\.work: it cannot be locked: .* use a folder on another one"):
        writing_now(path)
    assert [each.name for each in tmp_path.iterdir()] == ["run.duckdb.work"]


def test_locks_that_duckdb_and_sqlite_miss_are_told() -> None:
    missing = sqlite3.OperationalError("disk I/O error")
    missing.sqlite_errorname = "SQLITE_IOERR_LOCK"
    assert "no locks" in disk_fault(missing)
    assert "no locks" in disk_fault(RuntimeError('Could not set lock on file "x": File locks are not supported for'))


@pytest.mark.parametrize("code", [errno.ENOENT, errno.EIO])
def test_a_rename_that_is_done_although_it_fails_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    real = os.replace

    def replace(*names: Path) -> None:
        real(*names)
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "replace", replace)
    with written_whole(tmp_path / "x") as partial:
        partial.write_text("whole")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["whole"]


def test_a_folder_that_a_killed_process_has_left_goes_and_a_held_one_stays(tmp_path: Path) -> None:
    left = tmp_path / "mammi-ray-left"
    left.mkdir()
    (left / "log").write_text("x")
    os.utime(left, (0, 0))
    with held_folder(tmp_path, "mammi-ray-") as first:
        os.utime(first, (0, 0))
        with held_folder(tmp_path, "mammi-ray-") as second:
            assert set(tmp_path.iterdir()) == {first, second}
    assert not list(tmp_path.iterdir())
