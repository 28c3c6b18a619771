"""What a run's progress shows: how far, how fast, how long still."""

from __future__ import annotations

import io
import logging

import pytest

from mammi_tui.console.progress import Stage, duration, run_progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_rate_and_time_left_leave_out_what_was_known_before() -> None:
    clock = Clock()
    stage = Stage("images", 100, clock)
    assert stage.pace() == ""
    stage.done = stage.reused = 40
    clock.now = 1.0
    assert stage.pace() == "checked"
    stage.done = 60
    clock.now = 10.0
    assert stage.pace() == "2.0/s, 20 s left"
    stage.done = 100
    clock.now = 185.0
    assert stage.pace() == "in 3:05, 40 reused"


def test_workers_stand_beside_the_rate() -> None:
    clock = Clock()
    stage = Stage("images", 100, clock)
    stage.done, stage.workers, clock.now = 40, 2, 10.0
    assert stage.pace() == "4.0/s, 15 s left, 2 workers"
    stage.workers = 1
    assert stage.pace() == "4.0/s, 15 s left, 1 worker"
    stage.done = 100
    assert stage.pace() == "in 10 s"


def test_a_stage_that_was_all_known_before_is_told_as_checked() -> None:
    stream = io.StringIO()
    with run_progress(stream) as progress:
        progress.stage("images", 900)
        progress.advance(450, reused=450)
        progress.advance(450, reused=450)
    assert stream.getvalue() == "images: 900 of 900 checked, nothing to compute\n"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (12.4, "12 s"), (185.2, "3:05"), (3723, "1:02:03")]
)
def test_durations(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_without_a_terminal_each_stage_is_a_line() -> None:
    stream = io.StringIO()
    with run_progress(stream) as progress:
        progress.stage("concepts", 3)
        progress.advance(0)
        progress.advance(3)
        logging.getLogger("engine.probing.folder").warning("%s: %d.", "links", 2)
        progress.note("x\x1b[31m.png")
    logging.getLogger("engine").warning("after")
    assert stream.getvalue().splitlines() == ["concepts: 3 of 3 in 0.0 s", "warning: links: 2.", "x␛[31m.png"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_there_are_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    with run_progress(stream) as progress:
        progress.stage("images", 4)
        progress.advance(4, reused=1)
        progress.note("[bold]not markup[/bold]")
    shown = stream.getvalue()
    assert "images" in shown
    assert "4/4" in shown
    assert "1 reused" in shown
    assert "[bold]not markup[/bold]" in shown
    assert "\x1b[?" not in shown, "nothing to give back, however the run ends"
