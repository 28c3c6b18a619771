"""Random keys, mouse events and resizes through the explorer: no end, no stale screen, no growth."""

from __future__ import annotations

from collections.abc import Generator
from statistics import median

from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.session import Fault, Over, Session
from tests.support.every_view import OTHER, every_view_run

SESSIONS, EVENTS = 2, 10_000
GROWTH = 1.1
"""How much more memory it may take at the end than after it has warmed up"""
ENOUGH = 16
"""Batches from which on its memory is compared"""
MOST_FALLS = 20


def knock(setting: Setting) -> Outcomes:
    """Yields once for each check of the screen, and once for each session's memory.

    What falls, or is asked to quit, is started anew with another seed, until all events are sent.
    """
    run = every_view_run(setting.folder)
    seeds = iter(range(100 * setting.seed, 100 * setting.seed + SESSIONS + MOST_FALLS))
    for _ in range(setting.count(1, SESSIONS)):
        left = setting.count(120, EVENTS)
        while left > 0 and (seed := next(seeds, None)) is not None:
            left -= yield from _tried(Session(seed, run), left, setting.count(40, 200))
        if left > 0:
            yield f"{left} events were not sent: too many sessions ended early"


def _tried(session: Session, events: int, batch: int) -> Generator[str | None, None, int]:
    """Sends so many events, or fewer where it falls. Returns how many were sent."""
    memory: list[int] = []
    try:
        session.rest()
        if events >= ENOUGH * batch:
            session.look_around()
        session.terminal.send(f"={OTHER}\r")
        while len(session.events) < events:
            session.some(batch)
            session.check()
            memory.append(session.memory())
            yield None
        session.quit()
    except Over:
        return len(session.events)
    except Fault as fault:
        yield f"seed {session.seed}, after {len(session.events)} events: {fault}\nlast: {session.last()}"
        return len(session.events)
    finally:
        session.close()
    quarter = len(memory) // 4
    if quarter >= ENOUGH // 4:
        warm, last = median(memory[quarter : 2 * quarter]), median(memory[-quarter:])
        grown = f"seed {session.seed}: {last / 1e6:.0f} MB in the end, after {warm / 1e6:.0f} MB in the second quarter"
        yield grown if last > GROWTH * warm else None
    return len(session.events)
