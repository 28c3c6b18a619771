"""Signals at random moments and places of the explorer: terminal as found, in a second, nothing lost."""

from __future__ import annotations

import random
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

from mammi_tui.verdicts.log import VerdictLog, verdicts_path
from mammi_tui.verdicts.verifying import faults
from tests.hard_knocks.knock import Outcomes, Setting
from tests.support.every_view import OTHER, every_view_run
from tests.support.processes import Waiting, of_session
from tests.support.terminal import Terminal, mammi
from tests.support.terminal_modes import AS_FOUND, left

SECONDS = 1.0
"""Within which all is over, without the time that the processors work for others"""
STUCK = 20.0
SIGNALS = [
    *(signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT) * 4,
    *(signal.SIGABRT, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU, signal.SIGVTALRM, signal.SIGPROF),
    *(signal.SIGIO, signal.SIGPWR, signal.SIGSTKFLT, signal.SIGTRAP, signal.SIGSYS, signal.SIGRTMIN, signal.SIGRTMAX),
]
START = "the start"
PLACES = {
    "the list": "",
    "the filter": "/cla",
    "the palette": ":the",
    "the help": "?",
    "a number": "a0.4",
    "a label": "oflu",
    "a note": "ionly AP",
    "a question": "X",
    "a film": "3\r",
    "a comparison": f"={OTHER}\r",
    "answers": "]]]]]SlmRjjjj",
    "verdicts": "yxuyxuyxu",
    "Ctrl-Z": "\x1a",
    "quitting": "yq",
}
"""What is typed to get there"""
DECIDED = re.compile(r"(\d+)/\d+ decided")
Way = Callable[["Ending", int, int], object]


def knock(setting: Setting) -> Outcomes:
    run = every_view_run(setting.folder)
    for number in range(setting.count(4, 200)):
        chance = random.Random(1000 * setting.seed + number)
        place = START if chance.random() < 0.3 else chance.choice(list(PLACES))
        (way,) = chance.choices(list(WAYS), [weight for _, weight in WAYS.values()])
        first, second = chance.choice(SIGNALS), chance.choice(SIGNALS)
        verdicts_path(run).unlink(missing_ok=True)
        wrong = Ending(run, place, chance, ignores=way == "a lost terminal, SIGHUP ignored").wrong(way, first, second)
        told = f"try {number} of seed {setting.seed}: {way} ({first.name}, {second.name}) in {place}"
        yield f"{told}: {'; '.join(wrong)}" if wrong else None


class Ending:
    """An explorer, led to a place and ended there."""

    def __init__(self, run: Path, place: str, chance: random.Random, *, ignores: bool) -> None:
        self._run, self._place, self.chance = run, place, chance
        self.terminal = Terminal(
            mammi("open", str(run), "layer1:3", "--fresh"), columns=110, rows=32, prepare=_ignore if ignores else _heed
        )
        self.found, self.process = self.terminal.attributes(), self.terminal.process.pid
        self._told = 0
        """The most verdicts that the screen said were kept"""

    def wrong(self, way: str, first: int, second: int) -> list[str]:
        """What was wrong with its end."""
        with self.terminal:
            if self._place != START:
                self.terminal.wait_for("decided")
                self.terminal.send(PLACES[self._place])
            self.look(self.chance.uniform(0, 1.6 if self._place == START else 0.3))
            start, waiting = time.monotonic(), Waiting(self.process)
            WAYS[way][0](self, first, second)
            while self.runs and time.monotonic() < start + STUCK:
                waiting.seconds()
                self.look(0.02)
            took = time.monotonic() - start - waiting.seconds()
            return [*self._left(took), *self._lost()]

    @property
    def runs(self) -> bool:
        return self.terminal.process.poll() is None

    def send(self, number: int) -> None:
        self.terminal.process.send_signal(number)

    def look(self, seconds: float) -> None:
        """Reads for that long what it draws."""
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0:
            if self.terminal.fd < 0 or not self.terminal.pump(rest):
                time.sleep(max(0.0, min(rest, end - time.monotonic())))
            if self._place == "verdicts" and (found := DECIDED.search(self.terminal.text())):
                self._told = max(self._told, int(found[1]))

    def _left(self, took: float) -> list[str]:
        if self.runs:
            return [f"runs on after {STUCK:.0f} s"]
        status, terminal = self.terminal.process.returncode, self.terminal
        wrong = [f"took {took:.2f} s"] if took > SECONDS else []
        if rest := of_session(self.process):
            wrong.append(f"left processes {rest}")
        if terminal.fd < 0:
            return wrong
        terminal.wait_for_end()
        if left(terminal.received) != AS_FOUND or terminal.attributes() != self.found:
            wrong.append(f"status {status}, left {left(terminal.received)}, {terminal.attributes()[:4]}")
        if (place := terminal.received.find(b"Traceback")) >= 0:
            wrong.append(f"status {status}, said {terminal.received[place:][-400:]!r}")
        return wrong

    def _lost(self) -> list[str]:
        path = verdicts_path(self._run)
        if not path.exists():
            return [f"lost {self._told} verdicts"] if self._told else []
        entries = VerdictLog(self._run, "").entries()
        wrong = [f"the log: line {each.number} {each.what}" for each in faults(entries)]
        if not path.read_bytes().endswith(b"\n"):
            wrong.append("the log ends within a line")
        if len(entries) < self._told:
            wrong.append(f"kept {len(entries)} verdicts of {self._told} that the screen counted")
        return wrong


def _heed() -> None:
    """These tries may themselves run under nohup, or in the background of a script."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def _ignore() -> None:
    _heed()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _one(ending: Ending, first: int, _second: int) -> None:
    ending.send(first)


def _together(ending: Ending, first: int, second: int) -> None:
    ending.send(first)
    ending.send(second)


def _soon_after(ending: Ending, first: int, second: int) -> None:
    ending.send(first)
    ending.look(ending.chance.uniform(0, 0.2))
    ending.send(second)


def _while_stopped(ending: Ending, first: int, _second: int) -> None:
    ending.send(signal.SIGSTOP)
    ending.look(0.05)
    ending.send(first)
    ending.send(signal.SIGCONT)


def _after_stops(ending: Ending, first: int, _second: int) -> None:
    for _ in range(10):
        ending.send(signal.SIGTSTP)
        ending.look(ending.chance.uniform(0, 0.01))
        ending.send(signal.SIGCONT)
    ending.send(first)


def _hang_up(ending: Ending, _first: int, _second: int) -> None:
    ending.terminal.hang_up()


WAYS: dict[str, tuple[Way, int]] = {
    "a signal": (_one, 8),
    "two at once": (_together, 2),
    "two, one soon after": (_soon_after, 3),
    "one while it is stopped": (_while_stopped, 2),
    "one after stops and continuations": (_after_stops, 2),
    "a lost terminal": (_hang_up, 1),
    "a lost terminal, SIGHUP ignored": (_hang_up, 2),
}
"""How the end comes, and how often"""
