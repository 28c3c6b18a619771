"""Programs and explorers judge one run at once, one killed now and then: nothing lost, mixed or doubled."""

from __future__ import annotations

import time

from mammi_tui.verdicts.log import verdicts_path
from tests.hard_knocks.judging import Explorer, Judge, Program, damage, keys
from tests.hard_knocks.knock import Outcomes, Setting
from tests.support.runs import small_run

EVERY = 10
"""Seconds between kills, about"""


def knock(setting: Setting) -> Outcomes:
    """Yields once for each kill, and once for each verdict in the end."""
    chance, count = setting.chance, setting.count(200, 2_000)
    run = small_run(setting.folder, units=(40, count + 20), images=40, concepts=8)
    kinds: list[type[Judge]] = [Program, Program, *([Explorer, Explorer] if setting.full else [])]
    judges = [kind(run, f"r{number}", keys(chance, count)) for number, kind in enumerate(kinds)]
    for judge in judges:
        judge.start()
    working, next_kill = list(judges), time.monotonic() + 0.3
    while working:
        for judge in working:
            judge.go_on()
        working = [judge for judge in working if not judge.is_done]
        begun = [judge for judge in working if judge.has_begun]  # on a busy machine a start takes its time
        if begun and time.monotonic() > next_kill:
            killed = chance.choice(begun)
            killed.kill()
            wrong = [killed.wrong()] if verdicts_path(run).exists() else []
            yield f"seed {setting.seed}: after a kill: {'; '.join(wrong)}" if any(wrong) else None
            killed.start()
            next_kill = time.monotonic() + chance.uniform(0, 2 * EVERY if setting.full else 0.6)
    wrong = [*damage(run), *filter(None, (judge.wrong() for judge in judges))]
    yield from (f"seed {setting.seed}: {each}" for each in wrong)
    yield from [None] * (len(judges) * count - len(wrong))
