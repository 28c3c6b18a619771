"""Hours of triage in one session: the log is what was typed, and neither memory nor the time of a key grows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from mammi_tui.verdicts.lines import Line
from tests.hard_knocks.judging import KEYS, damage, lines
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.session import ENTER, LOOKS, Fault, Session
from tests.support.every_view import every_view_run

ONLY_FULL = True
ACTS = 1_000
UNITS = (60, ACTS)
CLEAR = "\x15"  # the line opens with what the neuron has: two labels in a row are on one neuron
BATCH, LOOKED = 20, 100
"""Acts that are typed at once; after so many the reader looks elsewhere"""
GROWTH = 1.1
SLOWER = 2.0
"""How much longer the last batches may take than the first ones"""


def knock(setting: Setting) -> Outcomes:
    chance = setting.chance
    run = every_view_run(setting.folder, hostile=False, units=UNITS)
    session = Session(setting.seed, run, size=(100, 30), reader="r1")
    wanted: list[tuple[str, str]] = []
    memory, pace = [], []
    try:
        session.rest()
        session.look_around()
        while len(wanted) < ACTS:
            start = time.monotonic()
            for _ in range(BATCH):
                wanted.append(_act(session, chance.random(), chance.choice(list(KEYS)), len(wanted)))
            session.rest()
            pace.append(time.monotonic() - start)
            if len(wanted) % LOOKED:
                continue
            memory.append(session.memory())
            session.look(chance.choice(LOOKS))
            yield None
        session.quit()
    except Fault as fault:
        yield f"seed {setting.seed}, after {len(wanted)} acts: {fault}"
        return
    finally:
        session.close()
    yield from _compared(wanted, lines(run, "r1"))
    yield "; ".join(damage(run)) or None
    quarter = len(memory) // 4
    warm, last = median(memory[quarter : 2 * quarter]), median(memory[-quarter:])
    yield f"{last >> 20} MB in the end, after {warm >> 20} MB" if last > GROWTH * warm else None
    first, last_pace = median(pace[2:12]), median(pace[-10:])
    yield f"a batch takes {last_pace:.2f} s, after {first:.2f} s" if last_pace > SLOWER * first else None


def _act(session: Session, kind: float, key: str, number: int) -> tuple[str, str]:
    """Types one act. Returns it, and what it says, as the log is to have it."""
    if kind < 0.85:
        session.terminal.send(key)
        return "verdict", KEYS[key]
    if kind < 0.90:
        session.terminal.send("z")
        return "undo", ""
    if kind < 0.95:
        session.terminal.send(f"o{CLEAR}finding {number}{ENTER}")
        return "label", f"finding {number}"
    session.terminal.send(f"i{CLEAR}note {number}{ENTER}")
    return "note", f"note {number}"


def _compared(wanted: list[tuple[str, str]], found: list[Line]) -> Iterator[str | None]:
    said = [(line.deed.act, line.deed.verdict or line.deed.text or "") for line in found]
    for number in range(min(len(wanted), len(said))):
        if wanted[number] != said[number]:
            yield f"act {number} was {wanted[number]}, and the log has {said[number]}"
            return
    yield f"{len(wanted)} acts, {len(said)} lines" if len(wanted) != len(said) else None
