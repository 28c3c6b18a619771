"""Random keys, mouse events and resizes through the explorer: no end, no stale screen, no growth."""

from __future__ import annotations

from statistics import median

from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.session import Fault, Session
from tests.support.every_view import OTHER, every_view_run

SESSIONS = 2
GROWTH = 1.1
"""How much more memory it may take at the end than after it has warmed up"""


def knock(setting: Setting) -> Outcomes:
    """Yields once for each check of the screen, and once for each session's memory."""
    run = every_view_run(setting.folder)
    for number in range(setting.count(1, SESSIONS)):
        seed = 2 * setting.seed + number
        session = Session(seed, run)
        try:
            session.rest()
            session.terminal.send(f"={OTHER}\r")
            yield from _checked(session, setting.count(120, 10_000), setting.count(40, 200))
            session.quit()
        except Fault as fault:
            yield f"seed {seed}, after {len(session.events)} events: {fault}\nlast: {session.last()}"
        finally:
            session.close()


def _checked(session: Session, events: int, batch: int) -> Outcomes:
    memory = []
    while len(session.events) < events:
        session.some(batch)
        session.check()
        memory.append(session.memory())
        yield None
    quarter = len(memory) // 4
    if quarter < 4:
        return
    warm, last = median(memory[quarter : 2 * quarter]), median(memory[-quarter:])
    grown = f"seed {session.seed}: {last >> 20} MB in the end, after {warm >> 20} MB in the second quarter"
    yield grown if last > GROWTH * warm else None
