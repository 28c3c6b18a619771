"""The file that gives other keys to bindings: what it may say, and what is told about it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mammi_tui.key_places import keys_in_force, told
from mammi_tui.keyboard.file import MOST_BYTES, keys_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.toml"


def read(file: Path, text: str) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """The changed keys, and what is told."""
    file.write_text(text, "utf-8")
    keymap, problems = keys_in_force(file)
    return {name: tuple(keys) for name, keys in keymap.keys.items()}, told(file, problems)


def test_it_lies_where_xdg_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert keys_file() == tmp_path / "mammi" / "keys.toml"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for unusable in ("", "relative/folder"):
        monkeypatch.setenv("XDG_CONFIG_HOME", unusable)
        assert keys_file() == tmp_path / "home" / ".config" / "mammi" / "keys.toml"


def test_without_a_file_nothing_changes(file: Path) -> None:
    keymap, problems = keys_in_force(file)
    assert (keymap.keys, problems) == ({}, [])


@pytest.mark.parametrize(
    "text",
    [
        '"verdict.accept" = "f7, ctrl+y"',
        "'verdict.accept' = ['F7', 'Ctrl+Y']",
        'verdict.accept = "f7,ctrl+y"',
        '# mine\n[verdict]\naccept = "f7, ctrl+y"',
        '\ufeff"verdict.accept" = "f7, ctrl+y"',
    ],
    ids=["string", "list", "dotted", "table", "byte order mark"],
)
def test_every_way_of_writing_is_understood(file: Path, text: str) -> None:
    assert read(file, text) == ({"verdict.accept": ("f7", "ctrl+y")}, [])


def test_keys_are_taken_away_and_swapped(file: Path) -> None:
    text = '"verdict.clear" = ""\n"history.back" = []\n"verdict.accept" = "x"\n"verdict.reject" = "y"\n'
    changed, problems = read(file, text)
    assert changed == {
        "verdict.clear": (),
        "history.back": (),
        "verdict.accept": ("x",),
        "verdict.reject": ("y",),
    }
    assert problems == []


@pytest.mark.parametrize(
    ("line", "told_of"),
    [
        ('"verdict.acept" = "f7"', ["verdict.acept", "verdict.accept"]),
        ('"accept" = "f7"', ["accept", "verdict.accept"]),
        ('"nothing like it" = "f7"', ["mammi keys"]),
        ('"verdict.accept" = "hyper+entr"', ["verdict.accept", "entr", "enter"]),
        ('"verdict.accept" = "f7,,ctrl+y"', ["verdict.accept", "comma"]),
        ('"verdict.accept" = 7', ["verdict.accept", '"y, ctrl+y"']),
        ('"verdict.accept" = "x"', ["verdict.accept", "verdict.reject"]),
        ('"list.down" = "n"', ["list.down", "undecided.next"]),
        ('"app.help" = "y"', ["app.help", "verdict.accept"]),
        ('"film.info" = "b"', ["film.info", "film.outlines"]),
        ('"filter.keep" = "k"', ["filter.keep", "types"]),
        ('"filter.keep" = "ctrl+a"', ["filter.keep", "ctrl+a"]),
        ('"slider.up" = "5"', ["slider.up", "types"]),
        ('"menu.leave" = "c"', ["menu.leave", "types"]),
        ('"app.quit-now" = "k"', ["app.quit-now", "k"]),
        ('"\x07" = "f7"'.replace("\x07", "\\u001b[31m"), ["␛[31m"]),
        ('"verdict.accept" = "\\u001b"', ["verdict.accept", "control character"]),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isprintable() else "told",
)
def test_what_cannot_be_is_told_with_its_line_and_the_rest_works(file: Path, line: str, told_of: list[str]) -> None:
    changed, problems = read(file, f'# my keys\n{line}\n"verdict.unsure" = "U"\n')
    assert len(problems) == 1
    assert problems[0].startswith(f"{file}:2: ")
    assert all(text in problems[0] for text in told_of)
    assert problems[0].isprintable()
    assert len(problems[0]) < 400
    assert changed == {"verdict.unsure": ("U",)}


def test_of_two_lines_with_one_key_the_later_is_left_out(file: Path) -> None:
    changed, problems = read(file, '"verdict.accept" = "f7"\n"verdict.reject" = "f7, ctrl+x"\n')
    assert changed == {"verdict.accept": ("f7",), "verdict.reject": ("ctrl+x",)}
    assert [problem.split(": ")[0] for problem in problems] == [f"{file}:2"]


def test_bindings_that_share_a_key_may_share_another(file: Path) -> None:
    names = ("filter.drop", "filter.clear", "slider.leave", "film.close")
    changed, problems = read(file, "".join(f'"{name}" = "ctrl+g"\n' for name in names))
    assert problems == []
    assert changed == dict.fromkeys(names, ("ctrl+g",))


def test_bindings_that_never_work_together_may_share_a_key(file: Path) -> None:
    changed, problems = read(file, '"film.outlines" = "s"\n')
    assert (changed, problems) == ({"film.outlines": ("s",)}, [])


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        (b'"a" = "y"\n"b" == 3\n', ":2: ", "TOML"),
        (b'"a" = "y"\n"a" = "y"\n', ":2: ", "TOML"),
        (b'x = "', ":1: ", "TOML"),
        (b'"a" = "\xff"\n', ": ", "UTF-8"),
        (b"#" * (MOST_BYTES + 1), ": ", "64 KB"),
        (b"a = " + b"[" * 5000, ": ", "read"),
    ],
    ids=["syntax", "twice", "open string", "encoding", "size", "depth"],
)
def test_a_file_that_cannot_be_read_changes_nothing(file: Path, content: bytes, place: str, reason: str) -> None:
    file.write_bytes(content)
    keymap, problems = keys_in_force(file)
    assert keymap.keys == {}
    (line,) = told(file, problems)
    assert line.startswith(f"{file}{place}")
    assert reason in line


def test_a_name_of_thousands_of_parts_is_told(file: Path) -> None:
    file.write_text(f"a{'.a' * 3000} = 1\n")
    keymap, problems = keys_in_force(file)
    assert keymap.keys == {}
    assert told(file, problems)[0].startswith(f"{file}: cannot be read: it has more than 500 dots in line 1")


def test_what_is_no_file_is_told(file: Path) -> None:
    os.mkfifo(file)
    keymap, problems = keys_in_force(file)
    assert keymap.keys == {}
    assert "no file" in told(file, problems)[0]
    file.unlink()
    file.symlink_to("nowhere")
    assert "cannot be read" in told(file, keys_in_force(file)[1])[0]
