"""The steps that bring a run file of an older schema version to the next version."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.store import sealing, sorted_activations
from engine.store.database import Connection, insert
from engine.store.ladder import inverse_lengths, sum_rows
from engine.store.sums import COLUMN_SUMS


def _from_1(connection: Connection) -> None:
    """Adds polygons, the statistics of the target model's inputs, and several concept sets over the run's concepts."""
    for column in ("input_low", "input_high", "input_mean", "input_std"):
        connection.execute(f"ALTER TABLE images ADD COLUMN {column} DOUBLE DEFAULT 0")
    connection.execute("""
        CREATE TABLE polygons (image INTEGER, label VARCHAR, points DOUBLE[2][]);
        CREATE TABLE concept_sets (concept_set INTEGER, name VARCHAR, kind VARCHAR);
        INSERT INTO concept_sets
            SELECT 0, coalesce(nullif(any_value(concept_set), ''), 'concepts'), coalesce(any_value(concept_set), '')
            FROM concepts;
        CREATE TABLE concept_set_members (concept_set INTEGER, place INTEGER, concept INTEGER);
        INSERT INTO concept_set_members SELECT 0, concept, concept FROM concepts ORDER BY concept;
        ALTER TABLE concepts DROP COLUMN concept_set;
    """)


def _from_2(connection: Connection) -> None:
    """Adds other templates, captions and methods. Drops the keys of batches, which no run can use any more: the images
    of such a run are computed again, its texts are not."""
    row = connection.execute("SELECT dimension FROM meta").fetchone()
    vector = f"FLOAT[{int(row[0]) if row else 1}]"
    connection.execute(f"""
        DROP TABLE batches;
        CREATE TABLE batches (
            target_key VARCHAR, vlm_key VARCHAR, first_position INTEGER, size INTEGER,
            target_whole BOOLEAN, vlm_whole BOOLEAN
        );
        CREATE TABLE other_templates (place INTEGER, template VARCHAR, embedding {vector});
        CREATE TABLE other_texts (place INTEGER, concept INTEGER, embedding {vector});
        CREATE TABLE captions (caption INTEGER, text VARCHAR, embedding {vector});
        CREATE TABLE methods (method INTEGER, name VARCHAR, options VARCHAR);
        CREATE TABLE method_scores (
            method VARCHAR, neuron INTEGER, place INTEGER, concept VARCHAR, score DOUBLE, p_value DOUBLE, detail VARCHAR
        );
    """)


def _from_3(connection: Connection) -> None:
    """Adds the keys of images and of their parts in place of the keys of batches. An older file cannot give them: its
    images are computed again when its run is, its texts are not."""
    for column in ("film_key", "embedding_key"):
        connection.execute(f"ALTER TABLE images ADD COLUMN {column} VARCHAR")
    connection.execute("""
        DROP TABLE batches;
        CREATE TABLE sources (name VARCHAR, key VARCHAR);
        CREATE TABLE parts (name VARCHAR, key VARCHAR);
        CREATE TABLE part_reasons (position INTEGER, part VARCHAR, reason VARCHAR);
    """)


def _from_4(connection: Connection) -> None:
    """Adds notes, the embeddings of concepts without a template, and why a layer is not that of a trained model. Drops
    the keys of sources, so that the next run loads them again and notes what there is to note."""
    row = connection.execute("SELECT dimension FROM meta").fetchone()
    connection.execute(f"""
        CREATE TABLE notes (source VARCHAR, text VARCHAR);
        CREATE TABLE bare_texts (concept INTEGER, embedding FLOAT[{int(row[0]) if row else 1}]);
        ALTER TABLE layers ADD COLUMN untrained VARCHAR DEFAULT '';
    """)
    connection.execute("DELETE FROM sources")


ROW_SCALES = """CREATE TABLE row_scales (neuron INTEGER, scale DOUBLE);
"""
DECISIONS = """
CREATE TABLE classes (class INTEGER, name VARCHAR);
CREATE TABLE decision_facts (probabilities VARCHAR, threshold DOUBLE, missing VARCHAR);
CREATE TABLE heads (
    layer INTEGER, same BOOLEAN, units INTEGER, weights BLOB, bias BLOB, mean BLOB, scale DOUBLE,
    map_height INTEGER, map_width INTEGER
);
{row_scales}CREATE TABLE film_outputs (image INTEGER, outputs BLOB USING COMPRESSION uncompressed);
CREATE TABLE film_activations (image INTEGER, activations BLOB USING COMPRESSION uncompressed);
CREATE TABLE head_inputs (image INTEGER, inputs BLOB USING COMPRESSION uncompressed);
CREATE TABLE film_maps (
    image INTEGER, lows BLOB USING COMPRESSION uncompressed, highs BLOB USING COMPRESSION uncompressed,
    cells BLOB USING COMPRESSION uncompressed
);
CREATE TABLE map_sizes (layer INTEGER, height INTEGER, width INTEGER);
CREATE TABLE unit_maps (
    neuron INTEGER, images BLOB, lows BLOB, highs BLOB, cells BLOB USING COMPRESSION uncompressed
);
CREATE TABLE importance (layer INTEGER, class INTEGER, over VARCHAR, films INTEGER, mean BLOB);
CREATE TABLE film_importance (image INTEGER, layer INTEGER, classes BLOB, units BLOB, shares BLOB);
"""
"""The tables that connect neurons to the model's decisions"""


def _from_5(connection: Connection) -> None:
    """Adds what connects neurons to the model's decisions, empty: the next `mammi run` fills it."""
    connection.execute(DECISIONS.format(row_scales="CREATE TABLE row_scales (layer INTEGER, scale DOUBLE);\n"))


_ANNOTATED = """
CREATE VIEW annotated_concepts AS
    SELECT neuron, concept, score, standing
    FROM (
        SELECT neuron, concept, score, CASE ranking
            WHEN 'z' THEN coalesce((score - score_mean) / nullif(score_deviation, 0), 0) ELSE score END AS standing
        FROM concept_scores JOIN concepts USING (concept), meta
    ) JOIN (
        SELECT neuron, beta, CASE ranking
            WHEN 'z' THEN coalesce((best_score - score_mean) / nullif(score_deviation, 0), 0) ELSE best_score END
            AS best_standing
        FROM neurons JOIN concepts ON concept = best, meta
    ) USING (neuron)
    WHERE best_standing > 0 AND standing > beta * best_standing;
"""
"""The annotation of each neuron at the run's own cuts, with what the concepts are ranked by; a z less its factor of the
number of images, which is the same for all concepts of a neuron. A window over the concepts of each neuron would take
more memory than a reader allows DuckDB."""
ATTRIBUTES = """CREATE TABLE image_attributes (image INTEGER, name VARCHAR, value VARCHAR);
"""


def _from_6(connection: Connection) -> None:
    """Adds the attributes of images, empty, and how a run ranks concepts and chooses images: by Eq. 2 and Eq. 1."""
    connection.execute(ATTRIBUTES)
    for column in ("score_mean", "score_deviation"):
        connection.execute(f"ALTER TABLE concepts ADD COLUMN {column} DOUBLE")
    connection.execute("ALTER TABLE meta ADD COLUMN ranking VARCHAR DEFAULT 'score'")
    connection.execute("ALTER TABLE meta ADD COLUMN selection VARCHAR DEFAULT 'tau'")
    connection.execute(_ANNOTATED)


BLOCK = 256
_SORTED = """
CREATE VIEW activations AS
    SELECT layers.name AS layer, unit, rank, image, {activation} AS activation
    FROM (
        SELECT neuron, block * {block} + unnest(range({block})) AS rank,
               unnest(images) AS image, unnest(codes)::BIGINT AS code
        FROM activation_blocks
    ) JOIN neurons USING (neuron) JOIN layers USING (layer)
    WHERE image >= 0;
CREATE VIEW representatives AS
    SELECT activations.layer, activations.unit, rank, image, path, activation
    FROM activations JOIN layers ON layers.name = activations.layer
    JOIN neurons ON neurons.layer = layers.layer AND neurons.unit = activations.unit
    JOIN images USING (image)
    WHERE rank < neurons.representatives;
"""
ACTIVATIONS = _SORTED.format(activation=sorted_activations.AS_REAL, block=BLOCK)
ANNOTATIONS = """
CREATE VIEW annotations AS
    SELECT layers.name AS layer, unit, concepts.name AS concept, score
    FROM annotated_concepts JOIN neurons USING (neuron) JOIN layers USING (layer) JOIN concepts USING (concept);
"""
_ROWS = 2048
"""Rows of blocks that are rewritten at once"""
_SIZES = ("SELECT dimension FROM meta", "SELECT count(*) FROM image_embeddings")


SPREAD = """CREATE TABLE embedding_spread (place INTEGER, mean DOUBLE, covariance DOUBLE[{dimension}]);
"""


