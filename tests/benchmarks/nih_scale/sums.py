"""What it costs that rows and columns are compared with their sums as they are read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np

from engine.annotation.cuts import Cuts
from engine.requery import Requery
from engine.store import cursors
from engine.store.reader import RunReader
from tests.support.measuring import Report

NEURONS, OPENINGS = 400, 20


def measure(report: Report, reader: RunReader, requery: Requery) -> None:
    info, rng = reader.layers[0], np.random.default_rng(2)
    asked = [(int(rng.integers(info.units)), Cuts(float(rng.uniform(0.5, 1)), 0.9)) for _ in range(NEURONS)]
    ratio = _ratio([lambda unit=unit, cuts=cuts: requery.neuron(info.name, unit, cuts) for unit, cuts in asked])
    report.figure("one neuron at any α, of the time without sums", ratio, "×", bound=1.03)
    ratio = _ratio([lambda: RunReader(reader.path).close()] * OPENINGS)
    report.figure("opening, of the time without sums", ratio, "×")


def _ratio(calls: list[Callable[[], object]]) -> float:
    """The median, over these calls, of the processor time with sums over that without."""
    ratios = []
    for number, call in enumerate(calls):
        if number % 2:
            with_sums, without = _seconds(call), _unchecked(call)
        else:
            without, with_sums = _unchecked(call), _seconds(call)
        ratios.append(with_sums / without)
    return float(np.median(ratios))


def _unchecked(call: Callable[[], object]) -> float:
    with _no_sums():
        return _seconds(call)


@contextmanager
def _no_sums() -> Iterator[None]:
    with (
        patch.object(cursors.Cursors, "_check", lambda *_args, **_named: None),
        patch.object(cursors, "_is_sound", lambda *_: True),
    ):
        yield


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start
