"""The explorer sends only what changed. A real terminal must show the same as after drawing everything anew."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.runs import small_run
from tests.support.terminal import Terminal, mammi

REDRAW = "\x0c"
KEYS = (
    "3",
    "l",
    "j",
    "\r",
    "l",
    "b",
    "\x1b",
    "]",
    "]",
    "[",
    "1",
    "j",
    "/",
    "class 1",
    "\r",
    ":",
    "\x1b",
    "?",
    "\x1b",
    "2",
    "j",
    "1",
    "y",
    "x",
    "z",
    "e",
    "j",
    "]",
    "m",
    "l",
    "e",
    "e",
    "G",
    "k",
    "g",
    "{",
    "2",
    "j",
)


def settle(terminal: Terminal, quiet: float = 0.3) -> None:
    """Reads until nothing has come for a while."""
    received, last = len(terminal.received), time.monotonic()
    while time.monotonic() - last < quiet:
        terminal.pump()
        if len(terminal.received) != received:
            received, last = len(terminal.received), time.monotonic()


def cells(terminal: Terminal) -> list[list[tuple[object, ...]]]:
    screen = terminal.screen
    return [[tuple(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


@pytest.mark.slow
def test_after_many_keys_the_screen_is_that_of_a_full_redraw(tmp_path: Path) -> None:
    path = small_run(tmp_path, images=200)
    with Terminal(mammi("open", str(path), "layer1:4", "--alpha", "0.5"), columns=110, rows=34) as terminal:
        terminal.wait_for("annotated")
        for key in KEYS:
            terminal.send(key)
            settle(terminal)
        settle(terminal, quiet=3.0)  # evidence that waits until the reader rests has come
        shown, before = cells(terminal), len(terminal.received)
        terminal.send(REDRAW)
        terminal.wait_for(lambda _: len(terminal.received) > before + 10_000)
        settle(terminal)
        assert cells(terminal) == shown
        whole = len(terminal.received) - before
        terminal.send("j")
        settle(terminal)
        assert len(terminal.received) - before - whole < whole / 4
        terminal.send("q")
        assert terminal.wait_for_end() == 0
