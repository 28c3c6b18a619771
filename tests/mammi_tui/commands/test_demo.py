"""`mammi demo`: what is computed, and what follows. The computing itself is tested end to end."""

from __future__ import annotations

import os
import shutil
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

from tests.support.commands import Mammi


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The paths that were computed, instead of computing them."""
    paths: list[Path] = []
    monkeypatch.setattr("mammi_tui.commands.demo._compute", paths.append)
    return paths


@pytest.fixture
def finished(run_path: Path, tmp_path: Path) -> Path:
    path = tmp_path / "demo.duckdb"
    shutil.copy(run_path, path)
    return path


def test_the_run_file_lies_in_the_folder_given(mammi: Mammi, tmp_path: Path, computed: list[Path]) -> None:
    outcome = mammi("demo", "--out", tmp_path / "new", "--no-open")
    assert (outcome.status, outcome.out) == (0, f"{tmp_path / 'new' / 'demo.duckdb'}\n")
    assert computed == [tmp_path / "new" / "demo.duckdb"]


@pytest.mark.usefixtures("computed")
def test_then_the_explorer_opens_in_a_fresh_process(
    mammi: Mammi, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("mammi_tui.console.arguments.at_a_terminal", lambda: True)
    monkeypatch.setattr(os, "execv", lambda program, arguments: started.append([program, *arguments[1:]]))
    mammi("demo", "--out", finished.parent)
    assert started == [[sys.executable, "-P", "-m", "mammi_tui", "open", str(finished)]]


def test_without_the_engine_one_line_says_how_to_install_it(
    mammi: Mammi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mammi_tui.console.compute.ENGINE_PACKAGES", ("torch_is_missing",))
    outcome = mammi("demo", "--out", tmp_path, "--no-open")
    assert outcome.status == 1
    assert outcome.err == (
        "mammi: `mammi demo` needs the engine, which is not installed (torch_is_missing missing): "
        "pip install 'mammi-explorer[engine]' (in a clone: pip install -e '.[engine]')\n"
    )


def test_a_folder_that_cannot_be_made_is_told_with_status_2(mammi: Mammi, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outcome = mammi("demo", "--out", tmp_path / "file" / "demo", "--no-open")
    assert outcome.status == 2
    assert "cannot be made: a part of its path is no folder" in outcome.err


def test_a_damaged_run_file_is_told_with_what_to_do(mammi: Mammi, finished: Path, computed: list[Path]) -> None:
    finished.write_bytes(finished.read_bytes()[:5000])
    outcome = mammi("demo", "--out", finished.parent, "--no-open")
    assert (outcome.status, computed) == (1, [])
    what, todo = outcome.err.splitlines()
    assert what.startswith(f"mammi: {finished}: ")
    assert todo == "Move it away, or use --out."


@pytest.mark.parametrize("table", ["layers", "concepts", "meta"])
def test_a_damaged_run_file_that_holds_something_whole_is_told_with_salvage(
    mammi: Mammi, finished: Path, computed: list[Path], table: str
) -> None:
    with duckdb.connect(finished) as client:
        client.execute(f"DELETE FROM {table}")  # noqa: S608 (of these)
    outcome = mammi("demo", "--out", finished.parent, "--no-open")
    assert (outcome.status, computed) == (1, [])
    what, todo = outcome.err.splitlines()
    assert what.startswith(f"mammi: {finished}: damaged: its ")
    assert todo == (
        f"`mammi salvage {finished}` keeps what is whole, and `mammi demo` then computes the rest; or use --out."
    )
    assert mammi("salvage", finished).status == 0


def test_the_packaged_configuration_names_everything_it_needs() -> None:
    tables = tomllib.loads((files("engine.demo") / "demo.toml").read_text("utf-8"))
    assert set(tables) == {"run", "probing", "target", "vlm", "concepts", "methods"}
