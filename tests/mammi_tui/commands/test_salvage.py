"""`mammi salvage`: what is taken over, and what cannot be."""

from __future__ import annotations

from pathlib import Path

from engine.run.salvaging import damaged_path
from engine.store.work import WorkFile, work_path
from tests.support.commands import Mammi
from tests.support.runs import small_run
from tests.support.whole import damage_embedding


def test_what_cannot_be_salvaged_is_told_and_left(mammi: Mammi, tmp_path: Path) -> None:
    out = small_run(tmp_path)
    outcome = mammi("salvage", out)
    assert (outcome.status, "there is nothing to salvage" in outcome.out, out.exists()) == (0, True, True)
    damage_embedding(out, 7)
    with WorkFile(work_path(out)):
        outcome = mammi("salvage", out)
        assert (outcome.status, "is writing it; wait" in outcome.err) == (1, True)
    assert out.exists()
    outcome = mammi("salvage", out)
    assert outcome.status == 0
    assert "\n  layer layer1: all 62\n" in outcome.out
    assert f"kept as {damaged_path(out)}" in outcome.out
    outcome = mammi("salvage", out)  # again
    assert (outcome.status, "no such file" in outcome.err) == (2, True)
    out.write_bytes(b"no run file" * 9000)
    outcome = mammi("salvage", out)
    assert (outcome.status, "run.damaged.duckdb: is there already" in outcome.err) == (1, True)
    damaged_path(out).unlink()
    outcome = mammi("salvage", out)
    assert (outcome.status, "run.duckdb: not a readable DuckDB file" in outcome.err) == (1, True)
    assert out.exists()
