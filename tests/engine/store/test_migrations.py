"""Run files of older schema versions open as if they were new.

version_1.duckdb.gz is `small_contents(images=20, units=(4, 5), concepts=6, dimension=4)` with concept_set="word_list",
written by the writer of schema version 1 (commit 65ea07b); version_2.duckdb.gz is the same with sets=2, by that of
schema version 2 (commit 83c1fd2); version_3.duckdb.gz the same as version 2 with other_templates=1, captions=2 and
methods={"www": {"count": 3}}, by that of schema version 3 (commit 98aae33); version_4.duckdb.gz the same as version 3
with sources={"target": "1111"}, by that of schema version 4 (commit 1e4596c); version_5.duckdb.gz the same as version 4
with notes=[Note("target", "a warning")], by that of schema version 5 (commit 1e72174); version_6.duckdb.gz the same as
version 5 with the outputs that tests.support.decisions.decide adds for the classes Mass and Effusion, by that of schema
version 6 (commit db645de); version_7.duckdb.gz the same as version 6 with ranking="z" and the attribute device=("tube",
"line") of every other image, by that of schema version 7 (commit 828f13d); version_8.duckdb.gz is
`complete_run(images=20, units=(4, 5), dimension=4)` of tests.support.complete, by that of schema version 8 (commit
0a21970c), and version_9.duckdb.gz the same by that of schema version 9 (commit fd697c2e).
"""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest

from engine.annotation.cuts import Cuts
from engine.errors import RunFileError
from engine.requery import Requery
from engine.store import schema
from engine.store.contents import ConceptSet, StoredMethod
from engine.store.finished import FinishedRun
from engine.store.parts import PartKeys
from engine.store.reader import RunReader
from engine.store.verifying import damages
from mammi_tui.console.run_health import faults

VIEWS = ("activations", "representatives", "annotations")


def unpacked(version: int, folder: Path) -> Path:
    path = folder / "run.duckdb"
    path.write_bytes(gzip.decompress(Path(__file__).with_name(f"version_{version}.duckdb.gz").read_bytes()))
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return unpacked(1, tmp_path)


def version(path: Path) -> list[tuple[int]]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute("SELECT version FROM schema_version").fetchall()


def test_a_run_of_version_1_opens(old: Path) -> None:
    assert version(old) == [(1,)]
    with RunReader(old) as reader:
        assert reader.concepts == tuple(f"concept {index}" for index in range(6))
        assert reader.concept_sets == (ConceptSet("word_list", "word_list", tuple(range(6))),)
        assert (reader.image_count, len(reader.set_aside())) == (20, 2)
        assert all(image.polygons == () for image in reader.images(range(20)))
        assert {name: values.tolist() for name, values in reader.input_statistics().items()} == {
            name: [0.0] * 20 for name in ("low", "high", "mean", "std")
        }
        assert list(faults(reader)) == []
    assert version(old) == [(schema.VERSION,)]


@pytest.mark.parametrize("number", [1, 2])
def test_an_older_run_has_no_other_templates_captions_or_methods(number: int, tmp_path: Path) -> None:
    path = unpacked(number, tmp_path)
    assert version(path) == [(number,)]
    with RunReader(path) as reader:
        assert (reader.other_templates, reader.captions, reader.methods) == ((), (), ())
        assert reader.method_scores("tsi", "layer0") == []
        assert reader.arrays.caption_embeddings().shape == (0, 4)
        assert len(reader.concept_sets) == number
        assert reader.label_table()[1].shape == (20, 6)
        assert list(faults(reader)) == []
    with FinishedRun(path) as finished:
        assert len(finished.texts()) == 7
    assert version(path) == [(schema.VERSION,)]


def test_its_answers_are_those_of_its_only_concept_set(old: Path) -> None:
    with RunReader(old) as reader:
        requery = Requery(reader)
        for layer, alpha in [("layer0", 0.93), ("layer1", 0.4)]:
            everything, of_set = (requery.layer(layer, Cuts(alpha, 0.95, name)) for name in (None, "word_list"))
            assert everything.best.tolist() == of_set.best.tolist()
            assert everything.annotated.tolist() == of_set.annotated.tolist()
            assert everything.best.max() >= 0


def test_its_views_and_texts_are_there(old: Path) -> None:
    with FinishedRun(old) as finished:
        assert len(finished.texts()) == 7
    with duckdb.connect(old, read_only=True) as connection:
        for view in VIEWS:
            assert connection.execute(f"SELECT count(*) FROM {view}").fetchall() > [(0,)]  # noqa: S608


def test_a_run_of_version_3_opens_but_gives_no_part_of_an_image(tmp_path: Path) -> None:
    path = unpacked(3, tmp_path)
    assert version(path) == [(3,)]
    with FinishedRun(path) as finished:
        reader = finished.reader
        assert list(faults(reader)) == []
        assert (reader.image_count, len(reader.set_aside())) == (20, 2)
        assert reader.methods == (StoredMethod("www", {"count": 3}),)
        assert len(reader.other_templates) == 1
        assert len(finished.texts()) == 2 * 7 + 2
        assert finished.stages == {"texts": "0000"}
        assert finished.sources == {}
        assert finished.held(["film key", "layer0 key"]) == finished.reasons(["film key"]) == {}
        assert finished.set_aside(PartKeys("film key", "input key", {}, "embedding key")) == {}
    assert version(path) == [(schema.VERSION,)]


def test_a_run_of_version_4_opens_but_its_sources_are_loaded_again(tmp_path: Path) -> None:
    path = unpacked(4, tmp_path)
    assert version(path) == [(4,)]
    with FinishedRun(path) as finished:
        reader = finished.reader
        assert list(faults(reader)) == []
        assert reader.notes == ()
        assert [layer.untrained for layer in reader.layers] == ["", ""]
        assert reader.arrays.bare_text_embeddings() is None
        assert finished.sources == {}
        assert len(finished.held(["film key", "layer0 key"])) == 22
    assert version(path) == [(schema.VERSION,)]


