"""However the explorer ends or stops, its pictures are taken off the terminal before the terminal is given back."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.terminal import Terminal, mammi
from tests.support.terminal_modes import AS_FOUND, left

_SENT = re.compile(rb"\x1b_Ga=T,U=1,[^;]*?i=(\d+),")
_DELETED = re.compile(rb"\x1b_Ga=d,d=I,i=(\d+),")


def quits(terminal: Terminal) -> None:
    terminal.send("q")


def is_told_to_end(terminal: Terminal) -> None:
    terminal.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("ends", [quits, is_told_to_end])
def test_no_picture_stays(run_path: Path, tmp_path: Path, ends: Callable[[Terminal], None]) -> None:
    run = tmp_path / "run.duckdb"
    run.write_bytes(run_path.read_bytes())
    with Terminal(
        mammi("open", str(run), "--images", "kitty", "--fresh", "layer1:3"), columns=120, rows=36
    ) as terminal:
        end = time.monotonic() + 30
        while not (sent := set(_SENT.findall(terminal.received))) and time.monotonic() < end:
            terminal.pump()
        assert sent
        ends(terminal)
        terminal.wait_for_end()
        sent = set(_SENT.findall(terminal.received))
        before, _, after = terminal.received.rpartition(b"\x1b[?1049l")
        assert set(_DELETED.findall(before)) == sent
        assert not _SENT.search(after)
        assert left(terminal.received) == AS_FOUND
