"""Random keys, clicks, pastes and resizes: none ends the explorer, and none leaves a stale screen.

`python -m tests.end_to_end.random_events --events 5000` is the long form.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.random_events import ESCAPE, Session, events
from tests.support.runs import small_run

pytestmark = pytest.mark.slow

EVENTS = 60


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_events(tmp_path: Path, seed: int) -> None:
    run = small_run(tmp_path, hostile=seed % 2 == 0, sets=1 + seed % 2)
    assert max(events(seed, EVENTS, run)) >= EVENTS


def test_a_screen_that_is_told_twice_to_close_closes_no_other(tmp_path: Path) -> None:
    session = Session(0, small_run(tmp_path))
    try:
        session.rest()
        beside = "\x1b[<0;2;41M\x1b[<0;2;41m"
        for opens in (":", "?", "3\r", "?:", "3\r?"):
            session.terminal.send(opens)
            session.rest()
            session.terminal.send(beside * 4 + ESCAPE)
            session.rest()
            session.terminal.send(ESCAPE)
            session.check()
        session.quit()
    finally:
        session.close()


@pytest.mark.parametrize("opens", ["3\r", "?", ":"])
def test_a_size_that_changes_below_another_screen(tmp_path: Path, opens: str) -> None:
    session = Session(0, small_run(tmp_path), size=(130, 42))
    try:
        session.rest()
        session.terminal.send(opens)
        session.rest()
        session.resize(70, 20)
        session.check()
        session.terminal.send(ESCAPE)
        session.check()
        assert session.terminal.text().count("╭") == 1, "one pane fits"
        session.quit()
    finally:
        session.close()


def test_heads_follow_a_resize_after_the_methods(tmp_path: Path) -> None:
    session = Session(0, small_run(tmp_path), size=(100, 30))
    try:
        session.rest()
        session.terminal.send("mm")
        session.rest()
        session.resize(200, 55)
        session.check()
        heads = session.terminal.text().splitlines()[3]
        assert "finding" in heads
        session.quit()
    finally:
        session.close()