def test_a_run_of_version_5_opens_and_says_what_it_does_not_keep(tmp_path: Path) -> None:
    path = unpacked(5, tmp_path)
    assert version(path) == [(5,)]
    with FinishedRun(path) as finished:
        reader = finished.reader
        assert list(faults(reader)) == []
        assert [note.text for note in reader.notes] == ["a warning"]
        assert finished.sources == {"target": "1111"}
        assert len(finished.held(["film key", "layer0 key"])) == 22
        assert (reader.classes, reader.outputs, reader.head, reader.important_layers) == ((), None, None, ())
        assert (reader.film_activations(0), reader.head_inputs(0), reader.class_map(0, 0)) == (None, None, None)
        assert reader.unit_maps(0) is None
        assert reader.film_importance(0) == []
        assert [(lack.what, lack.remedy) for lack in reader.missing] == [("outputs", "mammi run CONFIG.toml")]
        assert reader.threshold == 0.5
    assert version(path) == [(schema.VERSION,)]


def test_a_run_of_version_6_keeps_its_cuts_and_has_no_attributes(tmp_path: Path) -> None:
    path = unpacked(6, tmp_path)
    with duckdb.connect(path, read_only=True) as connection:
        before = connection.execute("SELECT * FROM annotations ORDER BY ALL").fetchall()
    assert version(path) == [(6,)]
    with FinishedRun(path) as finished:
        reader = finished.reader
        assert list(faults(reader)) == []
        assert (reader.info.ranking, str(reader.info.selection)) == ("score", "tau")
        assert reader.info.cuts == Cuts(0.93, 0.95)
        assert reader.classes == ("Mass", "Effusion")
        assert [attribute.name for attribute in reader.attributes()] == ["view"]
        assert all(image.attributes == () for image in reader.images(range(20)))
        assert len(finished.held(["film key", "layer0 key"])) == 22
    assert version(path) == [(schema.VERSION,)]
    with duckdb.connect(path, read_only=True) as connection:
        assert connection.execute("SELECT * FROM annotations ORDER BY ALL").fetchall() == before
        assert before


def test_a_run_of_version_7_keeps_its_activations_to_the_last_bit(tmp_path: Path) -> None:
    path = unpacked(7, tmp_path)
    with duckdb.connect(path, read_only=True) as connection:
        before = [connection.execute(f"SELECT * FROM {view} ORDER BY ALL").fetchall() for view in VIEWS]  # noqa: S608
    assert version(path) == [(7,)]
    with FinishedRun(path) as finished:
        assert list(faults(finished.reader)) == []
        assert finished.reader.info.ranking == "z"
        assert {name for name, _ in finished.reader.images([0])[0].attributes} <= {"device"}
        assert len(finished.held(["film key", "layer0 key"])) == 22
    assert version(path) == [(schema.VERSION,)]
    with duckdb.connect(path, read_only=True) as connection:
        after = [connection.execute(f"SELECT * FROM {view} ORDER BY ALL").fetchall() for view in VIEWS]  # noqa: S608
    assert after == before
    assert all(before)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 7, 8])
def test_it_has_the_tables_of_a_new_run(number: int, tmp_path: Path) -> None:
    old = unpacked(number, tmp_path)
    new = tmp_path / "new.duckdb"
    with duckdb.connect(new) as connection:
        connection.execute("ATTACH ':memory:' AS run")
        connection.execute("USE run")
        schema.create(connection, 4)
        expected = columns(connection)
    RunReader(old).close()
    with duckdb.connect(old, read_only=True) as connection:
        assert columns(connection) == expected
    assert list(damages(old)) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE activation_blocks SET activations = NULL WHERE block = 0",
        "UPDATE image_embeddings SET embedding = NULL WHERE image = 0",
        "UPDATE meta SET dimension = NULL",
        "UPDATE neurons SET representatives = NULL",
        "DELETE FROM activation_blocks WHERE neuron = 1",
    ],
)
def test_a_damaged_older_run_is_told_and_left_as_it_is(change: str, tmp_path: Path) -> None:
    path = unpacked(7, tmp_path)
    with duckdb.connect(path) as connection:
        connection.execute(change)
    with pytest.raises(RunFileError, match=f"{path.name}: damaged: what an older mammi wrote"):
        RunReader(path)
    assert version(path) == [(7,)]
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_of_version_9_opens_and_shows_what_was_damaged_before(tmp_path: Path) -> None:
    path = unpacked(9, tmp_path)
    with duckdb.connect(path) as connection:
        connection.execute("UPDATE activation_blocks SET top = top + 1 WHERE neuron = 3")
        before = connection.execute("SELECT rowid, sum FROM partial_sums ORDER BY ALL").fetchall()
    with pytest.raises(RunFileError, match="its activation_blocks are not as they were written"):
        RunReader(path)
    assert version(path) == [(9,)]
    path = unpacked(9, tmp_path)
    with duckdb.connect(path) as connection:
        connection.execute("UPDATE images SET thumbnail = 'another'::BLOB WHERE position = 4")
    with RunReader(path) as reader:
        assert [damage.what for damage in damages(path)] == ["the thumbnails of image 4"]
        assert reader.image_count == 20
    with duckdb.connect(path, read_only=True) as connection:
        assert connection.execute("SELECT rowid, sum FROM partial_sums ORDER BY ALL").fetchall() == before
    assert version(path) == [(schema.VERSION,)]


def columns(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    return connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
    ).fetchall()
