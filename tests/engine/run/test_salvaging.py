"""What is whole of a damaged run file is taken over, and only the rest is computed again."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from engine.progress import Silent
from engine.run.salvaging import damaged_path, salvage
from engine.store.reader import RunReader
from tests.support.models import tiny_project
from tests.support.tiny_runs import compute, counted_calls
from tests.support.whole import damage_embedding


@pytest.fixture
def out(tmp_path: Path) -> Path:
    project = tiny_project(tmp_path)
    (project.parent / "films" / "003.png").write_bytes(b"no film")
    compute(project)
    return project.with_name("tiny.duckdb")


def content(out: Path) -> str:
    with RunReader(out) as reader:
        return reader.info.content_hash


@pytest.mark.slow
def test_only_what_was_damaged_is_computed_again(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, verdicts = content(out), out.with_name("tiny.verdicts.jsonl")
    verdicts.write_text("{}\n")
    damage_embedding(out, 5)
    damaged = out.read_bytes()
    found = {each.what: each for each in salvage(out, Silent())}
    assert found["embedding"].taken < found["embedding"].every == 14
    assert str(found["layer first"]) == "layer first: all 14"
    assert damaged_path(out).read_bytes() == damaged
    assert not out.exists()
    calls = counted_calls(monkeypatch)
    compute(out.with_suffix(".toml"))
    assert calls["images"]
    assert (calls["target"], calls["texts"]) == ([], [])
    assert content(out) == expected
    assert verdicts.read_text() == "{}\n"


@pytest.mark.slow
@pytest.mark.parametrize("change", ["UPDATE layers SET first_neuron = first_neuron + 1", "DROP TABLE layers"])
def test_without_layers_all_but_these_is_taken_over(out: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    expected = content(out)
    with duckdb.connect(out) as client:
        client.execute(change)
    found = {each.what: each for each in salvage(out, Silent())}
    assert [str(found[part]) for part in ("film", "embedding")] == ["film: all 14", "embedding: all 14"]
    assert str(found["layer first"]) == "layer first: 1 of 14"  # why one film is set aside
    assert not any(name.startswith("maps of") for name in found)
    calls = counted_calls(monkeypatch)
    compute(out.with_suffix(".toml"))
    assert calls["target"]
    assert calls["images"] == []
    assert content(out) == expected
