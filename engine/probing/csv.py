"""A CSV of films: their paths, with labels, patients, views and reports where it has such columns."""

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
    """`[probing]` of a configuration with kind = "csv". A column that no key names may be missing, but for the path."""

    csv: Path
    """Its rows are the probing set; films of the folder that it does not name are not."""
    folder: Path | None = None
    """Where relative paths start; by default the CSV's own folder. No path may lead out of it."""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """Between columns."""
    path_column: str = "path"
    patient_column: str = "patient"
    view_column: str = "view"
    report_column: str = "report"


def load(options: Options, base: Path) -> FilmSet:
    """Reads the CSV and looks for its films. Raises ConfigError where either is missing or wrong."""
    table = Table(base / options.csv, "probing.csv", options.delimiter)
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
    warn(f"{table.path}: films with an uncertain label, left out", uncertain)


def _optional(table: Table, options: Options, key: str) -> Callable[[Cells], str | None]:
    """A row's cell in the column of that key; None where it is empty, or the table has no such column."""
    option = f"{key}_column"
    name: str = getattr(options, option)
    if not table.has(name) and option not in options.model_fields_set:
        return lambda _: None
    column = table.column(name, f"probing.{option}")
    return lambda cells: cells[column] or None
