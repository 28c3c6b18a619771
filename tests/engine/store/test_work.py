"""The work file gives back what was put, whole, whatever happens to the process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import RunFileError
from engine.run.image_results import ImageResults
from engine.store.batch import Batch, Film
from engine.store.contents import RunContents
from engine.store.parts import Computed, FilmRows, VectorRows
from engine.store.work import WorkFile
from tests.shared import ROOT
from tests.support.runs import computed, small_contents

ENDLESS = """
import sys
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from engine.store.work import WorkFile
from tests.engine.store.test_work import numbered
with WorkFile(Path(sys.argv[1])) as work:
    for number in range(100_000):
        work.put(numbered(number))
        print(number, flush=True)
"""


def numbered(number: int) -> Computed:
    """The first batch, as of images of their own."""
    contents, (batch, *_) = small_contents()
    made = computed(contents, batch)
    images = tuple(f"{number} {image}" for image in made.films.images)
    vectors = tuple(VectorRows(part.part, images, part.reasons, part.values) for part in made.vectors)
    return Computed(replace(made.films, images=images), vectors)


def put_all(work: WorkFile, contents: RunContents, batches: list[Batch]) -> None:
    first = 0
    for batch in batches:
        work.put(computed(contents, batch, first))
        first += len(batch.images)


def same(one: Batch, other: Batch) -> bool:
    return (
        one.images == other.images
        and np.array_equal(one.embeddings, other.embeddings)
        and one.activations.keys() == other.activations.keys()
        and all(np.array_equal(one.activations[name], other.activations[name]) for name in one.activations)
    )


def joined(batches: list[Batch]) -> Batch:
    return Batch(
        tuple(image for batch in batches for image in batch.images),
        np.concatenate([batch.embeddings for batch in batches]),
        {name: np.concatenate([batch.activations[name] for batch in batches]) for name in batches[0].activations},
    )


def test_images_come_back_as_they_were_put(tmp_path: Path) -> None:
    contents, batches = small_contents(hostile=True)
    assert contents.parts is not None
    path = tmp_path / "it's a run.duckdb.work"
    with WorkFile(path) as work:
        assert work.held(contents.parts.by_name().values()) == {}
        put_all(work, contents, batches)
        put_all(work, contents, batches[:1])
    with WorkFile(path) as work:
        results = ImageResults(contents.parts, work, [])
        assert not any(map(results.lacking, contents.image_keys))
        assert same(joined(list(results.batches(contents.image_keys))), joined(batches))
        with pytest.raises(KeyError):
            work.films(contents.parts.film, ["another image"])
        with pytest.raises(KeyError):
            work.vectors("another part", ["image 0"])


def test_images_come_back_in_any_order(tmp_path: Path) -> None:
    contents, batches = small_contents()
    assert contents.parts is not None
    with WorkFile(tmp_path / "work") as work:
        put_all(work, contents, batches)
        results = ImageResults(contents.parts, work, [])
        chosen = [contents.image_keys[place] for place in (40, 3, 17, 3)]
        rows = [place - (place > 1) for place in (40, 3, 17, 3)]  # image 1 is set aside
        np.testing.assert_array_equal(results.embeddings(chosen), joined(batches).embeddings[rows])
        np.testing.assert_array_equal(results.layer("layer1", chosen), joined(batches).activations["layer1"][rows])


def test_a_part_kept_under_a_key_stays_as_it_is(tmp_path: Path) -> None:
    one, other = Film(1, "ab", 2, 3, b"first"), Film(9, "cd", 8, 7, b"second")
    with WorkFile(tmp_path / "work") as work:
        for film in (one, other):
            work.put(Computed(FilmRows("part", ("image",), (film,)), ()))
        assert work.films("part", ["image"]) == [one]


def test_each_part_keeps_its_own_reasons(tmp_path: Path) -> None:
    broken = Film(3, "", reason="truncated: \N{SNOWMAN}")
    none = np.empty((0, 0), np.float32)
    vectors = (
        VectorRows("layer", ("a", "b"), ("no", ""), np.ones((1, 2), np.float32)),
        VectorRows("embedding", ("a",), ("not for this VLM",), none),
    )
    with WorkFile(tmp_path / "work") as work:
        work.put(Computed(FilmRows("film", ("c",), (broken,)), vectors))
        assert work.held({"film", "layer", "embedding"}) == {"a": {"layer", "embedding"}, "b": {"layer"}, "c": {"film"}}
        assert work.reasons({"film", "layer"}) == {"a": {"layer": "no"}, "c": {"film": "truncated: \N{SNOWMAN}"}}
        assert work.films("film", ["c"]) == [broken]
        np.testing.assert_array_equal(work.vectors("layer", ["b", "b"]), np.ones((2, 2)))


def _compute_elsewhere(connection: multiprocessing.connection.Connection) -> None:
    connection.send(numbered(7))
    connection.close()


@pytest.mark.slow
def test_what_another_process_computed_is_put_here(tmp_path: Path) -> None:
    receive, send = multiprocessing.Pipe(duplex=False)
    worker = multiprocessing.get_context("spawn").Process(target=_compute_elsewhere, args=(send,))
    worker.start()
    send.close()
    made: Computed = receive.recv()
    worker.join()
    expected = numbered(7)
    assert made.films == expected.films
    with WorkFile(tmp_path / "work") as work:
        work.put(made)
        for part in expected.vectors:
            images = [image for image, reason in zip(part.images, part.reasons, strict=True) if not reason]
            np.testing.assert_array_equal(work.vectors(part.part, images), part.values)


def test_arrays_by_key(tmp_path: Path) -> None:
    texts = np.arange(12, dtype=np.float32).reshape(3, 4)
    with WorkFile(tmp_path / "work") as work:
        work.put_array("texts", texts)
    with WorkFile(tmp_path / "work") as work:
        assert (work.has_array("other texts"), work.has_array("texts")) == (False, True)
        np.testing.assert_array_equal(work.get_array("texts"), texts)
        with pytest.raises(KeyError):
            work.get_array("other texts")


def test_a_killed_process_leaves_whole_batches(tmp_path: Path) -> None:
    path = tmp_path / "work"
    writer = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(path), str(ROOT)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert writer.stdout is not None
    last = [int(writer.stdout.readline()) for _ in range(12)][-1]
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate()
    contents, _ = small_contents()
    assert contents.parts is not None
    every = frozenset(contents.parts.by_name().values())
    with WorkFile(path) as work:
        held = work.held(every)
        batches = {number: {image for image in held if image.startswith(f"{number} ")} for number in range(last + 2)}
        assert all(len(images) in (16, 0 if number > last else 16) for number, images in batches.items())
        assert set(held.values()) == {every}
        work.put(numbered(-1))
        assert len(work.held(every)) == len(held) + 16


def test_an_unfinished_run_of_another_version_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "run.duckdb.work"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE arrays (key TEXT, name TEXT, dtype TEXT, shape TEXT, data BLOB)")
        connection.execute("PRAGMA user_version = 3")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(
        RunFileError, match=r"run\.duckdb\.work: an unfinished run of another version of mammi; "
    ) as caught:
        WorkFile(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


def test_a_second_run_is_asked_to_wait(tmp_path: Path) -> None:
    path = tmp_path / "work"
    code = "import sys; from pathlib import Path; from engine.store.work import WorkFile; WorkFile(Path(sys.argv[1]))"
    with WorkFile(path):
        second = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, cwd=ROOT, check=False
        )
    assert f"process {os.getpid()} (" in second.stderr
    assert "is writing it; wait for it to end" in second.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON results BEGIN DELETE FROM results WHERE image = 1; END",
        "CREATE TRIGGER t BEFORE INSERT ON facts BEGIN SELECT RAISE(IGNORE); END",
        "ALTER TABLE results RENAME TO other; CREATE VIEW results AS SELECT * FROM other, (SELECT 0 AS rowid)",
        "CREATE VIEW other AS SELECT 1",
    ],
)
def test_what_another_program_put_into_the_file_is_not_taken_over(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "run.duckdb.work"
    with WorkFile(path) as work:
        work.put(numbered(0))
    with sqlite3.connect(path) as client:
        client.executescript(statement)
    client.close()
    with WorkFile(path) as work:
        assert work.mended
        work.put(numbered(1))
    with sqlite3.connect(path) as client:
        kinds = client.execute("SELECT DISTINCT type FROM sqlite_master ORDER BY type").fetchall()
    client.close()
    assert kinds == [("index",), ("table",)]
    with WorkFile(path) as work:
        assert work.mended is None


def test_a_file_of_which_no_byte_can_be_written_leaves_none(tmp_path: Path) -> None:
    """As where a quota is used up."""
    script = (
        "import resource, sys; from pathlib import Path; from engine.store.work import WorkFile;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); WorkFile(Path(sys.argv[1]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "run.work")], capture_output=True, text=True, cwd=ROOT
    )
    assert "cannot be written" in ended.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []
