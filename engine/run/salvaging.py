"""Takes over what is whole of a damaged run file into a work file, so that a run computes only the rest.

What is read of a run file is checked against its sums (engine.store.sums). Where many rows cannot be read together,
half of them are tried, down to single ones. Needs no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.errors import RunFileError
from engine.progress import Progress
from engine.run.cache import METHOD_STAGE, VLM_STAGE, Cache
from engine.store import parts
from engine.store.batch import Floats
from engine.store.finished import FinishedRun
from engine.store.part_file import MENDED
from engine.store.parts import ImageKeys, layer_of
from engine.store.parts_reader import PartsReader
from engine.store.records import LayerInfo
from engine.store.unit_maps import MAPS_STAGE, MapRows
from engine.store.work import WorkFile, work_path

T = TypeVar("T")
_Read = tuple[Sequence[int], T]
"""Places, and what was read there"""
_TOGETHER = 512
"""Films that are read and kept together"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was whole of one part of a run."""

    what: str
    """Such as "layer norm5" """
    taken: int
    every: int

    @property
    def lacks(self) -> bool:
        return self.taken < self.every

    def __str__(self) -> str:
        return f"{self.what}: {'all' if not self.lacks else f'{self.taken:,} of'} {self.every:,}"


def damaged_path(run: Path) -> Path:
    """Where the damaged file is kept: RUN.damaged.duckdb."""
    return run.with_name(f"{run.stem}.damaged{run.suffix}")


def salvage(path: Path, progress: Progress) -> list[Taken]:
    """Takes over what is whole of a run file into its work file, and renames the run file to `damaged_path`.

    Raises RunFileError when the file cannot be opened, when there is a damaged one already, and InUse when a run is
    writing the work file. The run file keeps its name then.
    """
    aside = damaged_path(path)
    if path.exists() and aside.exists():
        raise RunFileError(f"{aside}: is there already, from an earlier salvage; move it away first")
    with PartsReader(path) as reader, WorkFile(work_path(path)) as work:
        found = list(_Salvage(reader, work, progress).all())
        work.put_facts(**{MENDED: True})
        path.rename(aside)
    return found


def usable(path: Path, progress: Progress) -> list[Taken]:
    """What `salvage` would take over. Changes nothing. Raises RunFileError when the file cannot be opened."""
    with PartsReader(path) as reader:
        return list(_Salvage(reader, None, progress).all())


