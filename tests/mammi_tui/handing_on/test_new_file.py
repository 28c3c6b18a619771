"""New files never replace others, and are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import MammiError
from mammi_tui.handing_on.new_file import new_file


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder."""
    made = tmp_path / "here"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


def test_a_taken_name_gets_a_number(folder: Path) -> None:
    paths = [new_file("demo.layer1-3", ".png", lambda path, n=n: path.write_text(str(n))) for n in range(3)]
    assert [path.name for path in paths] == ["demo.layer1-3.png", "demo.layer1-3-2.png", "demo.layer1-3-3.png"]
    assert [path.read_text() for path in paths] == ["0", "1", "2"]
    assert sorted(folder.iterdir()) == sorted(paths)


@pytest.mark.parametrize("name", ["../../etc/x", "a/b\x1b[2J\n", "..", "", "-rf", "ü" * 300])
def test_any_name_stays_in_the_folder_and_is_plain(folder: Path, name: str) -> None:
    path = new_file(name, ".csv", lambda path: path.write_text("x"))
    assert path.parent == folder
    assert path.name.isascii()
    assert path.name.isprintable()
    assert not path.name.startswith(("-", "."))


def test_nothing_is_left_of_a_file_that_fails(folder: Path) -> None:
    def fail(path: Path) -> None:
        path.write_text("half")
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        new_file("x", ".csv", fail)
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_gone_is_told(folder: Path) -> None:
    folder.rmdir()
    with pytest.raises(MammiError, match="no file can be written here"):
        new_file("x", ".csv", lambda path: path.write_text("x"))
