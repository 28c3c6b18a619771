"""The work file: what an unfinished run has computed so far, so that the next run goes on from there.

SQLite, not DuckDB: it holds small blobs by key, written a batch at a time, where DuckDB would rewrite its last rows
over and over.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from engine.errors import MAKE_ROOM, RunFileError, disk_fault, writing
from engine.store.batch import Film, Floats
from engine.store.parts import Computed
from engine.store.unit_maps import MapRows, packed, unpacked

_VERSION = 5
"""The version of the tables below"""
_THEN = f"{MAKE_ROOM}: it goes on from here"
_TABLES = ("results", "arrays", "unit_maps")
_PAGE = 32768
"""Bytes: with SQLite's 4,096, the activations of 1,024 units would take two pages"""
_SCHEMA = f"""
PRAGMA user_version = {_VERSION};
CREATE TABLE IF NOT EXISTS images (number INTEGER PRIMARY KEY, key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS parts (number INTEGER PRIMARY KEY, key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS results (
    image INTEGER, part INTEGER, reason TEXT NOT NULL, data BLOB, sum INTEGER, PRIMARY KEY (image, part)
);
CREATE INDEX IF NOT EXISTS set_aside ON results (image, part, reason) WHERE reason != '';
CREATE TABLE IF NOT EXISTS arrays (key TEXT PRIMARY KEY, dtype TEXT, shape TEXT, data BLOB, sum INTEGER);
CREATE TABLE IF NOT EXISTS unit_maps (
    part INTEGER, images BLOB, units BLOB, lows BLOB, highs BLOB, cells BLOB, height INTEGER, width INTEGER, sum INTEGER
);
CREATE INDEX IF NOT EXISTS maps_of_part ON unit_maps (part);
"""
# `sum` is the CRC-32 of the data, whose damage SQLite would not notice.
# Numbers stand for the keys in `results`, so that rows are added at the end of the table and of its index.


def work_path(run_path: Path) -> Path:
    return run_path.with_name(f"{run_path.name}.work")


