"""The work file: what an unfinished run has computed so far, so that the next run goes on from there.

SQLite, not DuckDB: it holds small blobs by key, written a batch at a time, where DuckDB would rewrite its last rows
over and over.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from engine.errors import RunFileError
from engine.store.part_file import VERSION, LookedUp, PartFile
from engine.store.parts import Computed
from engine.store.unit_maps import MapRows, packed
from engine.store.whole_file import sync

_TABLES = ("results", "arrays", "unit_maps", "looked_up")
_PAGE = 32768
"""Bytes: with SQLite's 4,096, the activations of 1,024 units would take two pages"""
_SCHEMA = f"""
PRAGMA user_version = {VERSION};
CREATE TABLE images (number INTEGER PRIMARY KEY, key TEXT NOT NULL);
CREATE TABLE parts (number INTEGER PRIMARY KEY, key TEXT NOT NULL);
CREATE TABLE results (
    image INTEGER, part INTEGER, reason TEXT NOT NULL, data BLOB, sum INTEGER, PRIMARY KEY (image, part)
);
CREATE INDEX set_aside ON results (image, part, reason) WHERE reason != '';
CREATE TABLE arrays (key TEXT PRIMARY KEY, dtype TEXT, shape TEXT, data BLOB, sum INTEGER);
CREATE TABLE unit_maps (
    part INTEGER, images BLOB, units BLOB, lows BLOB, highs BLOB, cells BLOB, height INTEGER, width INTEGER, sum INTEGER
);
CREATE INDEX maps_of_part ON unit_maps (part);
CREATE TABLE looked_up (place INTEGER PRIMARY KEY, path BLOB, film INTEGER, embedding INTEGER, stamp TEXT);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT);
"""
# `sum` is the CRC-32 of the data, whose damage SQLite would not notice.
# Numbers stand for the keys in `results`, so that rows are added at the end of the table and of its index.
# `images` has an index by key only once the file is sealed: keys are hashes, and so each would change a page of it.


def work_path(run_path: Path) -> Path:
    return run_path.with_name(f"{run_path.name}.work")


class WorkFile(PartFile):
    """A PartFile that this process writes.

    Each `put` is one transaction on disk: a process killed at any moment leaves whole entries only. A key stands for
    its content, so an entry already present is left as it is.

    Raises RunFileError when the file is damaged, cannot be written or is of another version, and InUse when another
    process is writing it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._failures_named():
            connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        super().__init__(path, connection)
        self._held_images: dict[str, int] | None = None
        self._is_done = False
        try:
            with self._failures_named():
                connection.execute(f"PRAGMA page_size = {_PAGE}")
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                # A file that holds tables is only locked, not written: others may read it as it is once it is sealed.
                connection.executescript("BEGIN EXCLUSIVE; COMMIT;" if self.check_version() else _created())
        except RunFileError:
            connection.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the file, and deletes it if it holds nothing. One that was sealed is left as it is."""
        if self._is_done:
            return
        empty = self.is_empty()
        self.close()
        if empty:
            self.path.unlink(missing_ok=True)

    def delete(self) -> None:
        """Closes and deletes the file."""
        self._is_done = True
        self.path.unlink(missing_ok=True)
        self.close()

    def is_empty(self) -> bool:
        return not any(self._fetch(f"SELECT 1 FROM {table} LIMIT 1") for table in _TABLES)  # noqa: S608

    def seal(self, path: Path) -> None:
        """Gives the file, as it is, another name under which PartFile.sealed reads it; nobody writes it any more.

        It is no longer locked then. Raises FileNotFoundError if another process has given it another name.
        """
        with self._failures_named():
            self._connection.execute("CREATE UNIQUE INDEX IF NOT EXISTS images_by_key ON images (key)")
        self.path.rename(path)
        self._is_done = True
        self.close()
        sync(path.parent)

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

    def put_looked_up(self, images: Sequence[LookedUp]) -> None:
        """Keeps what images were when they were looked up, in one transaction; the last one of each place counts."""
        if not images:
            return
        with self._transaction():
            films = self._image_numbers([image.keys.film for image in images])
            embeddings = self._image_numbers([image.keys.embedding for image in images])
            self._connection.executemany(
                "INSERT OR REPLACE INTO looked_up VALUES (?, ?, ?, ?, ?)",
                [
                    (image.place, image.path.encode(errors="surrogatepass"), film, embedding, image.stamp)
                    for image, film, embedding in zip(images, films, embeddings, strict=True)
                ],
            )

    def put_facts(self, **facts: Any) -> None:
        """Keeps what JSON can write, each under its name."""
        with self._transaction():
            rows = [(name, json.dumps(value)) for name, value in facts.items()]
            self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", rows)

    def put_array(self, key: str, array: NDArray[Any]) -> None:
        little = _little(array)
        data = little.tobytes()
        row = (key, little.dtype.str, json.dumps(array.shape), data, crc32(data))
        with self._failures_named():
            self._connection.execute("INSERT OR IGNORE INTO arrays VALUES (?, ?, ?, ?, ?)", row)

    def _insert_maps(self, pieces: Sequence[MapRows]) -> None:
        for rows in pieces:
            images = np.array(self._image_numbers(rows.images), "<i4").tobytes()
            values = (images, rows.units.astype("<i4").tobytes(), *packed(rows))
            row = (self._part_number(rows.key), *values, *rows.size, crc32(b"".join(values)))
            self._connection.execute("INSERT INTO unit_maps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def _insert(self, part: str, images: Sequence[str], rows: Iterable[tuple[str, bytes | None]]) -> None:
        number = self._part_number(part)
        numbers = self._image_numbers(images)
        self._connection.executemany(
            "INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?)",
            [
                (image, number, reason, data, crc32(data or b""))
                for image, (reason, data) in zip(numbers, rows, strict=True)
            ],
        )

    def _part_number(self, key: str) -> int:
        return self._numbered("parts", self._part_numbers(), [key])[0]

    def _image_numbers(self, keys: Sequence[str]) -> list[int]:
        return self._numbered("images", self._images(), keys)

    def _numbered(self, table: str, numbers: dict[str, int], keys: Sequence[str]) -> list[int]:
        """The numbers that stand for these keys; a new key is given the next one."""
        new = [key for key in dict.fromkeys(keys) if key not in numbers]
        rows = [(key, number) for number, key in enumerate(new, start=1 + len(numbers))]
        self._connection.executemany(f"INSERT INTO {table} (key, number) VALUES (?, ?)", rows)  # noqa: S608
        numbers.update(rows)
        return [numbers[key] for key in keys]

    def _numbers_of(self, images: Sequence[str]) -> Mapping[str, int]:  # noqa: ARG002
        return self._images()

    def _image_keys(self) -> list[str]:
        return list(self._images())

    def _images(self) -> dict[str, int]:
        """The key of each image -> its number. Held in memory, as no other process uses the file."""
        if self._held_images is None:
            self._held_images = dict(self._rows("SELECT key, number FROM images ORDER BY number"))
        return self._held_images

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of the block's changes, or none of them."""
        with self._failures_named():
            self._connection.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._connection.rollback()
                self._held_images = self._parts = None
                raise
            self._connection.commit()


def _created() -> str:
    return f"BEGIN EXCLUSIVE; {_SCHEMA} COMMIT;"


def _little(array: NDArray[Any]) -> NDArray[Any]:
    """In C order, little-endian."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
