"""The work file: what an unfinished run has already computed, so that the next one goes on from there.

SQLite, not DuckDB: this is whole blobs by key, written one at a time, where DuckDB would rewrite its last rows over
and over.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.errors import RunFileError
from engine.store.batch import ProbedImage, TargetPart, VLMPart

_VERSION = 3
"""Of the tables below. What a file of other tables holds is computed again."""
_TABLES = ("batch_images", "vlm_reasons", "arrays")
_SCHEMA = f"""
PRAGMA user_version = {_VERSION};
CREATE TABLE IF NOT EXISTS batch_images (
    key TEXT, position INTEGER, size_bytes INTEGER, sha256 TEXT, width INTEGER, height INTEGER, thumbnail BLOB,
    reason TEXT, input_low REAL, input_high REAL, input_mean REAL, input_std REAL, PRIMARY KEY (key, position)
);
CREATE TABLE IF NOT EXISTS vlm_reasons (key TEXT, position INTEGER, reason TEXT, PRIMARY KEY (key, position));
CREATE TABLE IF NOT EXISTS arrays (
    key TEXT, name TEXT, dtype TEXT, shape TEXT, data BLOB, PRIMARY KEY (key, name)
);
"""
_ALONE = ""
"""The name of the only array of its key. A batch's activations are named by their layers."""

_TARGET_REASONS = "SELECT reason FROM batch_images WHERE key = ? ORDER BY position"
_VLM_REASONS = "SELECT reason FROM vlm_reasons WHERE key = ? ORDER BY position"


def work_path(run_path: Path) -> Path:
    return run_path.with_name(f"{run_path.name}.work")


class WorkFile:
    """The parts of batches, and arrays, by content key.

    Each `put` is one transaction on disk: a process killed at any moment leaves whole entries only. A key stands for
    its content, so a key already present is left as it is. Several threads may take turns.

    Raises RunFileError when the file is damaged, cannot be written, or another run is writing it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._told():
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            with self._told():
                self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                ((version,),) = self._fetch("PRAGMA user_version")
                stale = "" if version == _VERSION else "".join(f"DROP TABLE IF EXISTS {table}; " for table in _TABLES)
                self._connection.executescript(f"BEGIN EXCLUSIVE; {stale} {_SCHEMA} COMMIT;")
        except RunFileError:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the file; after a failure that came before anything was kept, no file is left."""
        empty = error is not None and not any(self._fetch(f"SELECT 1 FROM {table} LIMIT 1") for table in _TABLES)  # noqa: S608
        self.close()
        if empty:
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        self._connection.close()

    def has(self, key: str) -> bool:
        """Whether anything is stored under this key."""
        return bool(self._fetch("SELECT 1 FROM arrays WHERE key = ? LIMIT 1", key))

    def put_target(self, key: str, part: TargetPart) -> None:
        if self.has(key):
            return
        images = [
            (
                *(key, position, image.size_bytes, image.sha256, image.width, image.height, image.thumbnail),
                *(image.reason, image.input_low, image.input_high, image.input_mean, image.input_std),
            )
            for position, image in enumerate(part.images)
        ]
        with self._transaction():
            self._connection.executemany("INSERT INTO batch_images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", images)
            for layer, activations in part.activations.items():
                self._insert_array(key, layer, activations)

    def target_part(self, key: str) -> TargetPart:
        """The target model's part of a batch. Raises KeyError when there is none of this key."""
        images = self._fetch(
            "SELECT size_bytes, sha256, width, height, thumbnail, reason, input_low, input_high, input_mean, input_std "
            "FROM batch_images WHERE key = ? ORDER BY position",
            key,
        )
        if not images:
            raise KeyError(key)
        rows = self._fetch("SELECT name, dtype, shape, data FROM arrays WHERE key = ? ORDER BY rowid", key)
        return TargetPart(tuple(ProbedImage(*image) for image in images), {name: _unpack(*row) for name, *row in rows})

    def put_vlm(self, key: str, part: VLMPart) -> None:
        if self.has(key):
            return
        with self._transaction():
            reasons = [(key, position, reason) for position, reason in enumerate(part.reasons)]
            self._connection.executemany("INSERT INTO vlm_reasons VALUES (?, ?, ?)", reasons)
            self._insert_array(key, _ALONE, part.embeddings)

    def vlm_part(self, key: str) -> VLMPart:
        """The VLM's part of a batch. Raises KeyError when there is none of this key."""
        return VLMPart(tuple(self.vlm_reasons(key)), self.get_array(key))

    def target_reasons(self, key: str) -> list[str]:
        """Of each image of the target model's part why it was set aside; "" for a usable one."""
        return [reason for (reason,) in self._fetch(_TARGET_REASONS, key)]

    def vlm_reasons(self, key: str) -> list[str]:
        """The same of the VLM's part."""
        return [reason for (reason,) in self._fetch(_VLM_REASONS, key)]

    def put_array(self, key: str, array: NDArray[Any]) -> None:
        if not self.has(key):
            with self._transaction():
                self._insert_array(key, _ALONE, array)

    def get_array(self, key: str) -> NDArray[Any]:
        """The array stored under this key. Raises KeyError when there is none."""
        rows = self._fetch("SELECT dtype, shape, data FROM arrays WHERE key = ? AND name = ?", key, _ALONE)
        if not rows:
            raise KeyError(key)
        return _unpack(*rows[0])

    def _insert_array(self, key: str, name: str, array: NDArray[Any]) -> None:
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        row = (key, name, little.dtype.str, json.dumps(array.shape), little.tobytes())
        self._connection.execute("INSERT INTO arrays VALUES (?, ?, ?, ?, ?)", row)

    def _fetch(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self._told():
            return self._connection.execute(query, parameters).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of the block's changes, or none of them."""
        with self._told():
            self._connection.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise RunFileError(f"{self.path}: another process is writing it; wait for it to end") from error
            raise RunFileError(f"{self.path}: {error}; if it is damaged, delete it and run again") from error


def _unpack(dtype: str, shape: str, data: bytes) -> NDArray[Any]:
    kind = np.dtype(dtype)
    if kind.kind not in "fiub":
        raise ValueError(f"not an array of numbers: {dtype}")
    return np.frombuffer(data, dtype=kind).reshape(json.loads(shape)).astype(kind.newbyteorder("="))
