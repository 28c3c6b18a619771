"""Embeddings of more than memory: rows from a temporary file, and embeddings in float16."""

from __future__ import annotations

import tempfile
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.decisions.matching import Matching
from engine.decisions.similar import similar_films
from engine.errors import RunFileError
from engine.evidence.population import Population
from engine.requery import Requery
from engine.store import arrays, embedding_rows, row_file
from engine.store.finished import FinishedRun
from engine.store.reader import RunReader
from engine.store.row_file import RowFile
from engine.store.writer import assemble
from mammi_tui.console.run_health import faults
from tests.support.disk import files_up_to
from tests.support.resealed import changed
from tests.support.runs import small_contents, small_run

RUN = Path("run.duckdb")
ROWS = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)


@contextmanager
def opened(
    source: Callable[[np.ndarray], np.ndarray] = lambda rows: ROWS[rows], kind: str = "<f4"
) -> Iterator[RowFile]:
    rows = RowFile(RUN, ROWS.shape, np.dtype(kind), source)
    try:
        yield rows
    finally:
        rows.close()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_file, "_AT_ONCE", 8)


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("kind", ["<f4", "<f2"])
def test_rows_are_those_of_an_array_however_they_are_asked_for(kind: str) -> None:
    stored = ROWS.astype(kind)
    with opened(lambda rows: stored[rows], kind) as rows:
        assert (len(rows), rows.shape, rows.dtype) == (50, (50, 6), np.dtype(np.float32))
        asked = [np.array([3]), np.array([[49, 0], [7, 7]]), np.array([], np.int64), np.arange(50)[::-1]]
        for images in [*asked, slice(0, 50), slice(5, 9), slice(40, 99), slice(9, 5), slice(0, 50, 7), slice(None)]:
            found = rows[images]
            assert found.dtype == np.float32
            np.testing.assert_array_equal(found, stored[images].astype(np.float32))
        for images in (np.array([50]), np.array([-1, 3])):
            with pytest.raises(IndexError):
                rows[images]


@pytest.mark.usefixtures("few_at_once")
def test_single_rows_need_not_wait_until_all_are_copied() -> None:
    copying, asked = threading.Event(), threading.current_thread()

    def source(rows: np.ndarray) -> np.ndarray:
        if rows[0] >= 16 and threading.current_thread() is not asked:
            copying.wait(10)
        return ROWS[rows]

    with opened(source) as rows:
        np.testing.assert_array_equal(rows[:16], ROWS[:16])
        mixed = np.array([[40, 3], [20, 40]])
        np.testing.assert_array_equal(rows[mixed], ROWS[mixed])
        copying.set()
        np.testing.assert_array_equal(rows[:], ROWS)


@pytest.mark.usefixtures("few_at_once")
def test_closing_ends_the_copying_and_whoever_waits_for_it() -> None:
    started, going_on = threading.Event(), threading.Event()

    def source(rows: np.ndarray) -> np.ndarray:
        started.set()
        going_on.wait(10)
        return ROWS[rows]

    rows = RowFile(RUN, ROWS.shape, np.dtype("<f4"), source)
    started.wait(10)
    told: list[str] = []

    def waiting() -> None:
        with pytest.raises(RunFileError) as caught:
            rows[:]
        told.append(str(caught.value))

    waiter, closer = threading.Thread(target=waiting), threading.Thread(target=rows.close)
    waiter.start()
    closer.start()
    waiter.join(10)
    going_on.set()
    closer.join(10)
    assert told == [f"{RUN}: is closed"]
    with pytest.raises(RunFileError, match="is closed"):
        rows[np.array([0])]
    rows.close()


def test_too_little_room_is_told_before_anything_is_copied(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_file.shutil, "disk_usage", lambda _: namedtuple("Usage", "free")(1100))
    with pytest.raises(RunFileError, match=rf"wait in {temporary}: .* are free; make room there, or .* in TMPDIR\.$"):
        RowFile(RUN, ROWS.shape, np.dtype("<f4"), lambda rows: ROWS[rows])


@pytest.mark.usefixtures("few_at_once")
def test_a_disk_that_fails_in_between_is_told_to_whoever_asks() -> None:
    with (
        files_up_to(500),
        opened() as rows,
        pytest.raises(RunFileError, match=r"^run\.duckdb: its image .*: cannot be written: the file would be larger"),
    ):
        rows[:]


