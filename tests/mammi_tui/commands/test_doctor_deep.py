"""`mammi doctor --deep`, and `mammi doctor` of the files of an unfinished run."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from engine.store.work import WorkFile
from tests.engine.store.test_work import numbered
from tests.support.commands import Mammi
from tests.support.runs import small_run
from tests.support.whole import damage_embedding


def test_it_says_what_is_whole_of_an_unfinished_run(mammi: Mammi, tmp_path: Path) -> None:
    path = tmp_path / "run.duckdb.work"
    with WorkFile(path) as work:
        work.put(numbered(0))
        outcome = mammi("doctor", path)
        assert outcome.status == 1
        assert outcome.err.endswith("is writing it; wait for it to end\n")
    outcome = mammi("doctor", tmp_path)
    assert outcome.status == 0
    assert "1 file of an unfinished run: as they were written." in outcome.out
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE results SET reason = 'none' WHERE rowid < 4")
    connection.close()
    before = path.read_bytes()
    outcome = mammi("doctor", path)
    assert outcome.status == 1
    assert "\n  damaged     3 results\n" in outcome.out
    assert f"{path}: 1 damaged file; the next `mammi run`" in outcome.err
    assert path.read_bytes() == before


def test_deep_names_what_is_damaged_and_what_is_whole(mammi: Mammi, tmp_path: Path) -> None:
    path = small_run(tmp_path)
    outcome = mammi("doctor", "--deep", path)
    assert outcome.status == 0
    assert "Every row is as it was written" in outcome.out
    damage_embedding(path, 7)
    outcome = mammi("doctor", "--deep", path)
    assert outcome.status == 1
    damaged, whole = outcome.out.split("\nDamaged\n")[1].split("\nWhole\n")
    assert "embeddings of 60 images" in damaged
    assert "layer layer1: all 62" in whole
    assert f"`mammi salvage {path}` takes over what is whole" in outcome.err
