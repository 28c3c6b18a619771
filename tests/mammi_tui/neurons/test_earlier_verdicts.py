"""Verdicts on another content of the run are reported, never silently lost or mixed in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engine.store.reader import RunReader
from mammi_tui.verdicts.log import VerdictLog
from tests.support.commands import Mammi
from tests.support.explorer import Explorer, explorer
from tests.support.verdicts import judge


def said(opened: Explorer) -> list[str]:
    return [toast.message for toast in opened.app._notifications]


def judged_before(path: Path, verdicts: int) -> None:
    for unit in range(verdicts):
        judge(VerdictLog(path, "an earlier content"), f"layer1:{unit + 3}", "accept", ["mass"])


@pytest.mark.slow
async def test_the_explorer_reports_how_many_verdicts_it_does_not_show(run_path: Path, tmp_path: Path) -> None:
    judged_before(tmp_path / "run.duckdb", 4)
    async with explorer(run_path, tmp_path) as opened:
        assert said(opened) == [
            "4 verdicts in run.verdicts.jsonl belong to an earlier version of this run and are not shown"
        ]
        assert opened.rows.judgements == {}


@pytest.mark.slow
async def test_the_explorer_tells_of_lines_that_are_damaged_or_altered(run_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.duckdb"
    with RunReader(run_path) as reader:
        log = VerdictLog(path, reader.info.content_hash)
    judge(log, "layer1:3", "accept", ["mass"])
    log.path.write_text(log.path.read_text("utf-8").replace('"accept"', '"reject"') + "no line\n")
    async with explorer(run_path, tmp_path) as opened:
        assert said(opened) == [
            "run.verdicts.jsonl: 1 line cannot be read and is left out, 1 line is not as written: "
            "look with `mammi verdicts verify`"
        ]


def test_so_does_the_export(mammi: Mammi, run_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.duckdb"
    shutil.copy(run_path, path)
    judged_before(path, 1)
    outcome = mammi("export", path, "--what", "verdicts", "--format", "json", "-o", "-")
    assert outcome.status == 0
    assert json.loads(outcome.out) == []
    assert outcome.err == "1 verdict in run.verdicts.jsonl belongs to an earlier version of this run and is not shown\n"


@pytest.mark.slow
async def test_a_run_file_that_was_replaced_is_reported_once_and_verdicts_are_on_what_was_seen(
    run_path: Path, tmp_path: Path
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("y")
        assert said(opened) == []
        shutil.copy(run_path, tmp_path / "new.duckdb")
        (tmp_path / "new.duckdb").replace(tmp_path / "run.duckdb")
        await opened.press("y", "y")
        assert said(opened) == [
            "The run file was replaced or written over: open it again to see what is there. "
            "Verdicts are kept as before."
        ]
        with RunReader(run_path) as reader:
            assert {line.run for line in opened.log.read().lines} == {reader.info.content_hash}
        assert len(opened.log.read().lines) == 3
