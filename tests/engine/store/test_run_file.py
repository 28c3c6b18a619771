"""The run file: what goes in comes out, a part of a run never has its name, and damage is told in one line."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from engine.errors import MammiError, RunFileError
from engine.run.image_results import ImageResults
from engine.store import migrations, schema, thumbnails
from engine.store.batch import Batch, Film, ProbedImage
from engine.store.contents import RunContents
from engine.store.finished import FinishedRun
from engine.store.parts import ImageKeys
from engine.store.reader import RunReader
from engine.store.tables import write_table
from engine.store.work import WorkFile
from engine.store.writer import assemble
from tests.shared import ROOT
from tests.support.runs import small_contents, small_run

STUCK = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from engine.store.writer import assemble
from tests.support.runs import small_contents
contents, batches = small_contents()
def progress(what, done, total):
    print(what, done, flush=True)
    if what == sys.argv[3]:
        time.sleep(60)
assemble(Path(sys.argv[1]), contents, batches, progress)
"""


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    contents, batches = small_contents(hostile=True)
    with RunReader(small_run(tmp_path, hostile=True)) as reader:
        usable = [
            (known, probed)
            for known, probed in zip(contents.images, [i for b in batches for i in b.images], strict=True)
            if not probed.reason
        ]
        assert reader.image_count == len(usable) == 60
        order = [59, 0, 30, 0]
        for image, info in zip(order, reader.images(order), strict=True):
            known, probed = usable[image]
            assert (info.image, info.path, info.patient, info.view) == (image, known.path, known.patient, known.view)
            assert (info.labels, info.boxes, info.sha256) == (known.labels, known.boxes, probed.sha256)
            assert info.polygons == known.polygons
            assert (info.width, info.height) == (56, 64)
            assert thumbnails.decode(reader.thumbnail(image)).shape == (64, 56)
        measured = reader.input_statistics()
        for name in ("low", "high", "mean", "std"):
            assert measured[name].tolist() == [getattr(probed, f"input_{name}") for _, probed in usable]
        assert [aside.path for aside in reader.set_aside()] == [contents.images[1].path, contents.images[61].path]
        assert {aside.reason for aside in reader.set_aside()} == {"truncated PNG"}
        assert reader.concepts == tuple(contents.concepts)
        assert [layer.name for layer in reader.layers] == ["layer0", "layer1"]
        assert [layer.unit_names for layer in reader.layers] == [(), contents.layers[1].unit_names]
        assert [np.flatnonzero(layer.dead).tolist() for layer in reader.layers] == [[0], [0]]
        assert (reader.info.alpha, reader.info.beta, reader.info.template) == (0.93, 0.95, contents.template)
        with pytest.raises(IndexError, match="60"):
            reader.images([60])
        with pytest.raises(IndexError, match="-1"):
            reader.thumbnail(-1)


def test_findings_are_the_representatives_most_frequent_label(tmp_path: Path) -> None:
    path = small_run(tmp_path)
    with RunReader(path) as reader:
        findings = reader.findings("layer1")
    with duckdb.connect(path, read_only=True) as connection:
        counted = connection.execute(
            "SELECT unit, label, count(*) FROM representatives JOIN labels USING (image) "
            "WHERE layer = 'layer1' GROUP BY ALL ORDER BY unit, count(*) DESC, label"
        ).fetchall()
    first: dict[int, str] = {}
    for unit, label, _ in counted:
        first.setdefault(unit, label)
    assert first
    assert findings == [first.get(unit, "") for unit in range(14)]


def test_the_views_for_queries_by_hand(tmp_path: Path) -> None:
    with duckdb.connect(small_run(tmp_path), read_only=True) as connection:

        def ask(query: str) -> list[tuple[object, ...]]:
            return connection.execute(query).fetchall()

        assert ask("SELECT count(*) FROM activations") == [(60 * 22,)]
        assert ask("SELECT count(*) FROM representatives") == ask("SELECT sum(representatives) FROM neurons")
        assert ask("SELECT count(*) FROM annotations") == ask("SELECT sum(annotated) FROM neurons")
        unordered = """
            SELECT count(*) FROM (
                SELECT activation > lag(activation) OVER (PARTITION BY layer, unit ORDER BY rank) AS up FROM activations
            ) WHERE up"""
        assert ask(unordered) == [(0,)]


