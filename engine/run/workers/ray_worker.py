"""What Ray runs in each worker process: tasks of images in, pieces of results out, one row each."""

from __future__ import annotations

import json
import os
import platform
import traceback
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import ray
import torch

from engine.errors import ConfigError, MammiError, first_line
from engine.run.image_worker import ImageWorker
from engine.run.workers.held import Claims, SharedParts
from engine.run.workers.order import Order
from engine.run.workers.packing import packed
from engine.store.parts import PartKeys

PLACE = "place"
"""The column of a task: the places of its images in the probing set"""
_ROW = pa.schema({"worker": pa.string(), "fault": pa.string(), "piece": pa.large_binary()})


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a worker could not go on."""

    kind: str
    """ "ConfigError", "MammiError", or the type of an error that is a bug"""
    text: str
    then: str = ""
    """What to do, as MammiError has it"""
    trace: str = ""
    """The traceback of a bug"""


class RayWorker:
    """Loads configuration, films and models at the first task. An error is a row too: Ray would try it again."""

    def __init__(self, order: Order, held: list[Any], attempts: Any, retries: int, threads: int, whole: bool) -> None:
        """`held`: a reference to SharedParts in Ray's store, in a list, so that Ray leaves it to this class to get.
        `attempts`: a handle of engine.run.workers.attempts.Attempts. `whole` is that of Loader.batches."""
        self._order = order
        self._held = held
        self._attempts = attempts
        self._retries = retries
        self._threads = threads
        self._whole = whole
        self._started: tuple[ImageWorker, PartKeys, SharedParts] | None = None
        self._name = f"{platform.node()}:{os.getpid()}"

    def __call__(self, task: Mapping[str, Any]) -> Iterator[pa.Table]:
        """Each piece as a row. The same images give as many rows again, as Ray demands of a task tried twice: claims
        are those of one task."""
        places = task[PLACE].tolist()
        try:
            self._begin(places)
            worker, parts, held = self._start()
            with closing(worker.pieces(places, Claims(parts, held).claim, self._whole)) as pieces:
                for piece in pieces:
                    yield self._row("", packed(piece))
        except Exception as error:  # noqa: BLE001 - whatever it is, the run's own process tells it
            yield self._row(json.dumps(_fault(error)), b"")

    def _begin(self, places: list[int]) -> None:
        """Raises MammiError where workers have died over these images more often than allowed."""
        died = ray.get(self._attempts.begin.remote(places[0])) - 1
        if died > self._retries:
            raise MammiError(
                f"images: workers died {died} time{'s' * (died > 1)} over images {places[0] + 1} to {places[-1] + 1}: "
                "one of them may kill its process, or memory is short.",
                "Lower run.batch_size or workers.number, and run the same command again: it goes on from here.",
            )

    def _start(self) -> tuple[ImageWorker, PartKeys, SharedParts]:
        if self._started is None:
            torch.set_num_threads(self._threads)
            self._started = (self._order.worker(), self._order.part_keys, ray.get(self._held[0]))
        return self._started

    def _row(self, fault: str, piece: bytes) -> pa.Table:
        return pa.table([[self._name], [fault], [piece]], schema=_ROW)


def _fault(error: Exception) -> dict[str, str]:
    if isinstance(error, MammiError):
        kind = ConfigError if isinstance(error, ConfigError) else MammiError
        return {"kind": kind.__name__, "text": error.fault, "then": error.then}
    return {"kind": type(error).__name__, "text": first_line(error), "trace": traceback.format_exc()}


def opened(row: pa.Table) -> tuple[str, Fault | None, memoryview]:
    """The worker's name, its fault and the piece's bytes (engine.run.workers.packing)."""
    [worker], [fault] = row.column("worker").to_pylist(), row.column("fault").to_pylist()
    return worker, Fault(**json.loads(fault)) if fault else None, memoryview(row.column("piece")[0].as_buffer())
