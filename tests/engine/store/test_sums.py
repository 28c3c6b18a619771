"""A run file is answered from as it was written: what is not so is told, and named."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from engine.annotation.cuts import Cuts
from engine.errors import RunFileError
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.verifying import damages
from engine.store.writer import assemble
from tests.support.complete import complete_contents, complete_run
from tests.support.resealed import changed

HEADERS = 3 * 4096


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return complete_run(tmp_path_factory.mktemp("sound"), images=300)


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "run.duckdb"
    copy.write_bytes(sound.read_bytes())
    return copy


def change(path: Path, *statements: str) -> None:
    with duckdb.connect(path) as client:
        for statement in statements:
            client.execute(statement)


def test_a_sound_file_has_no_damage_and_every_table_has_rows(sound: Path) -> None:
    assert list(damages(sound)) == []
    with duckdb.connect(sound, read_only=True) as client:
        tables = client.execute("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
        counts = {table: client.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for (table,) in tables}  # noqa: S608
        columns = client.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE table_name IN (SELECT table_name FROM "
            "duckdb_tables()) AND table_name <> 'column_sums' AND data_type <> 'BLOB' AND NOT "
            "regexp_matches(data_type, '^[A-Z]+\\[[0-9]*\\]$') EXCEPT SELECT table_name, column_name FROM column_sums"
        ).fetchall()
    assert [table for table, count in counts.items() if not count] == []
    assert columns == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE activation_blocks SET top = NULL WHERE neuron = 3", "the column top of the activations"),
        ("UPDATE activation_blocks SET sum = sum + 1 WHERE neuron = 3", "layer0:3"),
        ("UPDATE partial_sums SET sum = NULL WHERE neuron = 7", "embeddings of layer1:1"),
        ("UPDATE embedding_spread SET mean = 'nan'::DOUBLE WHERE place = 2", "the column mean of the embedding spread"),
        ("UPDATE neurons SET representatives = 2000000000 WHERE neuron = 4", "the column representatives"),
        ("UPDATE image_embeddings SET inverse_length = 1 WHERE image = 9", "the column inverse_length"),
        ("DELETE FROM labels WHERE image = 8", "labels, boxes or attributes of image 8"),
        ("ALTER TABLE part_reasons DROP COLUMN position", "the column position of part_reasons is missing"),
        ("DELETE FROM unit_maps", "of the activation maps"),
        ("UPDATE images SET thumbnail = 'x'::BLOB WHERE position = 5", "the thumbnails of image 5"),
        ("DELETE FROM column_sums WHERE table_name = 'layers'", "the column name of the layers"),
    ],
)
def test_what_another_program_changed_is_named(path: Path, statement: str, said: str) -> None:
    change(path, statement)
    found = list(damages(path))
    assert any(said in each.what for each in found), found


def test_only_the_layer_with_a_damaged_unit_cannot_be_taken_over(path: Path) -> None:
    change(path, "UPDATE activation_blocks SET sum = sum + 1 WHERE neuron = 3 AND block = 0")
    [found] = damages(path)
    assert (found.parts, found.images) == (frozenset({"layer layer0"}), None)
    with RunReader(path) as reader:
        requery = Requery(reader)
        with pytest.raises(RunFileError, match="its activations of layer0:3 are not as they were written"):
            requery.neuron("layer0", 3, Cuts(0.5, 0.9))
        assert len(requery.neuron("layer0", 4, Cuts(0.5, 0.9)).images)


def test_rows_at_each_others_place_are_told(path: Path) -> None:
    """Two rows change places: each would be sound in its own."""
    change(
        path,
        "UPDATE image_embeddings SET embedding = other.embedding, sum = other.sum FROM image_embeddings AS other "
        "WHERE image_embeddings.image + other.image = 21 AND image_embeddings.image IN (10, 11)",
    )
    with RunReader(path) as reader, pytest.raises(RunFileError, match="image embeddings of image 10"):
        reader.arrays.image_embeddings()


def test_two_flipped_bits_that_duckdb_does_not_see_are_told(path: Path) -> None:
    """DuckDB's checksum is the exclusive or of products of a block's words: two top bits cancel out."""
    data = path.read_bytes()

    with RunReader(path) as reader:
        values = reader.thumbnail(0)
    place = data.index(values[:64])
    word = (place - HEADERS) // 8 + 2
    damaged = bytearray(data)
    for each in (word, word + 3):
        damaged[HEADERS + 8 * each + 7] ^= 0x80
    path.write_bytes(damaged)
    [found] = damages(path)
    assert found.what.startswith("the thumbnails of image ")


def test_a_table_of_another_run_does_not_fit_with_its_sums(path: Path, tmp_path: Path) -> None:
    """The tables have the same rows and layers, and each column its own line of the sums."""
    (tmp_path / "other").mkdir()
    other = complete_run(tmp_path / "other", images=300, dimension=8)
    with duckdb.connect(path) as client:
        client.execute(f"ATTACH '{other}' AS other (READ_ONLY)")
        for statement in (
            "DELETE FROM neurons",
            "DELETE FROM column_sums WHERE table_name = 'neurons'",
            "INSERT INTO neurons FROM other.neurons ORDER BY rowid",
            "INSERT INTO column_sums FROM other.column_sums WHERE table_name = 'neurons'",
        ):
            client.execute(statement)
    with pytest.raises(RunFileError, match="damaged: its neurons are not as they were written"), RunReader(path) as run:
        Requery(run).layer("layer0", Cuts(0.9, 0.9))
    assert {damage.table for damage in damages(path)} == {"neurons"}


def test_the_whole_hash_is_of_all_that_answers_depend_on(sound: Path, tmp_path: Path) -> None:
    contents, batches = complete_contents(images=300, batch_size=7)
    other = tmp_path / "other.duckdb"
    assemble(other, contents, batches)
    with RunReader(sound) as one, RunReader(other) as two:
        assert one.whole_hash == two.whole_hash
        whole, content = one.whole_hash, one.info.content_hash
    with changed(other) as connection:
        connection.execute("UPDATE method_scores SET score = score + 1 WHERE neuron = 2")
    with RunReader(other) as reader:
        assert (reader.whole_hash != whole, reader.info.content_hash) == (True, content)


def test_an_older_file_with_more_representatives_than_images_is_told(tmp_path: Path) -> None:
    from tests.engine.store.test_migrations import unpacked

    path = unpacked(7, tmp_path)
    change(path, "UPDATE neurons SET representatives = 2000000000 WHERE neuron = 1")
    with pytest.raises(RunFileError, match="2000000000 representatives of 20 images"):
        RunReader(path)


@pytest.mark.parametrize("column", ["labels.label", "boxes.x", "polygons.points", "image_attributes.value"])
@pytest.mark.parametrize(
    "statement",
    [
        "DROP COLUMN {}",
        "RENAME COLUMN {} TO other",
        "ALTER COLUMN {} TYPE VARCHAR USING 'a'",
        "ALTER COLUMN {} TYPE VARCHAR[] USING ['a']",
        "ALTER COLUMN {} TYPE STRUCT(a INTEGER) USING {{'a': 1}}",
    ],
)
def test_a_column_that_another_program_took_out_or_gave_another_type_is_told(
    path: Path, column: str, statement: str
) -> None:
    table, _, name = column.partition(".")
    change(path, f"ALTER TABLE {table} {statement.format(name)}")
    with RunReader(path) as reader, pytest.raises(RunFileError) as told:
        reader.images(range(reader.image_count))
    assert (str(told.value).splitlines(), str(told.value).startswith(str(path))) == ([str(told.value)], True)
    assert any(table in each.what or "labels, boxes or attributes" in each.what for each in damages(path))


@pytest.mark.parametrize(
    ("column", "to"),
    [
        ("annotated_concepts.neuron", "BLOB USING 'a'::BLOB"),
        ("sources.key", "DOUBLE[] USING [1.0]"),
        ("layers.name", "DOUBLE[2] USING [1.0, 2.0]"),
        ("images.path", "BLOB USING 'a'::BLOB"),
    ],
)
def test_a_column_that_another_program_made_one_of_arrays_is_told(path: Path, column: str, to: str) -> None:
    table, _, name = column.partition(".")
    change(path, f"ALTER TABLE {table} ALTER COLUMN {name} TYPE {to}")
    with pytest.raises(RunFileError, match=f"damaged: its {table.split('_')[0]}"), RunReader(path) as reader:
        reader._cursors.rows(f"SELECT {name} FROM {table}")  # noqa: S608 (a name from the list above)
    assert damages(path)


@pytest.mark.parametrize(("table", "name"), [("neurons", "finding"), ("importance", "over"), ("meta", "target")])
def test_a_column_of_texts_that_holds_no_texts_has_another_sum(path: Path, table: str, name: str) -> None:
    change(path, f"ALTER TABLE {table} ALTER COLUMN {name} TYPE STRUCT(a INTEGER) USING {{'a': 1}}")
    assert any(name in each.what for each in damages(path))
