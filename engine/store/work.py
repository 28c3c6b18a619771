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

import numpy as np
from numpy.typing import NDArray

from engine.errors import RunFileError
from engine.store.batch import Film, Floats
from engine.store.parts import Computed

_VERSION = 4
"""The version of the tables below."""
_TABLES = ("results", "arrays")
_SCHEMA = f"""
PRAGMA user_version = {_VERSION};
CREATE TABLE IF NOT EXISTS images (image INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS parts (part INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS results (
    image INTEGER, part INTEGER, reason TEXT NOT NULL, data BLOB, PRIMARY KEY (image, part)
);
CREATE INDEX IF NOT EXISTS set_aside ON results (image, part, reason) WHERE reason != '';
CREATE TABLE IF NOT EXISTS arrays (key TEXT PRIMARY KEY, dtype TEXT, shape TEXT, data BLOB);
"""
# Numbers stand for the keys in `results`, so that rows are added at the end of the table and of its index.

_VALUES = """
SELECT images.key, reason, data FROM json_each(?) AS wanted
JOIN images ON images.key = wanted.value JOIN results USING (image) JOIN parts USING (part) WHERE parts.key = ?
"""


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
        with self._failures_named():
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            with self._failures_named():
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
        """Closes the file; after a failure before anything was put, no file is left."""
        empty = error is not None and not any(self._fetch(f"SELECT 1 FROM {table} LIMIT 1") for table in _TABLES)  # noqa: S608
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

    def _insert(self, part: str, images: Sequence[str], rows: Iterable[tuple[str, bytes | None]]) -> None:
        number = self._numbers("parts", "part", [part])[0]
        numbers = self._numbers("images", "image", images)
        self._connection.executemany(
            "INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?)",
            [(image, number, *row) for image, row in zip(numbers, rows, strict=True)],
        )

    def _numbers(self, table: str, column: str, keys: Sequence[str]) -> list[int]:
        """The numbers that stand for these keys in `results`."""
        self._connection.executemany(f"INSERT OR IGNORE INTO {table} (key) VALUES (?)", [(key,) for key in keys])  # noqa: S608
        query = f"SELECT key, {column} FROM {table} WHERE key IN (SELECT value FROM json_each(?))"  # noqa: S608
        numbers = dict(self._connection.execute(query, (json.dumps(keys),)).fetchall())
        return [numbers[key] for key in keys]

    def held(self, parts: Collection[str]) -> dict[str, frozenset[str]]:
        """As PartSource.held."""
        numbers = self._part_numbers(parts)
        rows = self._fetch(
            "SELECT key, group_concat(part) FROM images JOIN results USING (image) "
            "WHERE part IN (SELECT value FROM json_each(?)) GROUP BY image",
            json.dumps(list(numbers)),
        )
        sets: dict[str, frozenset[str]] = {}
        for joined in {joined for _, joined in rows}:
            sets[joined] = frozenset(numbers[int(number)] for number in joined.split(","))
        return {key: sets[joined] for key, joined in rows}

    def reasons(self, parts: Collection[str]) -> dict[str, dict[str, str]]:
        """As PartSource.reasons."""
        numbers = self._part_numbers(parts)
        rows = self._fetch("SELECT key, part, reason FROM results JOIN images USING (image) WHERE reason != ''")
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for key, part, reason in rows:
            if part in numbers:
                found[key][numbers[part]] = reason
        return dict(found)

    def _part_numbers(self, parts: Collection[str]) -> dict[int, str]:
        return {number: key for number, key in self._fetch("SELECT part, key FROM parts") if key in parts}

    def films(self, part: str, images: Sequence[str]) -> list[Film]:
        """As PartSource.films."""
        rows = self._values(part, images)
        return [Film.unpacked(data, reason) for reason, data in (rows[image] for image in images)]

    def vectors(self, part: str, images: Sequence[str]) -> Floats:
        """As PartSource.vectors."""
        rows = self._values(part, images)
        return np.frombuffer(b"".join(rows[image][1] for image in images), "<f4").reshape(len(images), -1)

    def _values(self, part: str, images: Sequence[str]) -> dict[str, tuple[str, bytes]]:
        """The reason and the data of each image."""
        return {key: row for key, *row in self._fetch(_VALUES, json.dumps(images), part)}  # type: ignore[misc]

    def has_array(self, key: str) -> bool:
        return bool(self._fetch("SELECT 1 FROM arrays WHERE key = ?", key))

    def put_array(self, key: str, array: NDArray[Any]) -> None:
        little = _little(array)
        row = (key, little.dtype.str, json.dumps(array.shape), little.tobytes())
        with self._failures_named():
            self._connection.execute("INSERT OR IGNORE INTO arrays VALUES (?, ?, ?, ?)", row)

    def get_array(self, key: str) -> NDArray[Any]:
        """The array stored under this key. Raises KeyError when there is none."""
        rows = self._fetch("SELECT dtype, shape, data FROM arrays WHERE key = ?", key)
        if not rows:
            raise KeyError(key)
        dtype, shape, data = rows[0]
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
                raise
            self._connection.commit()

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise RunFileError(f"{self.path}: another process is writing it; wait for it to end") from error
            raise RunFileError(f"{self.path}: {error}; if it is damaged, delete it and run again") from error


def _little(array: NDArray[Any]) -> NDArray[Any]:
    """In C order, little-endian."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
