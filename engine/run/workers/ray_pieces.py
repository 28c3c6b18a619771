"""The image stage on Ray Data: tasks of images stream through worker processes, and their results to this one."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.config.workers import LOCAL, RayAddress
from engine.errors import ConfigError, MammiError, first_line
from engine.run.image_worker import Piece
from engine.run.stage import Run
from engine.run.workers import attempts
from engine.run.workers.held import SharedParts
from engine.run.workers.order import Order
from engine.run.workers.pace import Heard
from engine.run.workers.packing import unpacked
from engine.run.workers.ray_cluster import cluster_name, connected, nodes
from engine.run.workers.sizes import Sizes, sizes, task_images, whole_batches

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.run.workers.ray_worker import Fault

_MB = 1 << 20
_AGAIN = "Run the same command again: it goes on from here"


def ray_pieces(run: Run, places: Sequence[int], address: RayAddress) -> Generator[Piece, None, None]:
    """What the images at these places lack, as ImageWorker.pieces gives it, but in any order. `run.results` then
    counts it as held.

    Raises MammiError as ImageWorker.pieces does, also where it was raised in a worker, and where the cluster cannot
    be reached, has no room, or a task fails again and again; RuntimeError for a bug that shows in a worker.
    """
    unknown = _unknown(run, places)
    passed = len(places) - len(unknown)
    if passed:
        yield Piece((), passed, 0, None)
    if not len(unknown):
        return
    held = SharedParts.of(run.results.held())
    store_mb = 2 * run.config.workers.waiting + held.digests.nbytes // _MB + 128
    with connected(address, store_mb):
        started = sizes(run.config, nodes(), cluster_name(address))
        _tell_wait(run, started)
        looked_up = done = 0
        heard = Heard()
        with closing(_rows(run, unknown, held, started)) as rows, _failures_told():
            for row in rows:
                from engine.run.workers.ray_worker import opened

                worker, fault, data = opened(row)
                if fault is not None:
                    _raise(fault, worker, address)
                run.progress.workers(heard.hear(worker))
                piece = unpacked(data)
                for _, keys in piece.looked_up:
                    run.results.claim(keys)
                looked_up += len(piece.looked_up)
                done += piece.passed + piece.images
                yield piece
    if looked_up != len(unknown) or done != len(unknown):
        raise MammiError(f"images: the workers gave results of {done} of {len(unknown)} images. {_AGAIN}.")


def _unknown(run: Run, places: Sequence[int]) -> NDArray[np.int64]:
    """Those of the places whose images lack something, or that nobody has looked up yet. Where results were damaged,
    all images of their batches (Cache.mended)."""
    keys = map(run.films.keys_at, places)
    lacking = np.fromiter((each is None or bool(run.results.lacking(each)) for each in keys), np.bool_, len(places))
    if run.cache.mended:
        lacking = whole_batches(lacking, run.config.run.batch_size)
    return np.array(places, np.int64)[lacking]


def _tell_wait(run: Run, started: Sizes) -> None:
    """Says so where the cluster is busy: Ray starts the workers once it has room, however long that takes."""
    import ray

    free: dict[str, float] = ray.available_resources()
    cpus, gpus = free.get("CPU", 0.0), free.get("GPU", 0.0)
    if cpus < started.cpus or gpus < started.gpus:
        run.progress.note(
            f"images: the cluster is busy ({cpus:g} CPUs and {gpus:g} GPUs are free): workers start when it has room."
        )


def _rows(run: Run, places: NDArray[np.int64], held: SharedParts, started: Sizes) -> Generator[pa.Table, None, None]:
    """What the workers give, a row at a time, each as soon as it is there."""
    import pyarrow as pa
    import ray
    from ray.data import ActorPoolStrategy, DataContext

    from engine.run.workers.ray_worker import PLACE, RayWorker

    asked = run.config.workers
    size = task_images(len(places), run.config.run.batch_size, started.most, asked.batches)
    tasks = [pa.table({PLACE: places[start : start + size]}) for start in range(0, len(places), size)]
    most = min(started.most, len(tasks))
    context = DataContext.get_current().copy()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.target_max_block_size = 1  # byte: each row leaves the worker by itself
    limits = context.execution_options.resource_limits
    context.execution_options.resource_limits = limits.copy(object_store_memory=asked.waiting * _MB)
    with DataContext.current(context):
        order = Order.of(run.config, run.parts, run.inputs.probing)
        given = ray.data.from_arrow(tasks)
        results = given.map_batches(
            RayWorker,
            batch_size=size,
            batch_format="numpy",
            fn_constructor_args=(
                *(order, [ray.put(held)], attempts.started(), asked.retries, max(1, int(started.cpus))),
                run.cache.mended,
            ),
            compute=ActorPoolStrategy(
                min_size=min(started.least, most), max_size=most, max_tasks_in_flight_per_actor=asked.ahead
            ),
            num_cpus=started.cpus,
            num_gpus=started.gpus,
        )
        yield from results.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)


def _raise(fault: Fault, worker: str, address: RayAddress) -> None:
    """Raises the error that was raised in a worker."""
    host = worker.rpartition(":")[0]
    if fault.trace:
        error = RuntimeError(f"{fault.kind}: {fault.text}")
        error.add_note(f"In a worker on {host}:\n{fault.trace}")
        raise error
    kind = ConfigError if fault.kind == ConfigError.__name__ else MammiError
    where = "" if address.text == LOCAL else f"The worker on {host} says so."
    raise kind(fault.text, f"{fault.then} {where}".strip())


@contextmanager
def _failures_told() -> Iterator[None]:
    """Turns what Ray raises into a MammiError."""
    import ray
    from ray.data.exceptions import ExecutionTimeoutError, SystemException

    try:
        yield
    except (ray.exceptions.RayError, SystemException, ExecutionTimeoutError) as error:
        raise _told(error) from error


def _told(error: BaseException) -> MammiError:
    from ray.data.exceptions import ExecutionTimeoutError

    if isinstance(error, ExecutionTimeoutError):
        return MammiError(f"images: no worker has given a result for half an hour. {_AGAIN}, or with fewer workers.")
    return MammiError(f"images: Ray failed: {first_line(error)}.", f"{_AGAIN}.")