class _Salvage:
    """Reads one run file part by part, and keeps what it can read in the work file, if there is one."""

    def __init__(self, reader: PartsReader, work: WorkFile | None, progress: Progress) -> None:
        self._run = FinishedRun(reader.path, reader)
        self._reader = reader
        self._work = work
        self._cache = Cache(work, []) if work else None
        self._progress = progress
        self._parts = reader.parts()
        images = reader.image_keys()
        self._usable = [keys for keys, image in images if image is not None]
        self._aside = {place: keys for place, (keys, image) in enumerate(images) if image is None}
        self._reasons = reader.part_reasons() if self._aside else {}

    def all(self) -> Iterator[Taken]:
        """Takes over everything, one part after the other."""
        self._progress.stage("parts", len(self._parts))
        for name, key in self._parts.items():
            yield Taken(name, self._part(name, key) + self._part_aside(name, key), len(self._usable) + len(self._aside))
            self._progress.advance(1)
        yield from self._maps()
        if self._reader.is_complete:
            yield from self._texts()
            yield from self._scores()

    def _part(self, name: str, key: str) -> int:
        """Takes over one part of the usable films. Returns of how many."""
        images = [_key(name, keys) for keys in self._usable]
        if layer_of(name):
            layers = [layer for layer in self._reader.layers if layer.name == layer_of(name)]
            if not layers:  # which neurons are its own is damaged
                return 0
            values, whole = self._layer(layers[0])
            pieces = (whole[start : start + _TOGETHER] for start in range(0, len(whole), _TOGETHER))
            found: Iterable[_Read[list[bytes]]] = ((some.tolist(), _bytes(values[:, some].T)) for some in pieces)
        else:
            found = _readable(range(len(images)), lambda some: self._rows(name, key, some))
        taken = 0
        for some, rows in found:
            if self._work:
                self._work.put_rows(key, [images[place] for place in some], (("", data) for data in rows))
            taken += len(some)
        return taken

    def _rows(self, name: str, key: str, places: Sequence[int]) -> list[bytes]:
        """One part of some usable films. Raises RunFileError where one of them cannot be read."""
        images = [_key(name, self._usable[place]) for place in places]
        match name:
            case parts.FILM:
                return [film.packed() for film in self._run.films(key, images)]
            case parts.CLASS_MAPS:
                return self._run.blobs(key, images)
            case parts.OUTPUTS:
                return _bytes(self._reader.outputs_of(places))
            case parts.HEAD_INPUTS:
                held = self._reader.head_inputs_of(np.asarray(places))
                return [b""] * len(places) if held is None else _bytes(held)
        return _bytes(self._run.vectors(key, images))

    def _layer(self, layer: LayerInfo) -> tuple[Floats, NDArray[np.intp]]:
        """The activations of a layer by image, [units, p], and the images of which those of all units could be read."""
        arrays = self._reader.arrays
        values, known = np.zeros((layer.units, len(self._usable)), np.float32), np.zeros(len(self._usable), np.int64)
        first = layer.first_neuron * arrays.blocks_each
        rows = range(first, first + layer.units * arrays.blocks_each)
        for some, blocks in _readable(rows, lambda some: arrays.blocks(np.asarray(some, np.int64))):
            for row, images, activations in zip(some, *blocks, strict=True):
                used = images >= 0
                values[row // arrays.blocks_each - layer.first_neuron, images[used]] = activations[used]
                known[images[used]] += 1
        return layer.as_given(values), np.flatnonzero(known == layer.units)

    def _part_aside(self, name: str, key: str) -> int:
        """Takes over why films are set aside, where this part does so; what else is known of them is read again."""
        found = {place: reasons[name] for place, reasons in self._reasons.items() if name in reasons}
        taken = 0
        for places, films in _readable(
            list(found), lambda some: self._reader.films(some) if name == parts.FILM else {}
        ):
            data = [films[place].packed() if films else None for place in places]
            images = [_key(name, self._aside[place]) for place in places]
            if self._work:
                self._work.put_rows(key, images, zip((found[place] for place in places), data, strict=True))
            taken += len(places)
        return taken

    def _maps(self) -> Iterator[Taken]:
        """The maps of each layer's units over their strongest films, by units."""
        keys = dict(enumerate(images.film for images in self._usable))
        for layer in self._reader.layers:
            if (key := self._run.stages.get(MAPS_STAGE + layer.name)) is None:
                continue

            def read(units: Sequence[int], layer: LayerInfo = layer, key: str = key) -> list[MapRows]:
                some = replace(layer, first_neuron=layer.first_neuron + units[0], units=len(units))
                return list(self._reader.map_rows(some, key, keys))

            taken = 0
            for units, found in _readable(range(layer.units), read):
                if self._work:
                    self._work.put_maps([replace(rows, units=rows.units + np.int32(units[0])) for rows in found])
                taken += len(units)
            yield Taken(f"maps of {layer.name}, by unit", taken, layer.units)

    def _texts(self) -> Iterator[Taken]:
        taken = 0
        for _, texts in _readable([0], lambda _: self._run.texts()):
            if self._cache:
                self._cache.put_texts(self._run.stages.get(VLM_STAGE, ""), texts)
            taken = len(texts)
        yield Taken("texts", taken, taken or len(self._reader.concepts))

    def _scores(self) -> Iterator[Taken]:
        names = [name for name in self._run.stages if name.startswith(METHOD_STAGE)]
        for name in names:
            kind, taken = name.removeprefix(METHOD_STAGE), 0
            for _, scores in _readable([0], lambda _, kind=kind: self._run.method_scores(kind)):  # type: ignore[misc]
                if self._cache:
                    self._cache.put_scores(self._run.stages[name], scores)
                taken = 1
            yield Taken(f"scores of {kind}", taken, 1)


def _key(part: str, keys: ImageKeys) -> str:
    return keys.embedding if part == parts.EMBEDDING else keys.film


def _bytes(rows: Floats) -> list[bytes]:
    return [np.ascontiguousarray(row, "<f4").tobytes() for row in rows]


def _readable(places: Sequence[int], read: Callable[[Sequence[int]], T]) -> Iterator[_Read[T]]:
    """Reads at these places, some together; where that fails, half of them, down to one. Gives what could be read."""
    waiting = [places[start : start + _TOGETHER] for start in range(0, len(places), _TOGETHER)]
    while waiting:
        some = waiting.pop()
        try:
            found = read(some)
        except (RunFileError, LookupError, ValueError):
            half = len(some) // 2
            waiting += [some[:half], some[half:]] if half else []
        else:
            yield some, found
