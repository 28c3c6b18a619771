"""What random keys, clicks, pastes and resizes have broken once. The hard knock `events` tries thousands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.hard_knocks.session import ESCAPE, Session
from tests.support.runs import small_run
from tests.support.terminal import Terminal

pytestmark = pytest.mark.slow


def test_a_screen_that_is_told_twice_to_close_closes_no_other(tmp_path: Path) -> None:
    session = Session(0, small_run(tmp_path))
    try:
        session.rest()
        beside = "\x1b[<0;2;41M\x1b[<0;2;41m"
        for opens in (":", "3\r?", "?:"):
            session.terminal.send(opens)
            session.rest()
            session.terminal.send(beside * 4 + ESCAPE)
            session.rest()
            session.terminal.send(ESCAPE)
            session.check()
        session.quit()
    finally:
        session.close()


def test_a_size_that_changes_below_another_screen(tmp_path: Path) -> None:
    session = Session(0, small_run(tmp_path), size=(130, 42))
    try:
        session.rest()
        for opens, size, panes in (("3\r", (70, 20), 1), ("?", (130, 42), 3), (":", (70, 20), 1)):
            session.terminal.send(opens)
            session.rest()
            session.resize(*size)
            session.check()
            session.terminal.send(ESCAPE)
            session.check()
            assert session.terminal.text().count("╭") == panes, opens
        session.quit()
    finally:
        session.close()


LATE = """
import sys
from mammi_tui.cli import main
from mammi_tui.terminal.driver import TerminalDriver

now, before = TerminalDriver._get_terminal_size, []

def late(driver):
    before.append(now(driver))
    return before[-2] if len(before) > 1 else before[-1]

TerminalDriver._get_terminal_size = late
sys.argv[0] = "mammi"
main()
"""


def test_a_size_that_is_set_only_after_its_signal(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LATE, "open", str(small_run(tmp_path))]
    with Terminal(command, columns=100, rows=30) as terminal:
        terminal.wait_for("layer1:1")
        terminal.resize(130, 42)
        terminal.wait_for(lambda screen: any(line.endswith("╮") and len(line) == 130 for line in screen.splitlines()))
        terminal.resize(100, 30)
        terminal.wait_for(lambda screen: any(line.endswith("╮") and len(line) == 100 for line in screen.splitlines()))


def test_a_resize_there_and_back_and_one_after_the_methods(tmp_path: Path) -> None:
    session = Session(0, small_run(tmp_path), size=(100, 30))
    try:
        session.rest()
        session.resize(40, 12)
        session.resize(100, 30)
        session.check()
        session.terminal.send("mm")
        session.rest()
        session.resize(200, 55)
        session.check()
        assert "finding" in session.terminal.text().splitlines()[3], "the heads have the new width"
        session.quit()
    finally:
        session.close()
