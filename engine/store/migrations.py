"""What brings a run file of an older schema version to the next one, step by step."""

from __future__ import annotations

from collections.abc import Callable

from engine.store.database import Connection


def _from_1(connection: Connection) -> None:
    """Polygons, what the target model's inputs looked like, and several concept sets over the run's concepts."""
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


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_from_1,)
"""MIGRATIONS[i] brings a file of schema version i + 1 to version i + 2."""
