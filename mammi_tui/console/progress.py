"""Shows a run's progress: a bar for each stage on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console  # noqa: TID251 (draws bars; texts are cleaned)
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from engine.progress import Progress
from mammi_tui.engine_warnings import warnings_to
from mammi_tui.text import clean

PLAIN_EVERY = 10.0
"""Seconds between the plain lines of one stage"""


@dataclass
class Stage:
    """How far a stage has come, and how fast. Reused steps do not count towards the pace."""

    name: str
    total: int
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    reused: int = 0
    workers: int = 0
    """Processes that work on it; 0 for this one"""
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    @property
    def seconds(self) -> float:
        return self.clock() - self.started

    def pace(self) -> str:
        """The rate and the time left; once the stage is done, the time it took. "" before a rate can be given.

        While every step so far was reused, it only says so.
        """
        computed = self.done - self.reused
        if self.reused and not computed:
            return "checked, nothing to compute" if self.done >= self.total else "checked"
        if self.done >= self.total:
            reused = f", {self.reused} reused" if self.reused else ""
            return f"in {duration(self.seconds)}{reused}"
        if computed <= 0 or self.seconds <= 0:
            return ""
        rate = computed / self.seconds
        workers = f", {self.workers} worker{'s' * (self.workers > 1)}" if self.workers else ""
        return f"{rate:.1f}/s, {duration((self.total - self.done) / rate)} left{workers}"


def duration(seconds: float) -> str:
    """A duration such as 0.4 s, 12 s, 3:05 or 1:02:03."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class BarProgress:
    """A bar for each stage, redrawn in place."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._stage: Stage | None = None

    def stage(self, name: str, total: int) -> None:
        self._stage = Stage(name, total)
        self._task = self._bars.add_task(name, total=total, pace="")

    def advance(self, steps: int, reused: int = 0) -> None:
        if self._stage is not None:
            self._stage.done += steps
            self._stage.reused += reused
            self._bars.update(self._task, completed=self._stage.done, pace=self._stage.pace())

    def workers(self, number: int) -> None:
        if self._stage is not None:
            self._stage.workers = number

    def note(self, text: str) -> None:
        self._bars.console.print(Text(clean(text)))


class PlainProgress:
    """A line when a stage ends, and every PLAIN_EVERY seconds before that."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stage: Stage | None = None
        self._last_line = 0.0

    def stage(self, name: str, total: int) -> None:
        self._stage = Stage(name, total)
        self._last_line = self._stage.started

    def advance(self, steps: int, reused: int = 0) -> None:
        stage = self._stage
        if stage is None:
            return
        stage.done += steps
        stage.reused += reused
        now = stage.clock()
        if steps and (stage.done >= stage.total or now - self._last_line >= PLAIN_EVERY):
            self._last_line = now
            self.note(f"{stage.name}: {stage.done} of {stage.total} {stage.pace()}".rstrip())

    def workers(self, number: int) -> None:
        if self._stage is not None:
            self._stage.workers = number

    def note(self, text: str) -> None:
        print(clean(text), file=self._stream, flush=True)


class _Console(Console):
    """Leaves the cursor alone, so that nothing has to be given back however the process ends or stops."""

    def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002
        return False


@contextmanager
def run_progress(stream: TextIO) -> Iterator[Progress]:
    """Yields the progress that suits the stream. The engine's warnings become its notes."""
    console = _Console(file=stream)
    if console.is_terminal:
        columns = (
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
        )
        with Bars(*columns, console=console) as bars, warnings_to((progress := BarProgress(bars)).note):
            yield progress
    else:
        with warnings_to((plain := PlainProgress(stream)).note):
            yield plain
