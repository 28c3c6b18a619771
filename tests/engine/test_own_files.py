"""Files that may hold patients' data are for their owner alone, or for whoever may read the run file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from engine.own_files import checked_mode, from_home, home, made_as
from engine.store.work import WorkFile
from mammi_tui.verdicts.log import VerdictLog
from tests.engine.store.test_work import numbered
from tests.support.commands import Mammi
from tests.support.models import tiny_project
from tests.support.runs import small_run
from tests.support.tiny_runs import compute
from tests.support.verdicts import judge


@pytest.fixture
def mammi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mammi:
    return Mammi(monkeypatch, capsys)


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):04o}"


@pytest.mark.parametrize(
    ("run", "folder", "verdicts"),
    [("0600", "0700", "0600"), ("0640", "0750", "0640"), ("0660", "0770", "0660"), ("0644", "0755", "0644")],
)
def test_a_runs_files_have_its_mode_from_the_first_byte(tmp_path: Path, run: str, folder: str, verdicts: str) -> None:
    with made_as(run):
        (tmp_path / "made").mkdir()
        path = small_run(tmp_path / "made")
        with WorkFile(path.with_name("run.duckdb.work")) as work:
            work.put(numbered(0))
    assert (mode(path), mode(path.parent)) == (run, folder)
    assert int(mode(path.with_name("run.duckdb.work")), 8) & ~int(run, 8) == 0
    log = VerdictLog(path, "content")
    judge(log, "layer0:3", "accept")
    assert mode(log.path) == verdicts
    assert os.umask(0o022) == 0o022


def test_what_a_command_writes_is_for_its_owner_or_as_the_run_file(mammi: Mammi, tmp_path: Path) -> None:
    path, table = small_run(tmp_path), tmp_path / "table.csv"
    for run, expected in ((0o600, "0600"), (0o640, "0640"), (0o644, "0644"), (0o666, "0644")):
        path.chmod(run)
        assert mammi("export", path, "--what", "neurons", "--format", "csv", "-o", table, "--force").status == 0
        assert mode(table) == expected


@pytest.mark.parametrize("text", ["0666", "0777", "0400", "6", "", "0o600", "u=rw", "0602", "0620"])
def test_a_mode_that_lets_everybody_write_or_its_owner_not_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="0600"):
        checked_mode(text)


def test_a_user_without_a_home_and_an_unknown_one_are_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", none)
    assert not home().exists()
    assert from_home("~nobody-of-this-name/x.duckdb") == Path("~nobody-of-this-name/x.duckdb")


def test_a_file_system_that_keeps_no_modes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tiny_project(tmp_path, films=3)
    assert compute(project).notes == []
    monkeypatch.setattr("engine.run.pipeline.made_as", lambda _: nullcontext())  # as on a memory stick
    before = os.umask(0)
    try:
        (note,) = compute(project, "run.alpha=0.5").notes
    finally:
        os.umask(before)
    assert note.endswith('tiny.duckdb: everyone may read it: its file system does not keep run.mode = "0600".')
