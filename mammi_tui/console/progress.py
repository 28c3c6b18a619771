"""A run's progress on the terminal: a bar for each stage, or a plain line where there is no terminal."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from mammi_tui.text import clean

PLAIN_EVERY = 10.0
"""Seconds between the lines of one stage where there is no terminal."""


class RunProgress(Protocol):
    """engine.progress.Progress, which this process need not import."""

    def stage(self, name: str, total: int) -> None: ...

    def advance(self, steps: int, reused: int = 0) -> None: ...

    def note(self, text: str) -> None: ...


@dataclass
class Stage:
    """How far a stage has come, and how fast. Steps taken over from an earlier run say nothing about the pace."""

    name: str
    total: int
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    reused: int = 0
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    @property
    def seconds(self) -> float:
        return self.clock() - self.started

    def pace(self) -> str:
        """Its rate and the time left, "" while unknown; what it took once it is done. Nothing of that while all was
        known before: it was then only checked."""
        computed = self.done - self.reused
        if self.reused and not computed:
            return "checked, none computed anew" if self.done >= self.total else "checked"
        if self.done >= self.total:
            taken_over = f", {self.reused} known before" if self.reused else ""
            return f"in {duration(self.seconds)}{taken_over}"
        if computed <= 0 or self.seconds <= 0:
            return ""
        rate = computed / self.seconds
        return f"{rate:.1f}/s, {duration((self.total - self.done) / rate)} left"


def duration(seconds: float) -> str:
    """0.4 s, 12 s, 3:05, 1:02:03."""
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

    def note(self, text: str) -> None:
        self._bars.console.print(Text(clean(text)))


class PlainProgress:
    """A line when a stage ends, and now and then while it lasts."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stage: Stage | None = None
        self._told = 0.0

    def stage(self, name: str, total: int) -> None:
        self._stage = Stage(name, total)
        self._told = self._stage.started

    def advance(self, steps: int, reused: int = 0) -> None:
        stage = self._stage
        if stage is None:
            return
        stage.done += steps
        stage.reused += reused
        now = stage.clock()
        if steps and (stage.done >= stage.total or now - self._told >= PLAIN_EVERY):
            self._told = now
            self.note(f"{stage.name}: {stage.done} of {stage.total} {stage.pace()}".rstrip())

    def note(self, text: str) -> None:
        print(clean(text), file=self._stream, flush=True)


@contextmanager
def run_progress(stream: TextIO) -> Iterator[RunProgress]:
    """The progress that fits the stream. Warnings that the engine logs become notes of it."""
    console = Console(file=stream)
    if console.is_terminal:
        columns = (
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
        )
        with Bars(*columns, console=console) as bars, _warnings_to(progress := BarProgress(bars)):
            yield progress
    else:
        with _warnings_to(plain := PlainProgress(stream)):
            yield plain


class _Notes(logging.Handler):
    def __init__(self, progress: RunProgress) -> None:
        super().__init__(logging.WARNING)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        self._progress.note(f"warning: {record.getMessage()}")


@contextmanager
def _warnings_to(progress: RunProgress) -> Iterator[None]:
    logger = logging.getLogger("engine")
    handler = _Notes(progress)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
