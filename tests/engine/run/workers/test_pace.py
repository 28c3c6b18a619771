"""The number of workers at work follows who was heard of lately."""

from __future__ import annotations

from engine.run.workers.pace import Heard


def test_a_worker_that_falls_silent_no_longer_counts() -> None:
    now = 0.0
    heard = Heard(lambda: now)
    assert heard.hear("a") == 1
    assert heard.hear("b") == 2
    now = 25.0
    assert heard.hear("a") == 2
    now = 70.0
    assert heard.hear("a") == 2  # results have come 45 s apart, so b may be at work
    now = 110.0
    assert heard.hear("a") == 2
    now = 140.0
    assert heard.hear("a") == 1
