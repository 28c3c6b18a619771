"""What a benchmark measures: rows of figures, each beside its bound and its floor, printed and kept for JSON."""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

Statistic = Literal["median", "p95"]


@dataclass(frozen=True, slots=True)
class Floor:
    """What a figure is compared with, measured in the same run."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    what: str
    value: float
    """The statistic that the bound is for"""
    unit: str
    statistic: str = ""
    median: float | None = None
    p95: float | None = None
    cpu: float | None = None
    """Median of the CPU time of all threads, in the same unit; other processes disturb it less"""
    bound: float | None = None
    floor: str = ""
    ratio: float | None = None
    """The median over the floor"""
    most_ratio: float | None = None
    """The bound of the ratio"""

    def text(self) -> str:
        figures = f"{self.statistic} " if self.statistic else ""
        figures += f"{self.value:.3g} {self.unit}" if self.value < 100 else f"{self.value:,.0f} {self.unit}"
        if self.bound is not None:
            figures += f" of {self.bound:g} ({self.value / self.bound:.2f})"
        if self.statistic == "p95" and self.median is not None:
            figures += f", median {self.median:.3g}"
        if self.cpu is not None:
            figures += f", CPU {self.cpu:.3g}"
        if self.ratio is not None:
            bound = "" if self.most_ratio is None else f" of {self.most_ratio:g} ({self.ratio / self.most_ratio:.2f})"
            figures += f"; {self.ratio:.2f} × {self.floor}{bound}"
        missed = " MISSED" if self.missed else ""
        return f"{self.what:52} {figures}{missed}"

    @property
    def missed(self) -> bool:
        over = self.bound is not None and self.value > self.bound
        return over or (self.most_ratio is not None and self.ratio is not None and self.ratio > self.most_ratio)


@dataclass
class Report:
    """Prints each row as it is measured."""

    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> Row:
        self.rows.append(row)
        print(row.text(), flush=True)
        return row

    def figure(self, what: str, value: float, unit: str, bound: float | None = None) -> Row:
        return self.add(Row(what, value, unit, bound=bound))

    def time(
        self,
        what: str,
        call: Callable[[], object],
        times: int,
        *,
        bound: float | None = None,
        statistic: Statistic = "median",
        floor: Floor | None = None,
        most_ratio: float | None = None,
        before: Callable[[], object] | None = None,
    ) -> Row:
        """Calls it some times, after `before` each time, which is not timed. `bound` is in milliseconds, for the
        statistic; `most_ratio` is for the median."""
        walls, cpus = timed(call, times, before)
        median, p95 = float(np.median(walls)), float(np.percentile(walls, 95))
        value = p95 if statistic == "p95" else median
        ratio = None if floor is None else median / floor.value
        name = "" if floor is None else floor.name
        return self.add(
            Row(what, value, "ms", statistic, median, p95, float(np.median(cpus)), bound, name, ratio, most_ratio)
        )

    def write(self, path: Path) -> None:
        """Writes all rows as JSON."""
        path.write_text(json.dumps([asdict(row) for row in self.rows], indent=1) + "\n")

    @property
    def missed(self) -> list[str]:
        return [row.what for row in self.rows if row.missed]


def timed(
    call: Callable[[], object], times: int, before: Callable[[], object] | None = None
) -> tuple[list[float], list[float]]:
    """Milliseconds on the clock, and of the CPU over all threads, of each call."""
    walls, cpus = [], []
    gc.collect()
    for _ in range(times):
        if before:
            before()
        cpu, started = time.process_time(), time.perf_counter()
        call()
        walls.append(1e3 * (time.perf_counter() - started))
        cpus.append(1e3 * (time.process_time() - cpu))
    return walls, cpus


def peak_megabytes() -> float:
    """The most memory that this process has had, in MB (1e6 bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
