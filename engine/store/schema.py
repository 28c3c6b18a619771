"""The tables of a run file. engine.store.migrations brings an older file to them.

Counted from 0: `position` of an image in the probing set, `image` among the usable ones, `neuron` over the layers in
order, `concept` over all concept sets, `place` of a concept in one of them or in a neuron's annotation, of another
template, or of a method's score for one neuron, `rank` of an image for one neuron by activation descending.

`numberless` of a layer are the numbers of the units that gave no number for any film, joined by spaces. 0 is stored as
their activations, and they are dead.

`ranking` and `selection` of `meta` are those of engine.annotation.cuts. `score_mean` and `score_deviation` of a concept
are the mean and the standard deviation of v_o·(t_j − t_tem) over all images (NULL in files of before version 7). An
image has a row of `image_attributes` for each value of an attribute; a number is written as text. `embedding` and
`inverse_length` of `image_embeddings` are those of engine.store.embedding_rows; the second is NULL in files of before
version 8. `facts` of `images` are those of engine.store.image_facts; NULL in files of before version 9.

What engine.store.finished reuses: `stages` and `sources` hold keys by name (engine.store.contents.RunContents), `parts`
the key of each part of an image by its name (engine.store.parts), `part_reasons` the names of the parts that set an
image aside. `film_key` and `embedding_key` are an image's keys; the second is NULL where both are the same.

`codes` of `activation_blocks` are those of engine.store.sorted_activations. `partial_sums` are off by less than 1e-6 of
their length. `own_means` are the means of the unit embeddings of each neuron's representative images, zeros without
any: the score of a concept is the product of a mean with its direction. `annotated_concepts` are those at the run's own
cuts, by what the run ranks concepts by.

The tables of arrays are written in order (activation_blocks by neuron and block, partial_sums by neuron and rank,
own_means by neuron, image_embeddings by image, concepts by concept, other_texts by place and concept, bare_texts by
concept, captions by caption), so that a row's rowid is its place: a migration must keep it so.

Each table with a list or a BLOB in its rows has a column `sum` more than stands here, `images` has `record_sum`
(engine.store.records.ImageInfo), and there is a table `column_sums`: engine.store.sealing adds them, and
engine.store.sums says what they are.

What connects neurons to the model's decisions (engine.store.decision_tables) is stored as bytes, little-endian, row
by row: `outputs` float32 [classes], `activations` float16 [neurons], `inputs` float16 [units of the head], `cells`
uint8 [classes or images, height, width], `lows` and `highs` float32 of each map, `weights` and `bias` float32, the
head's `mean` float64 [units], the `mean` of importance float32 [units]. A class is counted in the model's order.
`film_outputs`, `film_activations`, `head_inputs` and `film_maps` are written by image, `unit_maps` by neuron, so that
a row's rowid is its place. Tables without rows stand for what a run did not keep.
"""

from __future__ import annotations

import duckdb

from engine.store import embedding_rows, migrations, sealing
from engine.store.database import Connection, transaction
from engine.store.embedding_rows import Precision
from engine.store.sums import Rows

BLOCK = migrations.BLOCK
"""Images of one neuron that are stored in one row of `activation_blocks`; the last block is filled up with image −1"""

_TABLES = """
CREATE TABLE meta (
    content_hash VARCHAR, created VARCHAR, config VARCHAR, versions VARCHAR, target VARCHAR, vlm VARCHAR,
    alpha DOUBLE, beta DOUBLE, dimension INTEGER, ranking VARCHAR, selection VARCHAR
);
CREATE TABLE stages (name VARCHAR, key VARCHAR);
CREATE TABLE sources (name VARCHAR, key VARCHAR);
CREATE TABLE notes (source VARCHAR, text VARCHAR);
CREATE TABLE parts (name VARCHAR, key VARCHAR);
CREATE TABLE part_reasons (position INTEGER, part VARCHAR, reason VARCHAR);
CREATE TABLE images (
    position INTEGER, image INTEGER, status VARCHAR, reason VARCHAR, path VARCHAR, size_bytes BIGINT, sha256 VARCHAR,
    width INTEGER, height INTEGER, patient VARCHAR, view VARCHAR, report VARCHAR,
    thumbnail BLOB USING COMPRESSION uncompressed,
    input_low DOUBLE, input_high DOUBLE, input_mean DOUBLE, input_std DOUBLE,
    film_key VARCHAR, embedding_key VARCHAR, facts VARCHAR
);
CREATE TABLE labels (image INTEGER, label VARCHAR);
CREATE TABLE boxes (image INTEGER, label VARCHAR, x DOUBLE, y DOUBLE, width DOUBLE, height DOUBLE);
CREATE TABLE polygons (image INTEGER, label VARCHAR, points DOUBLE[2][]);
CREATE TABLE image_parameters (image INTEGER, name VARCHAR, value DOUBLE);
{attributes}CREATE TABLE layers (
    layer INTEGER, name VARCHAR, pooling VARCHAR, units INTEGER, first_neuron INTEGER, untrained VARCHAR,
    numberless VARCHAR
);
CREATE TABLE neurons (
    neuron INTEGER, layer INTEGER, unit INTEGER, name VARCHAR, maximum FLOAT, minimum FLOAT, dead BOOLEAN,
    representatives INTEGER, best INTEGER, best_score DOUBLE, annotated INTEGER, finding VARCHAR
);
CREATE TABLE activation_blocks (
    neuron INTEGER, block INTEGER, top FLOAT, images INTEGER[{block}], codes UINTEGER[{block}]
);
CREATE TABLE partial_sums (neuron INTEGER, rank INTEGER, total FLOAT[{dimension}]);
CREATE TABLE image_embeddings (image INTEGER, embedding {number}[{dimension}], inverse_length DOUBLE);
{spread}CREATE TABLE concepts (
    concept INTEGER, name VARCHAR, embedding FLOAT[{dimension}], score_mean DOUBLE, score_deviation DOUBLE
);
CREATE TABLE concept_sets (concept_set INTEGER, name VARCHAR, kind VARCHAR);
CREATE TABLE concept_set_members (concept_set INTEGER, place INTEGER, concept INTEGER);
CREATE TABLE templates (template VARCHAR, embedding FLOAT[{dimension}]);
CREATE TABLE own_means (neuron INTEGER, mean DOUBLE[{dimension}]);
CREATE TABLE annotated_concepts (neuron INTEGER, place INTEGER, concept INTEGER, score DOUBLE);
CREATE TABLE other_templates (place INTEGER, template VARCHAR, embedding FLOAT[{dimension}]);
CREATE TABLE other_texts (place INTEGER, concept INTEGER, embedding FLOAT[{dimension}]);
CREATE TABLE bare_texts (concept INTEGER, embedding FLOAT[{dimension}]);
CREATE TABLE captions (caption INTEGER, text VARCHAR, embedding FLOAT[{dimension}]);
CREATE TABLE methods (method INTEGER, name VARCHAR, options VARCHAR);
CREATE TABLE method_scores (
    method VARCHAR, neuron INTEGER, place INTEGER, concept VARCHAR, score DOUBLE, p_value DOUBLE, detail VARCHAR
);
{decisions}"""

_VIEWS = "{activations}{annotations}"

VERSION = 1 + len(migrations.MIGRATIONS)
SUMMED = 9
"""The first version with sums"""


def create(connection: Connection, dimension: int, precision: Precision = "f32") -> None:
    """All tables and views of the current version, empty, for embeddings of this dimension, those of images in this
    precision."""
    with transaction(connection):
        connection.execute("CREATE TABLE schema_version (version INTEGER)")
        connection.execute("INSERT INTO schema_version VALUES (?)", [VERSION])
        tables = {
            "decisions": migrations.DECISIONS.format(row_scales=migrations.ROW_SCALES),
            "attributes": migrations.ATTRIBUTES,
        }
        tables["spread"] = migrations.SPREAD.format(dimension=dimension)
        number = embedding_rows.TYPES[precision]
        connection.execute(_TABLES.format(block=BLOCK, dimension=dimension, number=number, **tables))
        sealing.add_sums(connection)
        connection.execute(_VIEWS.format(activations=migrations.ACTIVATIONS, annotations=migrations.ANNOTATIONS))


def own_views() -> dict[str, str]:
    """The views that a run file has, as DuckDB tells them."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("ATTACH ':memory:' AS run; USE run;")
        create(connection, 1)
        return views_of(lambda query: connection.execute(query).fetchall())


def views_of(ask: Rows) -> dict[str, str]:
    """The views that a database has."""
    query = "SELECT view_name, sql FROM duckdb_views() WHERE database_name = 'run' AND NOT internal ORDER BY view_name"
    return dict(ask(query))


def functions_of(ask: Rows) -> list[str]:
    """The functions that a database has. mammi makes none (50 ms)."""
    query = (
        "SELECT DISTINCT function_name FROM system.main.duckdb_functions() "
        "WHERE database_name = 'run' AND NOT internal ORDER BY function_name"
    )
    return [name for (name,) in ask(query)]


def version_of(connection: Connection) -> int | None:
    """The schema version of a file; None for a database that is no run file."""
    found = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = 'run' AND table_name = 'schema_version'"
    ).fetchone()
    row = connection.execute("SELECT max(version) FROM schema_version").fetchone() if found else None
    return None if row is None or row[0] is None else int(row[0])


def migrate(connection: Connection) -> None:
    """Applies to a file of an older version the migrations that it lacks, and makes its sums from what it holds then.

    Sums tell what was damaged before in a file that had them, and cannot in one of a version before `SUMMED`.
    Raises ValueError for a damaged file.
    """
    version = version_of(connection) or 1
    if version >= SUMMED:
        sealing.check(connection)
    with transaction(connection):
        for step in migrations.MIGRATIONS[version - 1 :]:
            step(connection)
        connection.execute("UPDATE schema_version SET version = ?", [VERSION])
    with transaction(connection):  # rows have their places once they are committed
        if version >= SUMMED:
            sealing.seal(connection)
        else:
            sealing.sum_again(connection)
