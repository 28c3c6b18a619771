"""Readers that judge one run, each in a process of its own, and may be killed at any moment."""

from __future__ import annotations

import os
import random
import re
import select
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from engine.annotation.cuts import Cuts
from mammi_tui.verdicts.lines import Deed, Line, Seen, Verdict
from mammi_tui.verdicts.log import VerdictLog, verdicts_path
from mammi_tui.verdicts.verifying import faults
from tests.support.terminal import Terminal, mammi

KEYS: dict[str, Verdict] = {"y": "accept", "x": "reject", "u": "unsure"}
DECIDED = re.compile(r"([\d,]+)/[\d,]+ decided")
BURST = 40


def lines(run: Path, reader: str) -> list[Line]:
    """What a reader's part of the log says."""
    return [entry.line for entry in VerdictLog(run, "").entries() if entry.line and entry.line.reader == reader]


def damage(run: Path) -> list[str]:
    """What is wrong with the log as a whole."""
    whole = verdicts_path(run).read_bytes().endswith(b"\n")
    told = [f"line {each.number} {each.what}" for each in faults(VerdictLog(run, "").entries())]
    return told + ["it ends within a line"] * (not whole)


class Judge:
    """A reader who gives these verdicts, one neuron after the other, and goes on after each kill where it was."""

    def __init__(self, run: Path, reader: str, keys: Sequence[str]) -> None:
        self.run, self.reader, self.keys = run, reader, keys
        self.kept = 0
        """Verdicts that it was told are kept"""

        self._before = 0
        """Those of them from before its last start"""

    @property
    def has_begun(self) -> bool:
        """Whether it has judged since it was started last."""
        return self.kept > self._before

    @property
    def is_done(self) -> bool:
        return self.kept >= len(self.keys)

    def start(self) -> None:
        raise NotImplementedError

    def go_on(self) -> None:
        """Hears what is kept, and judges on."""
        raise NotImplementedError

    def kill(self) -> None:
        raise NotImplementedError

    def wrong(self) -> str:
        """What is wrong with its lines in the log; "" for nothing."""
        found = lines(self.run, self.reader)
        if len(found) < self.kept:
            return f"{self.reader}: {self.kept} verdicts were told as kept, {len(found)} are"
        if [line.deed.verdict for line in found] != [KEYS[key] for key in self.keys[: len(found)]]:
            return f"{self.reader}: the verdicts are not those that were given, in their order"
        if len({line.neuron for line in found}) != len(found):
            return f"{self.reader}: a verdict was given twice"
        return ""


class Program(Judge):
    """A process that writes to the log."""

    def start(self) -> None:
        done = len(lines(self.run, self.reader)) if verdicts_path(self.run).exists() else 0
        self.kept = self._before = done
        self._told, writing = os.pipe()
        self._process = os.fork()
        if not self._process:
            try:
                os.environ["MAMMI_READER"] = self.reader
                log = VerdictLog(self.run, "content")
                for number in range(done, len(self.keys)):
                    deed = Deed("verdict", verdict=KEYS[self.keys[number]])
                    log.append(f"layer1:{number}", deed, Seen(Cuts(0.93, 0.95), ("effusion",)))
                    os.write(writing, b"%d\n" % (number + 1))
            finally:
                os._exit(0)
        os.close(writing)

    def go_on(self) -> None:
        if select.select([self._told], [], [], 0.05)[0] and (told := os.read(self._told, 65536).split()):
            self.kept = int(told[-1])
        if self.is_done:
            self._end()

    def kill(self) -> None:
        os.kill(self._process, signal.SIGKILL)
        while told := os.read(self._told, 65536).split():
            self.kept = int(told[-1])
        self._end()

    def _end(self) -> None:
        os.close(self._told)
        os.waitpid(self._process, 0)


class Explorer(Judge):
    """An explorer whose keys judge."""

    def start(self) -> None:
        self._terminal = Terminal(
            mammi("open", str(self.run), "--fresh"), columns=80, rows=24, environment={"MAMMI_READER": self.reader}
        )
        self._typed = len(lines(self.run, self.reader)) if verdicts_path(self.run).exists() else 0
        self.kept = self._before = self._typed
        self._terminal.wait_for(lambda text: self._counted(text) == self._typed)
        self._terminal.send("n")

    def _counted(self, screen: str) -> int:
        found = DECIDED.search(screen)
        if found:
            self.kept = max(self.kept, _number(found))
        return _number(found) if found else -1

    def go_on(self) -> None:
        self._terminal.pump(0.05)
        if self._counted(self._terminal.text()) == self._typed and not self.is_done:
            burst = self.keys[self._typed : self._typed + BURST]
            self._terminal.send("".join(burst))
            self._typed += len(burst)
        if self.is_done:
            self.kill()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._terminal.process.send_signal(signal.SIGKILL)
        self._terminal.process.wait()
        self._terminal.hang_up()


def keys(chance: random.Random, count: int) -> list[str]:
    return chance.choices(list(KEYS), k=count)


def _number(found: re.Match[str]) -> int:
    return int(found[1].replace(",", ""))