class WorkFile:
    """The parts of images (a PartSource), and arrays, by key.

    Each `put` is one transaction on disk: a process killed at any moment leaves whole entries only. A key stands for
    its content, so an entry already present is left as it is.

    Raises RunFileError when the file is damaged, cannot be written, is of another version, or another run is writing
    it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held_numbers: dict[str, dict[str, int]] = {}
        with self._failures_named():
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            with self._failures_named():
                self._connection.execute(f"PRAGMA page_size = {_PAGE}")
                self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                ((version,),) = self._fetch("PRAGMA user_version")
                if version not in (0, _VERSION):
                    raise RunFileError(
                        f"{path}: an unfinished run of another version of mammi; "
                        "finish it with that version, or delete the file to compute its images again"
                    )
                self._connection.executescript(f"BEGIN EXCLUSIVE; {_SCHEMA} COMMIT;")
        except RunFileError:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the file, and deletes it if it holds nothing."""
        empty = not any(self._fetch(f"SELECT 1 FROM {table} LIMIT 1") for table in _TABLES)  # noqa: S608
        self.close()
        if empty:
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        self._connection.close()

    def put(self, computed: Computed) -> None:
        """Keeps all parts of a batch, in one transaction."""
        films = computed.films
        with self._transaction():
            packed = ((film.reason, film.packed()) for film in films.films)
            self._insert(films.part, films.images, packed)
            for part in computed.vectors:
                rows = ((reason, None if row is None else _little(row).tobytes()) for _, reason, row in part.rows())
                self._insert(part.part, part.images, rows)
            self._insert_maps(computed.maps)

    def put_maps(self, pieces: Sequence[MapRows]) -> None:
        """Keeps activation maps, in one transaction."""
        with self._transaction():
            self._insert_maps(pieces)

    def _insert_maps(self, pieces: Sequence[MapRows]) -> None:
        for rows in pieces:
            images = np.array(self._numbers("images", rows.images), "<i4").tobytes()
            values = (images, rows.units.astype("<i4").tobytes(), *packed(rows))
            row = (self._numbers("parts", [rows.key])[0], *values, *rows.size, crc32(b"".join(values)))
            self._connection.execute("INSERT INTO unit_maps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def map_rows(self, key: str) -> Iterator[MapRows]:
        """As MapSource.map_rows."""
        keys = {number: image for image, number in self._all_numbers("images").items()}
        places = self._fetch("SELECT rowid FROM unit_maps WHERE part = ?", self._all_numbers("parts").get(key))
        for (place,) in places:
            columns = "height, width, sum, images, units, lows, highs, cells"
            [(height, width, total, *values)] = self._fetch(f"SELECT {columns} FROM unit_maps WHERE rowid = ?", place)  # noqa: S608
            self._check(b"".join(values), total)
            numbers, units = (np.frombuffer(each, "<i4") for each in values[:2])
            images = tuple(keys[number] for number in numbers.tolist())
            yield unpacked(key, images, units, values[2:], (height, width))

    def _insert(self, part: str, images: Sequence[str], rows: Iterable[tuple[str, bytes | None]]) -> None:
        number = self._numbers("parts", [part])[0]
        numbers = self._numbers("images", images)
        self._connection.executemany(
            "INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?)",
            [
                (image, number, reason, data, crc32(data or b""))
                for image, (reason, data) in zip(numbers, rows, strict=True)
            ],
        )

    def _numbers(self, table: str, keys: Sequence[str]) -> list[int]:
        """The numbers that stand for these keys in `results`; a new key is given the next one."""
        numbers = self._all_numbers(table)
        new = [key for key in dict.fromkeys(keys) if key not in numbers]
        rows = [(key, number) for number, key in enumerate(new, start=1 + len(numbers))]
        self._connection.executemany(f"INSERT INTO {table} (key, number) VALUES (?, ?)", rows)  # noqa: S608
        numbers.update(rows)
        return [numbers[key] for key in keys]

    def _all_numbers(self, table: str) -> dict[str, int]:
        """Key -> number. Held in memory, as no other process uses the file."""
        if table not in self._held_numbers:
            self._held_numbers[table] = dict(self._fetch(f"SELECT key, number FROM {table}"))  # noqa: S608
        return self._held_numbers[table]

    def held(self, parts: Collection[str]) -> dict[str, frozenset[str]]:
        """As PartSource.held."""
        by_number = {number: key for key, number in self._all_numbers("parts").items() if key in parts}
        query = (
            "SELECT image, group_concat(part) FROM results WHERE part IN (SELECT value FROM json_each(?)) GROUP BY 1"
        )
        rows = self._fetch(query, json.dumps(list(by_number)))
        sets = {
            joined: frozenset(by_number[int(number)] for number in joined.split(","))
            for joined in {joined for _, joined in rows}
        }
        of_image = dict(rows)
        return {
            key: sets[of_image[number]] for key, number in self._all_numbers("images").items() if number in of_image
        }

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
        return [Film.unpacked(data, reason) for reason, data in self._values(part, images)]

    def vectors(self, part: str, images: Sequence[str]) -> Floats:
        """As PartSource.vectors."""
        joined = b"".join(data for _, data in self._values(part, images))
        return np.frombuffer(joined, "<f4").reshape(len(images), -1)

    def blobs(self, part: str, images: Sequence[str]) -> list[bytes]:
        """As PartSource.blobs."""
        return [data for _, data in self._values(part, images)]

    def _values(self, part: str, images: Sequence[str]) -> list[tuple[str, bytes]]:
        """The reason and the data of each image."""
        of_images = self._all_numbers("images")
        numbers = [of_images[image] for image in images]
        query = (
            "SELECT image, reason, data, sum FROM results WHERE part = ? AND image IN (SELECT value FROM json_each(?))"
        )
        rows: dict[int, tuple[str, bytes]] = {}
        for image, reason, data, total in self._fetch(query, self._all_numbers("parts")[part], json.dumps(numbers)):
            self._check(data or b"", total)
            rows[image] = (reason, data)
        return [rows[number] for number in numbers]

    def _check(self, data: bytes, total: int) -> None:
        if crc32(data) != total:
            raise RunFileError(f"{self.path}: it is damaged; delete it and run again")

    def has_array(self, key: str) -> bool:
        return bool(self._fetch("SELECT 1 FROM arrays WHERE key = ?", key))

    def put_array(self, key: str, array: NDArray[Any]) -> None:
        little = _little(array)
        data = little.tobytes()
        row = (key, little.dtype.str, json.dumps(array.shape), data, crc32(data))
        with self._failures_named():
            self._connection.execute("INSERT OR IGNORE INTO arrays VALUES (?, ?, ?, ?, ?)", row)

    def get_array(self, key: str) -> NDArray[Any]:
        """The array stored under this key. Raises KeyError when there is none."""
        rows = self._fetch("SELECT dtype, shape, data, sum FROM arrays WHERE key = ?", key)
        if not rows:
            raise KeyError(key)
        dtype, shape, data, total = rows[0]
        self._check(data, total)
        kind = np.dtype(dtype)
        if kind.kind not in "fiub":
            raise ValueError(f"not an array of numbers: {dtype}")
        return np.frombuffer(data, dtype=kind).reshape(json.loads(shape)).astype(kind.newbyteorder("="))

    def _fetch(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self._failures_named():
            return self._connection.execute(query, parameters).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of the block's changes, or none of them."""
        with self._failures_named():
            self._connection.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._connection.rollback()
                self._held_numbers.clear()
                raise
            self._connection.commit()

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise RunFileError(f"{self.path}: another process is writing it; wait for it to end") from error
            with writing(self.path, _THEN, kind=RunFileError):
                if "unable to open" in str(error) or "readonly" in str(error):  # SQLite does not say why
                    self.path.open("ab").close()
                if disk_fault(error):
                    raise
            raise RunFileError(f"{self.path}: {error}; if it is damaged, delete it and run again") from error


def _little(array: NDArray[Any]) -> NDArray[Any]:
    """In C order, little-endian."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
