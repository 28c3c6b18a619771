"""Copying: what the terminal is sent, and which commands are asked."""

from __future__ import annotations

import base64
import os
import re
import stat
from pathlib import Path

import pytest

from mammi_tui.handing_on.clipboard import copied, sequence, to_commands

TEXT = "opacity, α 0.93"
BARE = f"\x1b]52;c;{base64.b64encode(TEXT.encode()).decode()}\x07"


def test_a_terminal_gets_osc_52() -> None:
    assert sequence(TEXT, {"TERM": "xterm-256color"}) == BARE


@pytest.mark.parametrize("term", ["tmux-256color", "screen-256color"])
def test_tmux_gets_it_bare_and_wrapped(term: str) -> None:
    sent = sequence(TEXT, {"TERM": term, "TMUX": "tmux-0/default,1,0"})
    assert sent == BARE + "\x1bPtmux;" + BARE.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def test_screen_gets_it_in_short_strings() -> None:
    text = "word " * 400
    sent = sequence(text, {"TERM": "screen", "STY": "1.pts"})
    strings = re.findall(r"\x1bP(.*?)\x1b\\", sent, re.DOTALL)
    assert all(len(string) <= 200 for string in strings)
    content = "".join(strings).removeprefix("\x1b]52;c;").removesuffix("\x07")
    assert base64.b64decode(content).decode() == text


def test_over_ssh_from_within_tmux_or_screen_both_are_served() -> None:
    sent = sequence(TEXT, {"TERM": "screen-256color", "SSH_TTY": "/dev/pts/1"})
    assert sent.startswith(BARE)
    assert sent.endswith("\x1b\\")


@pytest.mark.parametrize(
    ("text", "term"), [("x" * 60_000, "xterm"), (TEXT, "linux"), (TEXT, "dumb"), (TEXT, "")], ids=range(4)
)
def test_what_a_terminal_does_not_take_is_not_sent(text: str, term: str) -> None:
    assert sequence(text, {"TERM": term}) == ""


def command(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def environment(folder: Path, **variables: str) -> dict[str, str]:
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "OUT": str(folder / "out"), **variables}


def test_the_desktops_command_gets_the_text_without_a_shell(tmp_path: Path) -> None:
    command(tmp_path, "wl-copy", 'cat > "$OUT"')
    command(tmp_path, "xclip", 'cat > "$OUT.second"')
    text = "$(touch hurt); 'x'"
    places = list(to_commands(text, environment(tmp_path, WAYLAND_DISPLAY="wayland-0", DISPLAY=":0")))
    assert places == ["the desktop's clipboard (wl-copy)"]
    assert (tmp_path / "out").read_text() == text
    assert not (tmp_path / "out.second").exists()


def test_a_command_without_a_display_is_not_asked(tmp_path: Path) -> None:
    command(tmp_path, "xclip", 'cat > "$OUT"')
    assert list(to_commands(TEXT, environment(tmp_path, DISPLAY=""))) == []


def test_where_one_command_fails_the_next_is_asked(tmp_path: Path) -> None:
    command(tmp_path, "xclip", "exit 1")
    command(tmp_path, "xsel", 'cat > "$OUT"')
    assert list(to_commands(TEXT, environment(tmp_path, DISPLAY=":9"))) == ["the desktop's clipboard (xsel)"]


def test_a_command_that_hangs_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mammi_tui.handing_on.clipboard._PATIENCE", 0.05)
    command(tmp_path, "xclip", "exec sleep 60")
    assert list(to_commands(TEXT, environment(tmp_path, DISPLAY=":9"))) == []


def test_the_line_says_where_it_went(tmp_path: Path) -> None:
    command(tmp_path, "tmux", 'cat > "$OUT"')
    said, done = copied(TEXT, "the words", environment(tmp_path, TERM="tmux-256color", TMUX="x"))
    assert done
    assert said == "Copied the words to the terminal (OSC 52) and tmux's buffer"


def test_the_line_says_that_nothing_could_take_it(tmp_path: Path) -> None:
    assert copied(TEXT, "the words", {"PATH": str(tmp_path), "TERM": "linux"}) == (
        "Could not copy the words: no clipboard. E writes a file instead",
        False,
    )
    said, done = copied("x" * 60_000, "the row", {"PATH": str(tmp_path), "TERM": "xterm"})
    assert not done
    assert "too long for the terminal (60,000 bytes)" in said
