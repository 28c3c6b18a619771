"""Probing sets that a user's own table lists, whatever its format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.probing.drawn import Drawn
from engine.probing.files import Film
from engine.probing.film_names import NamedFilms
from engine.probing.film_set import FilmSet, ViewOptions, collect, of_views
from engine.probing.film_table import read_films
from engine.probing.places import Location, Place
from engine.probing.table_options import TableOptions
from engine.probing.tables import Table
from engine.probing.trees import film_tree


class ListOptions(ViewOptions, TableOptions, frozen=True):
    """The keys of kinds whose table must have the column of paths, and every other column that a key names. A film may
    have several rows."""

    folder: Location | None = None
    """Where relative paths start: by default the table's own folder. No path may lead out of it."""
    patient_column: str = "patient"
    view_column: str = "view"
    report_column: str = "report"


def load_list(
    options: ListOptions, base: Path, table: Table, beside: Place, find: Callable[[str], Film | None] | None = None
) -> FilmSet:
    """Reads the table, a file that lies in the folder `beside`, and finds its films: by `find`, or in the
    options' folder. Raises ConfigError when either is missing or wrong."""
    folder = base / options.folder if options.folder else beside
    facts = {
        name: column for name in ("patient", "view", "report") if (column := _column(table, options, name)) is not None
    }
    films = read_films(table, options, lambda _line, name: name, facts)
    images = of_views((image for image in films.values() if image is not None), options.views)
    drawn = Drawn(table.path, options.side)
    find = find or NamedFilms(film_tree(folder)).find
    found = collect(images, find, options, table.path, folder, drawn.complete)
    drawn.warn()
    return found


def _column(table: Table, options: ListOptions, name: str) -> int | None:
    """The index of the column that the key NAME_column names; None for one that the table lacks by default."""
    key = f"{name}_column"
    column: str = getattr(options, key)
    if not table.has(column) and key not in options.model_fields_set:
        return None
    return table.column(column, f"probing.{key}")
