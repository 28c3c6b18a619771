"""Reads a file that holds parts of images, arrays and maps by key: an unfinished run's work file, or a shard."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from engine.errors import MAKE_ROOM, RunFileError, disk_fault, first_line, writing
from engine.store.batch import Film, Floats
from engine.store.lock_holder import writing_now
from engine.store.parts import ImageKeys
from engine.store.unit_maps import MapRows, unpacked
from engine.store.verified_rows import (
    UNREADABLE,
    VerifiedRows,
    array_sum,
    fact_sum,
    is_damage,
    looked_up_sum,
    maps_sum,
    result_sum,
)

VERSION = 7
"""The version of the tables in engine.store.work"""
MENDED = "mended"
"""The fact that a file has taken the place of a damaged one"""
MEND = "`mammi run`, or `mammi merge` for shards, sets it aside and takes over what is whole"
_THEN = f"{MAKE_ROOM}: it goes on from here"


class InUse(RunFileError):
    """Another process is writing the file."""


class Damaged(RunFileError):
    """The file, or a row of it, is not as it was written."""


class LookedUp(NamedTuple):
    """An image whose content was looked up."""

    place: int
    """In the probing set as it was then"""
    path: str
    """Image.path"""
    keys: ImageKeys
    stamp: str
    """ProbingSet.stamp of the file as it was then; "" where the set has none"""


class PartFile:
    """The parts of images (a PartSource), maps (a MapSource) and arrays, by key.

    Raises Damaged when what is read is not as it was written, and RunFileError when the file is of another version.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._parts: dict[str, int] | None = None
        self._keys: list[str] | None = None

    @classmethod
    def sealed(cls, path: Path) -> Self:
        """A file that no process writes any more, opened without any lock, so that it may lie on a network folder."""
        file = cls.unchecked(path)
        try:
            file.check_version()
        except RunFileError:
            file.close()
            raise
        return file

    @classmethod
    def unchecked(cls, path: Path, live: bool = False) -> Self:
        """As `sealed`, whatever it holds. `live`: another process may be writing it; reading then raises InUse."""
        address = f"{path.absolute().as_uri()}?{'mode=ro' if live else 'immutable=1'}"
        with writing(path, fault="cannot be read", kind=RunFileError):
            path.open("rb").close()  # SQLite does not say why it cannot
        return cls(path, sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False))

    def is_whole(self) -> bool:
        """Whether it is as it was written. Goes over all of it (4 s for 1 GB)."""
        try:
            self.check_version()
        except Damaged:
            return False
        return self.verified().are_all()

    def check_version(self) -> int:
        """The file's version, 0 for an empty file. Raises RunFileError for another than this one."""
        ((version,),) = self._fetch("PRAGMA user_version")
        if version not in (0, VERSION):
            raise RunFileError(
                f"{self.path}: an unfinished run of another version of mammi; "
                "finish it with that version, or delete the file to compute its images again"
            )
        return int(version)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def facts(self) -> dict[str, Any]:
        """What the file says of the run that wrote it, by name."""
        with self._damage_named():
            rows = self._fetch("SELECT name, value, sum FROM facts")
            for name, value, total in rows:
                _check(fact_sum(name, value), total)
            return {name: json.loads(value) for name, value, _ in rows}

    def verified(self) -> VerifiedRows:
        """Its rows, of which damaged ones are left out."""
        with self._failures_named():
            return VerifiedRows(self._connection)

    def looked_up(self) -> Iterator[LookedUp]:
        """The images that were looked up, by their places."""
        keys = self._image_keys()
        query = "SELECT place, path, film, embedding, stamp, sum FROM looked_up ORDER BY place"
        for place, path, film, embedding, stamp, total in self._rows(query):
            with self._damage_named():
                of_image = ImageKeys(_numbered(keys, film), _numbered(keys, embedding))
                _check(looked_up_sum(place, path, *of_image, stamp), total)
                found = LookedUp(place, path.decode(errors="surrogatepass"), of_image, stamp)
            yield found

    def map_rows(self, key: str) -> Iterator[MapRows]:
        """As MapSource.map_rows."""
        places = self._fetch("SELECT rowid FROM unit_maps WHERE part = ?", self._part_numbers().get(key))
        keys = self._image_keys()
        for (place,) in places:
            columns = "height, width, sum, images, units, lows, highs, cells"
            [(height, width, total, *values)] = self._fetch(f"SELECT {columns} FROM unit_maps WHERE rowid = ?", place)  # noqa: S608
            with self._damage_named():
                numbers, *kept = values
                images = tuple(_numbered(keys, number) for number in np.frombuffer(numbers, "<i4").tolist())
                _check(maps_sum(key, images, (height, width), tuple(kept)), total)
                found = unpacked(key, images, np.frombuffer(kept[0], "<i4"), kept[1:], (height, width))
            yield found

    def held(self, parts: Collection[str]) -> dict[str, frozenset[str]]:
        """As PartSource.held."""
        by_number = {number: key for key, number in self._part_numbers().items() if key in parts}
        query = (
            "SELECT image, group_concat(part) FROM results WHERE part IN (SELECT value FROM json_each(?)) GROUP BY 1"
        )
        keys = self._image_keys()
        sets: dict[str, frozenset[str]] = {}
        found: dict[str, frozenset[str]] = {}
        with self._damage_named():
            for image, joined in self._rows(query, json.dumps(list(by_number))):
                if joined not in sets:
                    sets[joined] = frozenset(by_number[int(number)] for number in joined.split(","))
                found[_numbered(keys, image)] = sets[joined]
        return found

    def reasons(self, parts: Collection[str]) -> dict[str, dict[str, str]]:
        """As PartSource.reasons."""
        rows = self._fetch(
            "SELECT images.key, parts.key, reason FROM results "
            "JOIN images ON image = images.number JOIN parts ON part = parts.number WHERE reason != ''"
        )
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for image, part, reason in rows:
            if part in parts:
                found[image][part] = reason
        return dict(found)

    def films(self, part: str, images: Sequence[str]) -> list[Film]:
        """As PartSource.films."""
        values = self._values(part, images)
        with self._damage_named():
            return [Film.unpacked(data, reason) for reason, data in values]

    def vectors(self, part: str, images: Sequence[str]) -> Floats:
        """As PartSource.vectors."""
        values = self._values(part, images)
        with self._damage_named():
            return np.frombuffer(b"".join(data for _, data in values), "<f4").reshape(len(images), -1)

    def blobs(self, part: str, images: Sequence[str]) -> list[bytes]:
        """As PartSource.blobs."""
        return [data for _, data in self._values(part, images)]

    def _values(self, part: str, images: Sequence[str]) -> list[tuple[str, bytes]]:
        """The reason and the data of each image."""
        of_images = self._numbers_of(images)
        numbers = {of_images[image]: image for image in images}
        query = (
            "SELECT image, reason, data, sum FROM results WHERE part = ? AND image IN (SELECT value FROM json_each(?))"
        )
        rows: dict[int, tuple[str, bytes]] = {}
        for image, reason, data, total in self._fetch(query, self._part_numbers()[part], json.dumps([*numbers])):
            with self._damage_named():
                _check(result_sum(numbers[image], part, reason, data), total)
            rows[image] = (reason, data)
        return [rows[of_images[image]] for image in images]

    def has_array(self, key: str) -> bool:
        return bool(self._fetch("SELECT 1 FROM arrays WHERE key = ?", key))

    def get_array(self, key: str) -> NDArray[Any]:
        """The array stored under this key. Raises KeyError when there is none."""
        rows = self._fetch("SELECT dtype, shape, data, sum FROM arrays WHERE key = ?", key)
        if not rows:
            raise KeyError(key)
        dtype, shape, data, total = rows[0]
        with self._damage_named():
            _check(array_sum(key, dtype, shape, data), total)
            kind = np.dtype(dtype)
            if kind.kind not in "fiub":
                raise ValueError(f"not an array of numbers: {dtype}")
            return np.frombuffer(data, dtype=kind).reshape(json.loads(shape)).astype(kind.newbyteorder("="))

    def _numbers_of(self, images: Sequence[str]) -> Mapping[str, int]:
        """The number that stands for each of these keys in `results`. A key that the file does not hold is left out."""
        query = "SELECT key, number FROM images WHERE key IN (SELECT value FROM json_each(?))"
        return dict(self._fetch(query, json.dumps(list(images))))

    def _image_keys(self) -> list[str]:
        """The key of each image; that of number 1 is the first. All who ask share the texts, which take most memory."""
        if self._keys is None:
            self._keys = [key for (key,) in self._rows("SELECT key FROM images ORDER BY number")]
        return self._keys

    def _part_numbers(self) -> dict[str, int]:
        """The key of each part -> the number that stands for it."""
        if self._parts is None:
            self._parts = dict(self._fetch("SELECT key, number FROM parts"))
        return self._parts

    def _fetch(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        return list(self._rows(query, *parameters))

    def _rows(self, query: str, *parameters: object) -> Iterator[tuple[Any, ...]]:
        """The rows as they are read."""
        with self._failures_named():
            yield from self._connection.execute(query, parameters)

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except UNREADABLE as error:
            if "locked" in str(error):
                raise InUse(f"{self.path}: {writing_now(self.path)}; wait for it to end") from error
            with writing(self.path, _THEN, kind=RunFileError):
                if "unable to open" in str(error) or "readonly" in str(error):  # SQLite does not say why
                    self.path.open("ab").close()
                if disk_fault(error):
                    raise
            if not is_damage(error):
                raise RunFileError(f"{self.path}: cannot be read or written ({first_line(error)})") from error
            raise Damaged(f"{self.path}: it is damaged ({first_line(error)}); {MEND}") from error

    @contextmanager
    def _damage_named(self) -> Iterator[None]:
        """Names the file where its values are none that mammi writes."""
        try:
            yield
        except (
            IndexError,
            TypeError,
            AttributeError,
            ValueError,
            OverflowError,
            RecursionError,
            struct.error,
        ) as error:
            raise Damaged(f"{self.path}: it is damaged; {MEND}") from error


def _check(computed: int, stored: int) -> None:
    if computed != stored:
        raise ValueError("its sum is another")


def _numbered(keys: Sequence[str], number: int) -> str:
    """The key that a number from 1 stands for. Raises IndexError for one that stands for none."""
    if number < 1:
        raise IndexError(f"{number} stands for no image")
    return keys[number - 1]
