"""A damaged work file: what is whole is taken over, and nothing that says something else than when it was written."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from engine.errors import RunFileError
from engine.store.part_file import LookedUp, PartFile
from engine.store.parts import ImageKeys
from engine.store.unit_maps import MapRows
from engine.store.work import WorkFile
from tests.engine.store.test_work import numbered


def test_a_file_that_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "work"
    for name in ("work.damaged", "work.damaged-2"):
        path.write_bytes(b"not a database" * 1000)
        with WorkFile(path) as work:
            assert str(work.mended) == (
                f"{path}: it was damaged; none of it is whole, the rest must be computed again. The damaged file is "
                f"kept as {name}"
            )
            assert not work.held({"film"})
        assert (tmp_path / name).read_bytes() == b"not a database" * 1000


CHANGES = (
    "UPDATE results SET data = zeroblob(length(data)) WHERE rowid = 30",
    "UPDATE results SET (data, sum) = (SELECT data, sum FROM results WHERE rowid = 31) WHERE rowid = 30",
    "UPDATE results SET reason = 'set aside' WHERE rowid = 30",
    "UPDATE results SET data = NULL WHERE rowid = 30",
    "UPDATE results SET data = 7 WHERE rowid = 30",
    "UPDATE parts SET number = -number",
    "UPDATE images SET key = (SELECT key FROM images WHERE number = 2) WHERE number = 3",
    "UPDATE images SET key = key || key WHERE number = 3",
    "UPDATE arrays SET shape = '[2, 4]'",
    "UPDATE arrays SET dtype = '<i4'",
    "UPDATE arrays SET key = 'other'",
    "UPDATE unit_maps SET height = 1, width = 2",
    "UPDATE unit_maps SET images = zeroblob(3)",
    "UPDATE looked_up SET film = 2",
    "UPDATE looked_up SET path = place",
    "UPDATE facts SET value = '{}'",
)
"""Rows that say something else than when they were written"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A work file with rows in every table."""
    path = tmp_path_factory.mktemp("filled") / "work"
    image = numbered(0).films.images[0]
    lows = np.zeros(1, np.float32)
    with WorkFile(path) as work:
        work.put(numbered(0))
        work.put_array("texts", np.arange(8, dtype=np.float32))
        work.put_maps([MapRows("maps", (image,), np.zeros(1, np.int32), lows, lows, np.zeros((1, 2, 1), np.uint8))])
        work.put_looked_up([LookedUp(0, "film.png", ImageKeys(image, image), "stamp")])
        work.put_facts(shard="1/2")
    return path.read_bytes()


@pytest.mark.parametrize("change", CHANGES)
def test_no_row_is_taken_over_that_says_something_else(tmp_path: Path, filled: bytes, change: str) -> None:
    """SQLite itself does not notice."""
    path = tmp_path / "work"
    path.write_bytes(filled)
    with WorkFile(path) as work:
        assert work.mended is None
        held, keys = work.verified(), {part.part for part in numbered(0).vectors} | {numbered(0).films.part}
        whole = {tuple(row) for row in held.results()} | {tuple(row) for row in held.looked_up()}
    with sqlite3.connect(path) as connection:
        assert connection.execute(change).rowcount
    connection.close()
    with WorkFile(path) as work:
        assert work.mended is not None
        assert work.mended.lost
        again = work.verified()
        assert again.are_all()
        rows = {tuple(row) for row in again.results()} | {tuple(row) for row in again.looked_up()}
        assert rows <= whole
        work.put(numbered(0))
        assert len(work.held(keys)) == 16


def test_rows_on_whole_pages_are_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "work"
    with WorkFile(path) as work:
        for number in range(40):
            work.put(numbered(number))
    page, data = 32768, bytearray(path.read_bytes())
    middle = len(data) // page // 2 * page
    data[middle : middle + page] = b"\xff" * page
    path.write_bytes(data)
    with WorkFile(path) as work:
        assert work.mended is not None
        assert work.mended.taken > 40 * 16
        assert work.verified().are_all()


def test_names_of_tables_that_are_no_text_are_a_damage(tmp_path: Path, filled: bytes) -> None:
    """SQLite names them in its message, which Python then cannot read."""
    path, place = tmp_path / "work", filled.index(b"CREATE")
    for offset in range(6):
        path.write_bytes(filled[: place + offset] + b"\xf0" + filled[place + offset + 1 :])
        with WorkFile(path) as work:
            assert work.mended is not None
            assert not work.held({"film"})


def test_a_file_that_is_damaged_while_it_is_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.duckdb.work"
    part = numbered(0).vectors[0]
    with WorkFile(path) as work:
        work.put(numbered(0))
    with PartFile.sealed(path) as file:
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE results SET data = zeroblob(length(data))")
        connection.close()
        with pytest.raises(RunFileError, match=r"run\.duckdb\.work: it is damaged; `mammi run`"):
            file.vectors(part.part, part.images[:1])
