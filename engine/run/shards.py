"""Shards: each process computes the image stage of some films into a file of its own, on one machine or on many.

A shared folder is all that the processes need. engine.run.merging makes the run file of what they have computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from engine.config.settings import RunConfig
from engine.errors import ConfigError, RunFileError
from engine.probing.decoding import READERS
from engine.progress import Progress
from engine.run.films import Films
from engine.run.image_stage import computed
from engine.run.pipeline import look_at_inputs, opened, output_of, tell
from engine.run.stage import Run
from engine.store.part_file import LookedUp, PartFile
from engine.store.shard_files import MOST, ShardFolder, ShardName
from engine.store.work import WorkFile

_LARGEST_BLOCK = 1024
"""Films: about as many as a tar of a WebDataset holds, so that few shards read the same one"""
_BLOCKS = 12
"""Blocks that each shard has at least, where the films suffice: shards then differ by a twelfth at most"""
_TOGETHER = 256
"""Films whose stamps one thread looks at"""


def shard_name(text: str) -> ShardName:
    """The shard that I/N names. Raises ConfigError for anything but two numbers with 1 ≤ I ≤ N."""
    number, slash, total = text.partition("/")
    if not (slash and all(part.isascii() and part.isdigit() and len(part) < 10 for part in (number, total))):
        raise ConfigError(f"--shard {text}: write I/N, such as 1/4 for the first of four shards.")
    shard = ShardName(int(number), int(total))
    if not 1 <= shard.total <= MOST:
        raise ConfigError(f"--shard {text}: a run is divided into 1 to {MOST:,} shards.")
    if not 1 <= shard.number <= shard.total:
        raise ConfigError(
            f"--shard {text}: the shards of {shard.total} are 1/{shard.total} to {shard.total}/{shard.total}."
        )
    return shard


def places_of(shard: ShardName, images: int, batch_size: int) -> list[int]:
    """The places of a shard's films in the probing set.

    The set is cut into blocks, which are dealt to the shards in turn: neighbours stay together, where they may lie in
    one tar or folder, and no shard gets all the films that an earlier run has left. Blocks are whole batches, so that
    the models are given the batches of a run in one process, and give the same bits.
    """
    size = batch_size
    while 2 * size <= min(_LARGEST_BLOCK, images // (_BLOCKS * shard.total)):
        size *= 2
    starts = range((shard.number - 1) * size, images, shard.total * size)
    return [place for start in starts for place in range(start, min(start + size, images))]


def run_shard(config: RunConfig, shard: ShardName, progress: Progress) -> int:
    """Computes what no file holds of the shard's films, and keeps it beside `run.out`. Returns the number of its films.

    It takes over what other shards, whatever their number, unfinished runs and finished run files hold. Stopped at any
    point, the same shard goes on from there.

    Raises MammiError as engine.run.pipeline.run does, and InUse when another process is computing the same shard, or
    runs or merges the same configuration.
    """
    with output_of(config) as out:
        folder = ShardFolder(out)
        folder.seal_unfinished_run()
        with folder.open(shard) as work:
            folder.seal_abandoned(work.path)
            tell(progress, work, folder)
            with opened(config, progress, work, folder.sealed()) as this:
                places = places_of(shard, len(this.films.images), config.run.batch_size)
                _compute(this, shard, places, work)
            try:
                folder.seal(work)
            except FileNotFoundError:
                raise RunFileError(
                    f"{work.path}: it was deleted or renamed while shard {shard} was writing it."
                ) from None
    return len(places)


def _compute(this: Run, shard: ShardName, places: Sequence[int], work: WorkFile) -> None:
    stamps = dict(zip(places, stamps_of(this.films, places), strict=True))  # before any film is read
    learn(this.films, this.cache.sealed, stamps)
    for difference in differences(this):
        this.progress.note(f"warning: {difference}.")
    keys = [this.films.keys_at(place) for place in places]
    if all(each is not None and not this.results.lacking(each) for each in keys):
        this.progress.stage("images", len(places))
        this.progress.advance(len(places), reused=len(places))
        return
    look_at_inputs(this)
    work.put_facts(shard=str(shard), parts=this.parts.by_name(), config=this.config.as_dict())
    for piece in computed(this, places):
        found = [LookedUp(place, this.films.images[place].path, keys, stamps[place]) for place, keys in piece.looked_up]
        work.put_looked_up(found)


def stamps_of(films: Films, places: Sequence[int]) -> list[str]:
    """The stamp of each film (engine.probing.base.stamp)."""
    with ThreadPoolExecutor(READERS) as threads:
        pieces = [places[start : start + _TOGETHER] for start in range(0, len(places), _TOGETHER)]
        return [each for piece in threads.map(lambda piece: list(map(films.stamp, piece)), pieces) for each in piece]


def learn(films: Films, files: Iterable[PartFile], stamps: Mapping[int, str]) -> None:
    """Takes over what files say of the films at these places, where their stamps are still the same."""
    for file in files:
        known = (each for each in recorded(films, file) if stamps.get(each.place, "") == each.stamp != "")
        films.learn((each.place, each.keys) for each in known)


def recorded(films: Films, file: PartFile) -> Iterator[LookedUp]:
    """What a file says of the probing set's films, each with its place in the set as it is now."""
    places: dict[str, int] | None = None
    images = films.images
    for each in file.looked_up():
        if each.place < len(images) and images[each.place].path == each.path:
            yield each
            continue
        if places is None:
            places = {image.path: place for place, image in enumerate(images)}
        if each.path in places:
            yield each._replace(place=places[each.path])


def differences(this: Run) -> Iterator[str]:
    """Of each sealed file that a shard of another configuration has written: how it differs, as a clause."""
    mine, config = this.parts.by_name(), _flat(this.config.as_dict())
    for file in this.cache.sealed:
        facts = file.facts()
        parts = facts.get("parts", mine)
        if parts == mine:
            continue
        theirs = _flat(facts.get("config", {}))
        keys = [
            f"{key} = {theirs.get(key)!r} there, {config.get(key)!r} here"
            for key in dict.fromkeys([*theirs, *config])
            if theirs.get(key) != config.get(key) and key.split(".")[0] in ("run", "keep", "target", "vlm")
        ]
        other = [name for name in mine if parts.get(name) != mine[name]]
        what = "; ".join(keys) or f"a model's files or code differ: {', '.join(other)}"
        yield f"shard {facts.get('shard', '?')} ({file.path.name}) was made with another configuration: {what}"


def _flat(tables: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted keys -> values."""
    flat: dict[str, Any] = {}
    for name, value in tables.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat
