"""The state file: what comes back, what is refused, and who may read it."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from engine.annotation.cuts import Selection
from engine.errors import MammiError
from mammi_tui.state.file import StateFile, state_home, state_path
from mammi_tui.state.record import (
    LARGEST,
    LONGEST,
    MOST_EARLIER,
    MOST_LAYERS,
    MOST_SAVED,
    RunState,
    as_json,
    from_json,
)

WHOLE = RunState(
    *("features.norm5:57", 0.9, 0.8, "set 1", "z", Selection("top", 40), "effusion|fluid", "trust", True),
    *("evidence", "images", 24, False),
    *("film 12", "Effusion"),
    open_layers=("features.norm5",),
    earlier=("a", "b"),
    saved={"mine": "concept:effusion", "肺": "q<0.05"},
)


def file_in(folder: Path) -> StateFile:
    return StateFile(folder / "state" / "run.json")


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    assert file.read() == RunState()
    file.write(WHOLE)
    assert file.read() == WHOLE
    file.write(RunState())
    assert file.read() == RunState()
    assert [path.name for path in file.path.parent.iterdir()] == ["run.json"], "nothing is left over"


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    file.write(WHOLE)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"version": 2}', b'{"version": "1"}', b"{}"),
        b'{"version": 1, "neuron": "' + b"x" * LARGEST + b'"}',
    ],
    ids=["empty", "cut", "list", "null", "bytes", "deep", "newer", "text", "none", "large"],
)
def test_a_damaged_file_is_told_and_set_aside(tmp_path: Path, content: bytes) -> None:
    file = file_in(tmp_path)
    file.path.parent.mkdir()
    file.path.write_bytes(content)
    with pytest.raises(MammiError, match="set aside") as told:
        file.read()
    assert str(file.path) in str(told.value)
    assert "\n" not in str(told.value)
    assert file.path.with_name("run.json.damaged").read_bytes() == content
    assert file.read() == RunState()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("neuron", 3),
        ("neuron", "x" * 501),
        ("query", "\ud800"),
        ("alpha", 1.5),
        ("alpha", True),
        ("alpha", float("nan")),
        ("beta", "0.5"),
        ("flipped", 1),
        ("film_size", -1),
        ("film_size", 10**9),
        ("films", None),
        ("open_layers", "layer1"),
        ("open_layers", [3, None, ["x"]]),
        ("earlier", {"a": 1}),
        ("saved", ["a"]),
        ("saved", {"a": 3, "": "x", "b": "y" * 501}),
        ("extra", {"a": [1], "b": {"c": 1}, "d": float("inf"), "e": 10**400}),
    ],
)
def test_what_does_not_fit_is_left_out_and_the_rest_stays(name: str, value: object) -> None:
    found = from_json(json.dumps({"version": 1, "view": "evidence", name: value, "unknown": 1}).encode())
    assert found == RunState(view="evidence")


def test_history_keeps_each_filter_once_the_latest_last() -> None:
    state = RunState()
    for query in ("a", "b", "a"):
        state = state.with_earlier(query)
    assert state.earlier == ("b", "a")
    for number in range(3 * MOST_EARLIER):
        state = state.with_earlier(str(number))
    assert len(state.earlier) == MOST_EARLIER
    assert from_json(as_json(state).encode()) == state


def test_filters_are_saved_and_deleted_by_name() -> None:
    state = RunState().with_saved("a", "x").with_saved("b", "y").with_saved("a", "z")
    assert state.saved == {"b": "y", "a": "z"}
    assert state.with_saved("a", None).saved == {"b": "y"}
    assert state.with_saved("none of them", None).saved == state.saved


def test_whatever_the_explorer_keeps_comes_back(tmp_path: Path) -> None:
    layers = tuple("層" * 480 + str(number) for number in range(MOST_LAYERS))
    saved = {"名" * 490 + str(number): "字" * LONGEST for number in range(MOST_SAVED)}
    state = replace(WHOLE, open_layers=layers, saved=saved)
    file_in(tmp_path).write(state)
    assert file_in(tmp_path).read() == state


def test_a_pipe_in_its_place_is_told_and_does_not_hold_up_the_start(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    file.path.parent.mkdir()
    os.mkfifo(file.path)
    with pytest.raises(MammiError, match="no regular file"):
        file.read()


def test_the_file_goes_by_the_runs_name_and_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    first = state_path(Path("/a/demo.duckdb"), "1")
    assert first.parent == tmp_path / "mammi" / "runs" == state_home() / "runs"
    assert first == state_path(Path("/b/demo.duckdb"), "1"), "a run that was moved keeps its state"
    assert first != state_path(Path("/a/demo.duckdb"), "2")
    assert first != state_path(Path("/a/other.duckdb"), "1")
    odd = state_path(Path("/a/..\x1b[2J/ü \udcff.duckdb"), "1")
    assert odd.parent == first.parent
    assert odd.name.isascii()
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert state_home() == tmp_path / "home" / ".local" / "state" / "mammi"


def test_where_nothing_can_be_written_one_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(MammiError, match="cannot be kept") as told:
        file_in(tmp_path).write(WHOLE)
    assert "\n" not in str(told.value)
    with pytest.raises(MammiError, match="cannot be read"):
        file_in(tmp_path).read()
