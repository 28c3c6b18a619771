"""New files never replace others, and are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import MammiError
from mammi_tui.handing_on.new_file import new_file


def test_a_taken_name_gets_a_number(tmp_path: Path) -> None:
    paths = [new_file(tmp_path, "demo.layer1-3", ".png", lambda path, n=n: path.write_text(str(n))) for n in range(3)]
    assert [path.name for path in paths] == ["demo.layer1-3.png", "demo.layer1-3-2.png", "demo.layer1-3-3.png"]
    assert [path.read_text() for path in paths] == ["0", "1", "2"]
    assert sorted(tmp_path.iterdir()) == sorted(paths)


@pytest.mark.parametrize("name", ["../../etc/x", "a/b\x1b[2J\n", "..", "", "-rf", "ü" * 300])
def test_any_name_stays_in_the_folder_and_is_plain(tmp_path: Path, name: str) -> None:
    path = new_file(tmp_path, name, ".csv", lambda path: path.write_text("x"))
    assert path.parent == tmp_path
    assert path.name.isascii()
    assert path.name.isprintable()
    assert not path.name.startswith(("-", "."))


def test_nothing_is_left_of_a_file_that_fails(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_text("half")
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        new_file(tmp_path, "x", ".csv", fail)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MammiError, match="no file can be written here"):
        new_file(tmp_path / "none", "x", ".csv", lambda path: path.write_text("x"))
