"""A run file that changes while it is open gives the answers of the file that was opened, or none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import RunFileError
from engine.store.reader import RunReader
from mammi_tui.verdicts.log import log_of
from tests.support.runs import small_run
from tests.support.verdicts import judge


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folders = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    return small_run(folders[0]), small_run(folders[1], seed=1)


@pytest.mark.parametrize(
    "change",
    [
        lambda run, other: shutil.copyfile(other, run),
        lambda run, _: os.truncate(run, 9000),
        lambda run, _: os.truncate(run, 0),
    ],
)
def test_what_is_written_over_is_told(
    runs: tuple[Path, Path], tmp_path: Path, change: Callable[[Path, Path], object]
) -> None:
    run = tmp_path / "run.duckdb"
    shutil.copyfile(runs[0], run)
    with RunReader(run) as reader:
        log = log_of(reader)
        told: list[str] = []
        log.when_replaced = told.append
        change(run, runs[1])
        with pytest.raises(RunFileError, match=r"written over while it was open: open it again"):
            reader.images(range(3))
        log.look_at_run()
        judge(log, "layer0:3", "accept")
        assert told == ["was replaced or written over"]
        assert len(log.entries()) == 1


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda run, other: shutil.copyfile(other, run.with_name("new")).replace(run), "was replaced or written over"),
        (lambda run, _: run.unlink(), "is gone"),
    ],
)
def test_what_is_replaced_or_removed_is_read_as_it_was(
    runs: tuple[Path, Path], tmp_path: Path, change: Callable[[Path, Path], object], what: str
) -> None:
    run = tmp_path / "run.duckdb"
    shutil.copyfile(runs[0], run)
    with RunReader(run) as reader, RunReader(runs[0]) as first:
        told: list[str] = []
        log = log_of(reader)
        log.when_replaced = told.append
        change(run, runs[1])
        assert reader.images(range(3)) == first.images(range(3))
        log.look_at_run()
        log.look_at_run()
        assert told == [what]