def test_answers_are_the_same_from_memory_and_from_the_file(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_run(tmp_path, images=700)

    def answers() -> list[np.ndarray]:
        with RunReader(path) as reader:
            requery = Requery(reader)
            vectors = requery.vectors()
            assert isinstance(vectors.embeddings, np.ndarray if arrays.HELD else RowFile)
            found = [*similar_films(vectors.embeddings, vectors.inverse_lengths, 5, 9)]
            matches = Matching(reader, requery).matches(3, (reader.layers[0].name, 3))
            found += [matches.images, matches.cosines, matches.cold]
            population = Population.of(vectors)
            found += [population.covariance, population.unit_sums(np.array([[1, 2], [699, 0]]))]
            for layer in reader.layers:
                found.append(requery.layer(layer.name, Cuts(0.6, 0.8)).best_scores)
                found += [requery.neuron(layer.name, unit, Cuts(0.4, 0.8)).scores for unit in range(layer.units)]
            assert list(faults(reader)) == []
            assert list(temporary.iterdir()) == []  # the file has no name: a killed process leaves nothing
        if not arrays.HELD:
            with pytest.raises(RunFileError, match="is closed"):
                vectors.embeddings[np.array([0])]
        return found

    held = answers()
    monkeypatch.setattr(arrays, "HELD", 0)
    for one, other in zip(held, answers(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


def test_a_length_that_is_none_is_damage(tmp_path: Path) -> None:
    path = small_run(tmp_path)
    with changed(path) as connection:
        connection.execute("UPDATE image_embeddings SET inverse_length = NULL WHERE image = 3")
    with RunReader(path) as reader, pytest.raises(RunFileError, match="image_embeddings"):
        Requery(reader).vectors()


def half_run(folder: Path) -> Path:
    """As small_run, with image embeddings in float16."""
    contents, batches = small_contents(images=300)
    parts = replace(contents.parts, embedding=embedding_rows.rounded_key(contents.parts.embedding))
    batches = [replace(batch, embeddings=embedding_rows.rounded(batch.embeddings)) for batch in batches]
    assemble(folder / "half.duckdb", replace(contents, precision="f16", parts=parts), batches)
    return folder / "half.duckdb"


@pytest.mark.parametrize("held", [0, 1 << 20])
def test_a_run_in_float16_is_that_of_the_rounded_embeddings(
    tmp_path: Path, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "HELD", held)
    whole, half = small_run(tmp_path, images=300), half_run(tmp_path)
    with RunReader(whole) as one, RunReader(half) as other:
        exact, rounded = one.arrays.image_embeddings()[:], other.arrays.image_embeddings()[:]
        np.testing.assert_array_equal(rounded, embedding_rows.rounded(exact))
        assert list(faults(other)) == []
        assert one.info.content_hash != other.info.content_hash
        dimension, queries = one.info.dimension, (Requery(one), Requery(other))
        directions = np.linalg.norm(queries[0].vectors().directions, axis=1)
        bound = (2.0**-11 + 2.0**-25 * dimension**0.5) * directions
        for unit in range(14):
            scores, close = (each.neuron("layer1", unit, Cuts(0.8, 0.9)).scores for each in queries)
            assert len(scores) == 0 or (np.abs(scores - close) <= 2 * bound).all()


def test_numbers_that_are_not_rounded_are_not_stored_as_if_they_were() -> None:
    with pytest.raises(ValueError, match="not rounded"):
        embedding_rows.columns(np.arange(50, dtype=np.int32), ROWS, "f16")


def test_rounded_embeddings_follow_from_whole_ones_and_never_the_other_way(tmp_path: Path) -> None:
    key = "embedding key"
    with FinishedRun(small_run(tmp_path, images=300)) as whole, FinishedRun(half_run(tmp_path)) as half:
        rounded = embedding_rows.rounded_key(key)
        [image] = [keys.embedding for keys, place in whole.reader.image_keys() if place == 7]
        assert whole.held([key, rounded])[image] == {key, rounded}
        assert half.held([key, rounded])[image] == {rounded}
        np.testing.assert_array_equal(whole.vectors(rounded, [image]), half.vectors(rounded, [image]))
        with pytest.raises(KeyError):
            half.vectors(key, [image])