def _hash(folder: Path, contents: RunContents, batches: list[Batch]) -> str:
    path = folder / "hashed.duckdb"
    assemble(path, contents, batches)
    with RunReader(path) as reader:
        return reader.info.content_hash


@pytest.mark.slow
def test_the_hash_follows_the_content_alone(tmp_path: Path) -> None:
    contents, batches = small_contents()
    known = _hash(tmp_path, contents, batches)
    assert _hash(tmp_path, *small_contents(batch_size=7)) == known
    assert _hash(tmp_path, replace(contents, config={"out": "elsewhere"}, versions={"torch": "9"}), batches) == known
    assert _hash(tmp_path, replace(contents, beta=0.9), batches) != known
    assert _hash(tmp_path, replace(contents, concepts=[*contents.concepts[:-1], "other"]), batches) != known
    batches[1].activations["layer1"][3, 5] += 1
    assert _hash(tmp_path, contents, batches) != known


def test_a_finished_run_gives_its_parts_back(tmp_path: Path) -> None:
    contents, batches = small_contents(images=300, hostile=True)
    assert contents.parts is not None
    path = small_run(tmp_path, images=300, hostile=True)
    with WorkFile(tmp_path / "work") as work, FinishedRun(path) as finished:
        assert finished.stages == contents.stages
        texts = finished.texts()
        np.testing.assert_array_equal(texts[contents.template], contents.template_embedding)
        with pytest.raises(KeyError):
            finished.films(contents.parts.film, ["another image"])
        with pytest.raises(KeyError):
            finished.vectors("another part", ["image 0"])
        results = ImageResults(contents.parts, work, [finished])
        assert not any(map(results.lacking, contents.image_keys))
        again = list(results.batches(contents.image_keys))
    with RunReader(path) as reader:
        assert _hash(tmp_path, contents, again) == reader.info.content_hash
    assert [image for batch in again for image in batch.images] == [
        image for batch in batches for image in batch.images
    ]


def test_a_finished_run_gives_the_parts_that_another_run_wants_too(tmp_path: Path) -> None:
    contents, _ = small_contents()
    assert contents.parts is not None
    ours = {name: key for name, key in contents.parts.by_name().items() if name != "layer layer1"}
    with FinishedRun(small_run(tmp_path)) as finished:
        held = finished.held([*ours.values(), "another part"])
        assert set(held) == {keys.film for keys in contents.image_keys}
        assert set(held.values()) == {frozenset(ours.values())}
        reasons = finished.reasons([ours["film"], "another part"])
        assert reasons == {f"image {place}": {ours["film"]: "truncated PNG"} for place in (1, 61)}


def test_of_an_image_that_one_part_sets_aside_the_others_are_not_given_back(tmp_path: Path) -> None:
    contents, (first, *others) = small_contents()
    parts = contents.parts
    assert parts is not None
    images = list(first.images)
    film = images[5]
    images[5] = ProbedImage(
        film.size_bytes, film.sha256, reason="no embedding", part_reasons=(("embedding", "no embedding"),)
    )
    kept = np.array([image != 5 for image, probed in enumerate(first.images) if not probed.reason])
    activations = {name: values[kept] for name, values in first.activations.items()}
    path = tmp_path / "run.duckdb"
    assemble(path, contents, [Batch(tuple(images), first.embeddings[kept], activations), *others])
    with WorkFile(tmp_path / "work") as work, FinishedRun(path) as finished:
        assert finished.held(parts.by_name().values())["image 5"] == {parts.embedding}
        assert finished.films(parts.film, ["image 4"]) != []
        with pytest.raises(KeyError):
            finished.vectors(parts.input, ["image 5"])
        same = ImageResults(parts, work, [finished])
        assert not any(map(same.lacking, contents.image_keys))
        assert same.reasons(contents.image_keys[5]) == {"embedding": "no embedding"}
        another = ImageResults(replace(parts, embedding="another"), work, [finished])
        assert another.lacking(contents.image_keys[4]) == {"another"}
        assert another.lacking(contents.image_keys[5]) == {*parts.by_name().values(), "another"} - {parts.embedding}


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    contents, batches = small_contents()
    odd = replace(contents.images[0], path="a\udcffb.png", labels=("x\udcff",))
    path = tmp_path / "run.duckdb"
    assemble(path, replace(contents, images=[odd, *contents.images[1:]]), batches)
    with RunReader(path) as reader:
        info = reader.images([0])[0]
    assert (info.path, info.labels) == ("a?b.png", ("x?",))


