"""`mammi keys`: every key with its id, and what is wrong with the file of keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mammi_tui.key_places import places
from tests.support.commands import Mammi


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "mammi" / "keys.toml"
    path.parent.mkdir()
    return path


def test_it_lists_every_binding_by_place(mammi: Mammi, file: Path) -> None:
    done = mammi("keys")
    assert (done.status, done.err) == (0, "")
    for place in places():
        assert f"\n{place.title}\n" in f"\n{done.out}"
        for binding in place.bindings:
            assert binding.name in done.out
            assert binding.does in done.out
    assert f"{file} (there is no such file)" in done.out
    assert "*" not in done.out


def test_it_marks_what_the_file_changes(mammi: Mammi, file: Path) -> None:
    file.write_text('"verdict.accept" = "f7, ctrl+y"\n"verdict.clear" = ""\n')
    done = mammi("keys")
    assert (done.status, done.err) == (0, "")
    marked = {" ".join(line.split())[:32] for line in done.out.splitlines() if line.startswith("*")}
    assert marked == {"* verdict.accept f7 ctrl+y Accept"[:32], "* verdict.clear none Clear the verdict"[:32]}
    assert "no such file" not in done.out


def test_json_has_all_of_it(mammi: Mammi, file: Path) -> None:
    file.write_text('"verdict.accept" = "f7, ["\n')
    done = mammi("keys", "--json")
    found = json.loads(done.out)
    assert found["file"] == str(file)
    (problem,) = found["problems"]
    assert "keys.toml:1: verdict.accept: [ is the key of alpha.down" in problem
    bindings = {binding["id"]: binding for place in found["places"] for binding in place["bindings"]}
    assert bindings["verdict.accept"] == {
        "id": "verdict.accept",
        "keys": ["f7"],
        "usual": ["y"],
        "changed": True,
        "does": bindings["verdict.accept"]["does"],
    }
    assert bindings["alpha.down"]["keys"] == ["[", "shift+left"]


def test_what_is_wrong_is_told_with_its_line_and_the_list_is_printed(mammi: Mammi, file: Path) -> None:
    file.write_text('# mine\n"verdict.acept" = "f7"\n"verdict.reject" = "entr"\n')
    done = mammi("keys")
    assert done.status == 2
    assert "verdict.accept" in done.out
    first, second, last = done.err.splitlines()
    assert last.startswith("mammi: ")
    assert last.endswith("2 faults; what is at fault has no effect")
    assert "keys.toml:2: " in first
    assert "Did you mean verdict.accept?" in first
    assert "keys.toml:3: " in second
    assert "Did you mean enter?" in second
