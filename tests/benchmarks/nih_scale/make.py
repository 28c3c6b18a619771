"""Writes a synthetic run file (tests.support.nih_run), beside reading and writing the same bytes."""

from __future__ import annotations

import os
import time
from pathlib import Path

from engine.store.writer import assemble
from tests.support.measuring import Floor, Report, Row, peak_megabytes
from tests.support.nih_run import Size, SyntheticRun

NIH = Size(112_120, 1024, 512, 1361)
SECONDS, MEGABYTES, FILE = 45.0, 2000.0, 1300.0
"""Bounds of a run at NIH's size that keeps no films by row and no maps"""
_PIECE = 1 << 24


def make(path: Path, size: Size, kind: str, decisions: bool, report: Report) -> None:
    """Prints how long finishing the run takes: sorting and writing, without making the synthetic numbers."""
    run = SyntheticRun(size, kind, decisions)
    bounded = size == NIH and not decisions
    making = making_cpu = 0.0

    def batches():  # type: ignore[no-untyped-def]
        nonlocal making, making_cpu
        source = run.batches()
        while True:
            started, before = time.perf_counter(), time.process_time()
            batch = next(source, None)
            making += time.perf_counter() - started
            making_cpu += time.process_time() - before
            if batch is None:
                return
            yield batch

    contents = run.contents()
    cpu, started = time.process_time(), time.perf_counter()
    assemble(path, contents, batches(), _said(started))
    wall, used = time.perf_counter() - started - making, time.process_time() - cpu - making_cpu
    floor = copied(path)
    bound = SECONDS if bounded else None
    ratio = wall / floor.value
    report.add(Row("finishing the run", wall, "s", cpu=used, bound=bound, floor=floor.name, ratio=ratio))
    report.figure("peak memory of the writing process", peak_megabytes(), "MB", MEGABYTES if bounded else None)
    report.figure("the run file", path.stat().st_size / 1e6, "MB", FILE if bounded else None)


def _said(started: float):  # type: ignore[no-untyped-def]
    def progress(what: str, done: int, total: int) -> None:
        if done == total:
            print(f"  {what}: {done:,} after {time.perf_counter() - started:.1f} s", flush=True)

    return progress


def copied(path: Path) -> Floor:
    """Seconds to read the file and to write its bytes to another, on disk."""
    copy = path.with_name(f"{path.name}.copy")
    started = time.perf_counter()
    try:
        with path.open("rb") as source, copy.open("wb") as target:
            while piece := source.read(_PIECE):
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        return Floor("reading and writing its bytes", time.perf_counter() - started)
    finally:
        copy.unlink(missing_ok=True)