def test_a_batch_of_broken_images_only(tmp_path: Path) -> None:
    contents, batches = small_contents()
    broken = (ProbedImage(1, "", reason="broken", part_reasons=(("film", "broken"),)),) * 3
    empty = Batch(
        broken, np.empty((0, 16), np.float32), {f"layer{i}": np.empty((0, n), np.float32) for i, n in ((0, 8), (1, 14))}
    )
    keys = [ImageKeys(f"broken {place}", f"broken {place}") for place in range(3)]
    images = [replace(image, path=f"extra/{image.path}") for image in contents.images[:3]]
    path = tmp_path / "run.duckdb"
    assemble(
        path,
        replace(contents, images=[*images, *contents.images], image_keys=[*keys, *contents.image_keys]),
        [empty, *batches],
    )
    with RunReader(path) as reader, FinishedRun(path) as finished:
        assert (reader.image_count, len(reader.set_aside())) == (60, 5)
        assert contents.parts is not None
        assert finished.films(contents.parts.film, ["broken 0", "broken 2"]) == [Film(1, "", reason="broken")] * 2


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match="cannot be written"):
        assemble(tmp_path / "absent" / "run.duckdb", *small_contents())


@pytest.mark.parametrize("stage", ["images", "layer0", "layer1"])
def test_a_killed_writer_leaves_no_run(tmp_path: Path, stage: str) -> None:
    path = tmp_path / "run.duckdb"
    writer = subprocess.Popen(
        [sys.executable, "-c", STUCK, str(path), str(ROOT), stage], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert writer.stdout is not None
    while not writer.stdout.readline().startswith(stage):
        pass
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate()
    assert not path.exists()
    assert _names(tmp_path) <= {"run.duckdb.partial", "run.duckdb.partial.wal"}
    assert small_run(tmp_path) == path
    assert _names(tmp_path) == {"run.duckdb"}


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_failed_writer_leaves_the_old_run(tmp_path: Path) -> None:
    path = small_run(tmp_path)
    before = path.read_bytes()
    contents, batches = small_contents(seed=1)

    def failing() -> Iterator[Batch]:
        yield batches[0]
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        assemble(path, contents, failing())
    assert path.read_bytes() == before


def test_what_does_not_fit_together_is_refused(tmp_path: Path) -> None:
    contents, batches = small_contents()
    path = tmp_path / "run.duckdb"
    with pytest.raises(ValueError, match="the batches hold 48 images, the run 62"):
        assemble(path, contents, batches[:-1])
    with pytest.raises(ValueError, match="more images"):
        assemble(path, contents, [*batches, batches[0]])
    with pytest.raises(ValueError, match="layers"):
        assemble(path, replace(contents, layers=contents.layers[:1]), batches)
    broken = tuple(ProbedImage(1, "", reason="broken") for _ in contents.images)
    none = Batch(broken, np.empty((0, 16), np.float32), {f"layer{i}": np.empty((0, 8), np.float32) for i in (0, 1)})
    with pytest.raises(MammiError, match="none of the probing set's 62 images"):
        assemble(path, contents, [none])
    batches[0].activations["layer1"][2, 3] = np.nan
    with pytest.raises(MammiError, match=r"layer1: not a finite number for image films/00000003\.png"):
        assemble(path, contents, batches)
    assert not path.exists()


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match="no such file"):
        RunReader(tmp_path / "absent.duckdb")
    with pytest.raises(RunFileError, match="cannot be read: it is a folder"):
        RunReader(tmp_path)


@pytest.mark.parametrize("kept", [0, 100, 0.3, 0.7, 0.98])
def test_a_cut_file_is_told_in_one_line(tmp_path: Path, kept: float) -> None:
    path = small_run(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if kept < 1 else int(kept)])
    _refused(path)