def _from_7(connection: Connection) -> None:
    """Stores sorted activations as codes and partial sums as float32: the same numbers in half the space, and sums
    rounded as those of a new run are. Keeps the annotated concepts and the means that scores follow from in place of
    all scores. Adds the inverse lengths and the spread of image embeddings, empty: they are computed from these.
    """
    row = connection.execute("SELECT dimension FROM meta").fetchone()
    connection.execute(f"""
        ALTER TABLE image_embeddings ADD COLUMN inverse_length DOUBLE;
        ALTER TABLE partial_sums ALTER total TYPE FLOAT[{int(row[0]) if row else 1}];
        DROP VIEW representatives;
        DROP VIEW activations;
        CREATE TABLE coded (neuron INTEGER, block INTEGER, top FLOAT, images INTEGER[{BLOCK}], codes UINTEGER[{BLOCK}]);
    """)
    counted = connection.execute("SELECT count(*) FROM activation_blocks").fetchone()
    for start in range(0, int(counted[0]) if counted else 0, _ROWS):
        query = "SELECT neuron, block, top, images, activations FROM activation_blocks WHERE rowid BETWEEN ? AND ?"
        columns = connection.execute(f"{query} ORDER BY rowid", [start, start + _ROWS - 1]).fetchnumpy()
        columns = {name: np.ma.getdata(values) for name, values in columns.items()}
        columns["images"] = np.stack(list(columns["images"]))
        columns["codes"] = sorted_activations.codes(np.stack(list(columns.pop("activations"))))
        insert(connection, "coded", columns)
    connection.execute(SPREAD.format(dimension=int(row[0]) if row else 1))
    _add_own_means(connection)
    connection.execute("DROP TABLE activation_blocks")
    connection.execute("ALTER TABLE coded RENAME TO activation_blocks")
    connection.execute("""
        CREATE TABLE annotated AS
            SELECT neuron, row_number() OVER (PARTITION BY neuron ORDER BY standing DESC, concept) - 1 AS place,
                   concept, score
            FROM annotated_concepts;
        DROP VIEW annotations;
        DROP VIEW annotated_concepts;
        DROP TABLE concept_scores;
        CREATE TABLE annotated_concepts (neuron INTEGER, place INTEGER, concept INTEGER, score DOUBLE);
        INSERT INTO annotated_concepts SELECT neuron, place, concept, score FROM annotated ORDER BY neuron, place;
        DROP TABLE annotated;
    """)
    connection.execute(ACTIVATIONS + ANNOTATIONS)


def _add_own_means(connection: Connection) -> None:
    """Adds the mean embedding of each neuron's representative images, as a new run computes it."""
    dimension, counted = (connection.execute(query).fetchone() for query in _SIZES)
    vectors = np.empty((int(counted[0]) if counted else 0, int(dimension[0]) if dimension else 1), np.float32)
    for start in range(0, len(vectors), _ROWS):
        query = "SELECT embedding FROM image_embeddings WHERE rowid BETWEEN ? AND ? ORDER BY rowid"
        rows = connection.execute(query, [start, start + _ROWS - 1]).fetchnumpy()["embedding"]
        vectors[start : start + _ROWS] = np.stack(list(np.ma.getdata(rows)))
    lengths = inverse_lengths(vectors)
    connection.execute(f"CREATE TABLE own_means (neuron INTEGER, mean DOUBLE[{vectors.shape[1]}])")
    counts = connection.execute("SELECT neuron, representatives FROM neurons ORDER BY neuron").fetchall()
    for start in range(0, len(counts), _ROWS):
        means = np.zeros((len(counts[start : start + _ROWS]), vectors.shape[1]))
        for row, (neuron, count) in enumerate(counts[start : start + _ROWS]):
            query = "SELECT images FROM activation_blocks WHERE neuron = ? AND block < ? ORDER BY block"
            blocks = connection.execute(query, [neuron, -(-count // BLOCK)]).fetchnumpy()["images"]
            if not 0 <= count <= len(vectors):
                raise ValueError(f"neuron {neuron} has {count} representatives of {len(vectors)} images")
            if count:
                images = np.concatenate(list(np.ma.getdata(blocks)))[:count]
                means[row] = sum_rows(vectors, lengths, images) / count
        insert(connection, "own_means", {"neuron": np.arange(start, start + len(means), dtype=np.int32), "mean": means})


def _from_8(connection: Connection) -> None:
    """Adds the sums of rows and columns, and what the content hash is over of images that are set aside, empty; no unit
    is known to have given no number. Each neuron has a scale of its own."""
    connection.execute("ALTER TABLE images ADD COLUMN facts VARCHAR")
    connection.execute("""
        CREATE TABLE scales AS SELECT neuron, scale FROM neurons JOIN row_scales USING (layer) ORDER BY neuron;
        DROP TABLE row_scales;
    """)
    connection.execute(ROW_SCALES)
    connection.execute("INSERT INTO row_scales FROM scales ORDER BY neuron; DROP TABLE scales;")
    connection.execute("ALTER TABLE layers ADD COLUMN numberless VARCHAR DEFAULT ''")
    sealing.add_sums(connection)


def _from_9(connection: Connection) -> None:
    """Sums of columns name their run. They are written after the last step (engine.store.schema.migrate)."""
    connection.execute(f"ALTER TABLE {COLUMN_SUMS} ADD COLUMN IF NOT EXISTS run VARCHAR")


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    *(_from_1, _from_2, _from_3, _from_4, _from_5, _from_6),
    *(_from_7, _from_8, _from_9),
)
"""MIGRATIONS[i] brings a file of schema version i + 1 to version i + 2"""
