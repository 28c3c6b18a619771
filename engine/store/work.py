"""The work file: what an unfinished run has already computed, so that the next one goes on from there."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Batch, ProbedImage
from engine.store.database import connect, pack, transaction, unpack

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batches (key VARCHAR PRIMARY KEY);
CREATE TABLE IF NOT EXISTS batch_images (
    key VARCHAR, position INTEGER, size_bytes BIGINT, sha256 VARCHAR, width INTEGER, height INTEGER,
    thumbnail BLOB, reason VARCHAR
);
CREATE TABLE IF NOT EXISTS arrays (key VARCHAR, name VARCHAR, dtype VARCHAR, shape BIGINT[], data BLOB);
"""
_EMBEDDINGS = "embeddings"
_ACTIVATIONS = "activations:"


class WorkFile:
    """Batches and arrays by content key, in a DuckDB file.

    Each `put` is one transaction on disk: a process killed at any moment leaves whole entries only. A key stands for
    its content, so a key already present is left as it is.

    Raises RunFileError when the file is damaged or another run is writing it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = connect(path, read_only=False, memory="1GB", threads=2)
        self._connection.execute(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def has(self, key: str) -> bool:
        """Whether a batch is stored under this key."""
        return self._connection.execute("SELECT 1 FROM batches WHERE key = ?", [key]).fetchone() is not None

    def put(self, key: str, batch: Batch) -> None:
        if self.has(key):
            return
        with transaction(self._connection):
            self._connection.execute("INSERT INTO batches VALUES (?)", [key])
            with self._connection.appender("batch_images") as images:
                for position, image in enumerate(batch.images):
                    images.append_row(
                        key,
                        position,
                        image.size_bytes,
                        image.sha256,
                        image.width,
                        image.height,
                        image.thumbnail,
                        image.reason,
                    )
            self._insert_array(key, _EMBEDDINGS, batch.embeddings)
            for layer, activations in batch.activations.items():
                self._insert_array(key, _ACTIVATIONS + layer, activations)

    def get(self, key: str) -> Batch:
        """The batch stored under this key. Raises KeyError when there is none."""
        if not self.has(key):
            raise KeyError(key)
        images = self._connection.execute(
            "SELECT size_bytes, sha256, width, height, thumbnail, reason FROM batch_images "
            "WHERE key = ? ORDER BY position",
            [key],
        ).fetchall()
        arrays = {
            name: unpack(dtype, shape, data)
            for name, dtype, shape, data in self._connection.execute(
                "SELECT name, dtype, shape, data FROM arrays WHERE key = ?", [key]
            ).fetchall()
        }
        embeddings = arrays.pop(_EMBEDDINGS)
        activations = {name.removeprefix(_ACTIVATIONS): array for name, array in arrays.items()}
        return Batch(tuple(ProbedImage(*image) for image in images), embeddings, activations)

    def prune(self, keys: Collection[str]) -> None:
        """Forgets every batch and array but those under `keys`."""
        with transaction(self._connection):
            for table in ("batches", "batch_images", "arrays"):
                forget = f"DELETE FROM {table} WHERE key NOT IN (SELECT unnest(?::VARCHAR[]))"  # noqa: S608
                self._connection.execute(forget, [list(keys)])

    def put_array(self, key: str, array: NDArray[Any]) -> None:
        if not self.has_array(key):
            with transaction(self._connection):
                self._insert_array(key, "", array)

    def has_array(self, key: str) -> bool:
        """Whether an array is stored under this key."""
        return (
            self._connection.execute("SELECT 1 FROM arrays WHERE key = ? AND name = ''", [key]).fetchone() is not None
        )

    def get_array(self, key: str) -> NDArray[Any]:
        """The array stored under this key. Raises KeyError when there is none."""
        row = self._connection.execute(
            "SELECT dtype, shape, data FROM arrays WHERE key = ? AND name = ''", [key]
        ).fetchone()
        if row is None:
            raise KeyError(key)
        return unpack(*row)

    def _insert_array(self, key: str, name: str, array: NDArray[Any]) -> None:
        self._connection.execute("INSERT INTO arrays VALUES (?, ?, ?, ?, ?)", [key, name, *pack(np.asarray(array))])