@pytest.mark.parametrize("name", [":memory:", "s3:run", "*?[a]'", "-"])
def test_a_file_with_an_odd_name_is_read(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small_run(tmp_path).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    with RunReader(Path(name)) as reader:
        assert reader.layers


def test_a_name_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.csv")
    with pytest.raises(MammiError, match="not UTF-8; use another name"):
        write_table(path, "csv", {"name": "VARCHAR"}, [("x",)])


def test_no_path_with_a_backslash_becomes_another(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    path = tmp_path / "a\\b"
    shutil.copy(small_run(tmp_path), path)
    shutil.copy(path, tmp_path / "a" / "b")
    with pytest.raises(RunFileError, match="backslash"):
        RunReader(path)
    with pytest.raises(MammiError, match="backslash"):
        write_table(tmp_path / "a\\c", "csv", {"x": "INTEGER"}, [(1,)])
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["b"]


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", b"DUCK" * 5000, os.urandom(70_000)])
def test_a_file_of_something_else_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.duckdb"
    path.write_bytes(content)
    _refused(path)


def test_a_database_of_something_else_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "run.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE birds (name VARCHAR)")
    assert "not a run file" in _refused(path)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = small_run(tmp_path)
    with duckdb.connect(path) as connection:
        connection.execute("UPDATE schema_version SET version = ?", [schema.VERSION + 1])
    assert "newer mammi" in _refused(path)


def test_an_older_schema_is_brought_up_to_date_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = small_run(tmp_path)
    with RunReader(path) as before:
        known = before.info

        def add_remarks(connection: duckdb.DuckDBPyConnection) -> None:
            connection.execute("CREATE TABLE remarks (text VARCHAR)")
            connection.execute("INSERT INTO remarks SELECT template FROM templates")

        monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, add_remarks))
        monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
        for _ in range(2):
            with RunReader(path) as reader:
                assert reader.info == replace(known, schema_version=schema.VERSION)
                assert len(reader.images([0, 59])) == 2
        assert len(before.images([0, 59])) == 2
    with duckdb.connect(path, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM remarks").fetchall() == [(1,)]
    assert _names(tmp_path) == {"run.duckdb"}


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = small_run(tmp_path)
    before = path.read_bytes()

    def failing(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("DROP TABLE own_means")
        raise ArithmeticError

    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, failing))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    with pytest.raises(ArithmeticError):
        RunReader(path)
    assert path.read_bytes() == before


def _read_all(path: Path) -> None:
    with RunReader(path) as reader:
        reader.images(range(60))
        for image in range(60):
            reader.thumbnail(image)
        reader.arrays.image_embeddings()


def test_damage_inside_is_told_when_it_is_read(tmp_path: Path) -> None:
    path = small_run(tmp_path)
    whole = bytearray(path.read_bytes())
    for start in range(40_000, len(whole) - 40_000, 5_000):
        whole[start : start + 8] = b"\xff" * 8
    path.write_bytes(whole)
    with pytest.raises(RunFileError) as caught:
        _read_all(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def _refused(path: Path) -> str:
    with pytest.raises(RunFileError) as caught:
        RunReader(path)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    return message


def test_a_hostile_view_reaches_no_other_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("position,name,pooling,units,first_neuron\n0,stolen,mean,1,0\n")
    path = small_run(tmp_path)
    with duckdb.connect(path) as connection:
        connection.execute("DROP VIEW activations CASCADE")
        connection.execute("DROP TABLE layers")
        connection.execute(f"CREATE VIEW layers AS SELECT * FROM read_csv('{secret}')")  # noqa: S608
    assert "stolen" not in _refused(path)


def test_many_readers_at_once_write_nothing(tmp_path: Path) -> None:
    path = small_run(tmp_path)
    path.chmod(0o444)
    with RunReader(path) as one, RunReader(path) as other:
        assert one.info == other.info
    assert _names(tmp_path) == {"run.duckdb"}


@pytest.mark.slow
def test_a_file_may_be_closed_while_threads_ask(tmp_path: Path) -> None:
    """As when the explorer is left: DuckDB's connections refuse a call while another is going on."""
    path = small_run(tmp_path)

    def ask(reader: RunReader, together: threading.Barrier) -> str:
        together.wait()
        try:
            reader.stages()
        except RunFileError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(8) as pool:
        for _ in range(40):
            reader, together = RunReader(path), threading.Barrier(9)
            asking = [pool.submit(ask, reader, together) for _ in range(8)]
            together.wait()
            reader.close()
            assert not [told for told in (each.result() for each in asking) if "busy" in told]
