"""Makes the run file of what shards have computed (engine.run.shards)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from engine.config.settings import RunConfig
from engine.errors import MammiError
from engine.probing.decoding import READERS
from engine.progress import Progress
from engine.run.pipeline import finish, opened, output_of, tell
from engine.run.shards import differences, places_of, recorded, stamps_of
from engine.run.stage import Run
from engine.store.part_file import LookedUp
from engine.store.shard_files import ShardFolder, ShardName
from engine.store.work import WorkFile, work_path

_TOGETHER = 4096
"""Records of films that are compared together"""


def merge(config: RunConfig, progress: Progress, keep: bool = False) -> Path:
    """Makes the run file `run.out` of what its shards have computed, and returns its path. It computes what is not of
    single films, such as the embeddings of the concepts. The shards' files are then deleted, unless `keep`.

    A film is not read again: a shard has written down its key, and the film's stamp. A film whose stamp has changed is
    read and looked up.

    Raises MammiError that names the shards to run where films are lacking, and as engine.run.pipeline.run does.
    """
    with output_of(config) as out, WorkFile(work_path(out)) as work:
        folder = ShardFolder(out)
        running = folder.seal_abandoned()
        folder.mend_sealed()
        tell(progress, work, folder)
        sealed = folder.sealed()
        if not sealed and not running and out.exists():
            progress.note(f"{out} is whole, and there is no shard of it. `mammi run` says whether it is up to date.")
            return out
        with opened(config, progress, work, sealed) as this:
            _learn(this)
            lacking = _lacking(this)
            if lacking.any():
                raise MammiError(*_to_do(this, folder, lacking, running))
            return finish(this, keep)


def _learn(this: Run) -> None:
    """Finds the keys of the films that shards have looked up."""
    films, progress = this.films, this.progress
    progress.stage("films", len(films.images))
    changed: set[int] = set()
    if films.states_content(0):
        changed.update(range(len(films.images)))
    else:
        for file in this.cache.sealed:
            for records in _batches(recorded(films, file)):
                stamps = stamps_of(films, [each.place for each in records])
                same = [each.stamp == stamp for each, stamp in zip(records, stamps, strict=True)]
                films.learn((each.place, each.keys) for each, is_same in zip(records, same, strict=True) if is_same)
                changed.update(each.place for each, is_same in zip(records, same, strict=True) if not is_same)
    to_read = sorted(changed)
    with ThreadPoolExecutor(READERS) as threads:  # those that were learned from another file are not read
        for start in range(0, len(to_read), _TOGETHER):
            films.look_up(to_read[start : start + _TOGETHER], threads, keep=False)
    progress.advance(len(films.images), reused=len(films.images))


def _batches(records: Iterable[LookedUp]) -> Iterator[list[LookedUp]]:
    batch: list[LookedUp] = []
    for each in records:
        batch.append(each)
        if len(batch) == _TOGETHER:
            yield batch
            batch = []
    yield batch


def _lacking(this: Run) -> NDArray[np.bool_]:
    """Which films lack a part, [p]."""
    films, results = this.films, this.results
    found = (films.keys_at(place) for place in range(len(films.images)))
    return np.fromiter((keys is None or bool(results.lacking(keys)) for keys in found), np.bool_, len(films.images))


def _to_do(this: Run, folder: ShardFolder, lacking: NDArray[np.bool_], running: Sequence[ShardName]) -> tuple[str, str]:
    """What is lacking, and what to run."""
    config, called = this.config, quote(str(this.config.path))
    total = folder.newest_total()
    if total is None:
        return (
            f"{folder.path}: no shard has been computed.",
            f"Run `mammi run {called} --shard I/N` for I from 1 to N, on as "
            "many machines as you like, or `mammi run` for a run in one process.",
        )
    shards = [ShardName(number, total) for number in range(1, total + 1)]
    of_shard = [lacking[places_of(shard, len(lacking), config.run.batch_size)].sum() for shard in shards]
    waited = [shard for shard in running if shard.total == total and of_shard[shard.number - 1]]
    numbers = ranges([shard.number for shard, films in zip(shards, of_shard, strict=True) if films])
    told = [f"{lacking.sum():,} of {len(lacking):,} films are lacking: of {_shards(numbers)} of {total}"]
    if waited:
        told.append(f"{_shards(ranges([shard.number for shard in waited]))} of {total} is being computed")
    told += differences(this)
    which = f"{numbers}/{total}`" if numbers.isdigit() else f"I/{total}` for I = {numbers}"
    then = f"Run `mammi run {called} --shard {which}, then `mammi merge {called}`."
    return f"{folder.path}: {'; '.join(told)}.", then


def _shards(numbers: str) -> str:
    return f"shard {numbers}" if numbers.isdigit() else f"shards {numbers}"


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers as a scheduler's list, such as 2,5-7."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ",".join("-".join(map(str, run)) for run in runs)
