"""The work file: what an unfinished run has computed so far, so that the next run goes on from there.

SQLite, not DuckDB: it holds small blobs by key, written a batch at a time, where DuckDB would rewrite its last rows
over and over.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import RunFileError
from engine.store.part_file import MENDED, VERSION, Damaged, InUse, LookedUp, PartFile
from engine.store.parts import Computed
from engine.store.set_aside_files import Mended, set_aside
from engine.store.unit_maps import MapRows, packed
from engine.store.verified_rows import (
    VerifiedRows,
    array_sum,
    fact_sum,
    looked_up_sum,
    maps_sum,
    result_sum,
)
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
CREATE TABLE looked_up (
    place INTEGER PRIMARY KEY, path BLOB, film INTEGER, embedding INTEGER, stamp TEXT, sum INTEGER
);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT, sum INTEGER);
"""
# `sum` is that of engine.store.verified_rows: SQLite would not notice damage.
# Numbers stand for the keys in `results`, so that rows are added at the end of the table and of its index.
# `images` has an index by key only once the file is sealed: keys are hashes, and so each would change a page of it.


def work_path(run_path: Path) -> Path:
    return run_path.parent / f"{run_path.name}.work"  # a path without a name, such as ".", is told by who opens it


class WorkFile(PartFile):
    """A PartFile that this process writes.

    Each `put` is one transaction on disk: a process killed at any moment leaves whole entries only. A key stands for
    its content, so an entry already present is left as it is.

    Opening the file goes over all of it (4 s for 1 GB). A damaged one is set aside, and one of its whole rows takes its
    place. Raises RunFileError when the file cannot be written or is of another version, and InUse when another process
    is writing it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(path, self._connected())
        self.mended: Mended | None = None
        """What became of a damaged file"""
        self._held_images: dict[str, int] | None = None
        self._is_done = False
        try:
            if not self._lock():
                self._mend()
        except RunFileError as error:
            self.close()
            if not isinstance(error, InUse):
                self._remove_unwritten()
            raise

    def _remove_unwritten(self) -> None:
        """Removes a file of which no byte could be written."""
        with suppress(OSError):
            if not self.path.stat().st_size:
                self.path.unlink()

    def _connected(self) -> sqlite3.Connection:
        with self._failures_named():
            return sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)

    def _lock(self) -> bool:
        """Keeps other processes away, and makes the tables of a new file. Returns whether it is as it was written."""
        try:
            with self._failures_named():
                self._connection.execute(f"PRAGMA page_size = {_PAGE}")
                self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                # A file that holds tables is only locked, not written: others may read it as it is once it is sealed.
                is_new = not self.check_version()
                self._connection.executescript(_created() if is_new else "BEGIN EXCLUSIVE; COMMIT;")
        except Damaged:
            return False
        return is_new or self.is_whole()

    def _mend(self) -> None:
        """One of its whole rows takes the place of this file."""
        rows, new = self.verified(), replacing(self.path)
        try:
            new.take_over(rows)
        finally:
            new.close()
        self.close()
        self.mended = Mended(self.path, set_aside(self.path), *rows.counts())
        new.path.rename(self.path)
        self._connection = self._connected()
        self._lock()

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

    def take_over(self, rows: VerifiedRows) -> None:
        """Keeps all rows of another file that are whole, in one transaction."""
        with self._transaction():
            for image, part, reason, data in rows.results():
                self._insert(part, [image], [(reason, data)])
            for array in rows.arrays():
                self._insert_array(*array)
            for of_maps in rows.unit_maps():
                self._insert_packed(*of_maps)
            self._insert_looked_up(list(rows.looked_up()))
            self._insert_facts([*rows.facts(), (MENDED, "true")])

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

    def put_rows(self, part: str, images: Sequence[str], rows: Iterable[tuple[str, bytes | None]]) -> None:
        """Keeps one part of some images, in one transaction: the reason and the data of each."""
        with self._transaction():
            self._insert(part, images, rows)

    def put_maps(self, pieces: Sequence[MapRows]) -> None:
        """Keeps activation maps, in one transaction."""
        with self._transaction():
            self._insert_maps(pieces)

    def put_looked_up(self, images: Sequence[LookedUp]) -> None:
        """Keeps what images were when they were looked up, in one transaction; the last one of each place counts."""
        rows = [(image.place, image.path.encode(errors="surrogatepass"), *image.keys, image.stamp) for image in images]
        if rows:
            with self._transaction():
                self._insert_looked_up(rows)

    def put_facts(self, **facts: Any) -> None:
        """Keeps what JSON can write, each under its name."""
        with self._transaction():
            self._insert_facts([(name, json.dumps(value)) for name, value in facts.items()])

    def put_array(self, key: str, array: NDArray[Any]) -> None:
        little = _little(array)
        with self._failures_named():
            self._insert_array(key, little.dtype.str, json.dumps(array.shape), little.tobytes())

    def _insert_array(self, key: str, dtype: str, shape: str, data: bytes) -> None:
        row = (key, dtype, shape, data)
        self._connection.execute("INSERT OR IGNORE INTO arrays VALUES (?, ?, ?, ?, ?)", (*row, array_sum(*row)))

    def _insert_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        rows = [(*fact, fact_sum(*fact)) for fact in facts]
        self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", rows)

    def _insert_looked_up(self, images: Sequence[tuple[int, bytes, str, str, str]]) -> None:
        films = self._image_numbers([film for _, _, film, _, _ in images])
        embeddings = self._image_numbers([embedding for _, _, _, embedding, _ in images])
        self._connection.executemany(
            "INSERT OR REPLACE INTO looked_up VALUES (?, ?, ?, ?, ?, ?)",
            [
                (image[0], image[1], film, embedding, image[4], looked_up_sum(*image))
                for image, film, embedding in zip(images, films, embeddings, strict=True)
            ],
        )

    def _insert_maps(self, pieces: Sequence[MapRows]) -> None:
        for rows in pieces:
            self._insert_packed(rows.key, rows.images, rows.size, (rows.units.astype("<i4").tobytes(), *packed(rows)))

    def _insert_packed(
        self, part: str, images: tuple[str, ...], size: tuple[int, int], values: tuple[bytes, ...]
    ) -> None:
        """Keeps maps as VerifiedRows.unit_maps gives them."""
        numbers = np.array(self._image_numbers(images), "<i4").tobytes()
        row = (self._part_number(part), numbers, *values, *size, maps_sum(part, images, size, values))
        self._connection.execute("INSERT INTO unit_maps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def _insert(self, part: str, images: Sequence[str], rows: Iterable[tuple[str, bytes | None]]) -> None:
        number = self._part_number(part)
        numbers = self._image_numbers(images)
        self._connection.executemany(
            "INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?)",
            [
                (place, number, reason, data, result_sum(image, part, reason, data))
                for place, image, (reason, data) in zip(numbers, images, rows, strict=True)
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


def replacing(path: Path) -> WorkFile:
    """An empty file under another name, which is to take the place of a damaged one."""
    new = path.with_name(f"{path.name}.mended")
    for left in (new, new.with_name(f"{new.name}-journal")):
        left.unlink(missing_ok=True)
    return WorkFile(new)


def _created() -> str:
    return f"BEGIN EXCLUSIVE; {_SCHEMA} COMMIT;"


def _little(array: NDArray[Any]) -> NDArray[Any]:
    """In C order, little-endian."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
