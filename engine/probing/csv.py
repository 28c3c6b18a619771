"""A CSV file that lists films: their paths, and labels, boxes, patients, views, reports where it has such columns."""

from __future__ import annotations

from pathlib import Path

from engine.probing.drawn import Drawn
from engine.probing.film_names import NamedFilms
from engine.probing.film_set import FilmSet, ViewOptions, collect, of_views
from engine.probing.film_table import read_films
from engine.probing.places import Location
from engine.probing.table_options import TableOptions
from engine.probing.tables import Table
from engine.probing.trees import film_tree


class Options(ViewOptions, TableOptions, frozen=True):
    """`[probing]` of a configuration with kind = "csv". The table must have the column of paths, and every other column
    that a key names. A film may have several rows."""

    csv: Location
    """Its rows are the probing set; other films in the folder do not belong to it"""
    folder: Location | None = None
    """Where relative paths start: by default the CSV file's own folder. No path may lead out of it."""
    patient_column: str = "patient"
    view_column: str = "view"
    report_column: str = "report"


def load(options: Options, base: Path) -> FilmSet:
    """Reads the CSV file and finds its films. Raises ConfigError when either is missing or wrong."""
    table = Table(base / options.csv, "probing.csv", options.delimiter, options.texts())
    tree = film_tree(base / options.folder if options.folder else table.path.parent)
    facts = {
        name: column for name in ("patient", "view", "report") if (column := _column(table, options, name)) is not None
    }
    films = read_films(table, options, lambda _line, name: name, facts)
    images = of_views((image for image in films.values() if image is not None), options.views)
    drawn = Drawn(table.path, options.side)
    found = collect(images, NamedFilms(tree).find, options, table.path, tree.folder, drawn.complete)
    drawn.warn()
    return found


def _column(table: Table, options: Options, name: str) -> int | None:
    """The index of the column that the key NAME_column names; None for one that the table lacks by default."""
    key = f"{name}_column"
    column: str = getattr(options, key)
    if not table.has(column) and key not in options.model_fields_set:
        return None
    return table.column(column, f"probing.{key}")
