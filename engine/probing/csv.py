"""A CSV file that lists films: their paths, and labels, patients, views and reports where it has such columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pydantic import Field

from engine.probing.base import Image
from engine.probing.files import FileTree, warn
from engine.probing.film_set import FilmSet, ViewOptions, collect, of_views
from engine.probing.labels import LabelOptions, row_labels
from engine.probing.tables import Table

Cells = Sequence[str]


class Options(ViewOptions, LabelOptions, frozen=True):
    """`[probing]` of a configuration with kind = "csv". The table must have the column of paths, and every other column
    that a key names."""

    csv: Path
    """Its rows are the probing set; other films in the folder do not belong to it"""
    folder: Path | None = None
    """Where relative paths start: by default the CSV file's own folder. No path may lead out of it."""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """The character between two columns"""
    path_column: str = "path"
    patient_column: str = "patient"
    view_column: str = "view"
    report_column: str = "report"


def load(options: Options, base: Path) -> FilmSet:
    """Reads the CSV file and finds its films. Raises ConfigError when either is missing or wrong."""
    table = Table(base / options.csv, "probing.csv", options.delimiter, options.texts())
    tree = FileTree(base / options.folder if options.folder else table.path.parent)
    images = of_views(_images(table, options), options.views)
    return collect(images, tree.find, options, table.path, tree.folder)


def _images(table: Table, options: Options) -> Iterator[Image]:
    path = table.column(options.path_column, "probing.path_column")
    patient, view, report = (_optional(table, options, key) for key in ("patient", "view", "report"))
    labels = row_labels(table, options)
    uncertain = []
    for line, cells in table.rows(unique=path):
        present = labels(line, cells)
        if present is None:
            uncertain.append(cells[path])
        else:
            yield Image(cells[path], patient(cells), view(cells), present, report=report(cells))
    warn(f"{table.path}: left out films with an uncertain label", uncertain)


def _optional(table: Table, options: Options, key: str) -> Callable[[Cells], str | None]:
    """Reads a row's cell in the column that `key` names: None if the cell is empty or the column missing."""
    option = f"{key}_column"
    name: str = getattr(options, option)
    if not table.has(name) and option not in options.model_fields_set:
        return lambda _: None
    column = table.column(name, f"probing.{option}")
    return lambda cells: cells[column] or None
