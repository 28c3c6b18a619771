"""A CSV of films: their paths, with labels, patients, views and reports where it has such columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from engine.probing.base import Image
from engine.probing.files import FileTree, warn
from engine.probing.film_set import FilmSet, ViewOptions, collect, of_views
from engine.probing.labels import LabelColumns, Uncertain, split_labels
from engine.probing.tables import Table

Cells = Sequence[str]


class Options(ViewOptions, frozen=True):
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
    labels_column: str = "labels"
    """All labels of a film in one cell, with `separator` between them."""
    separator: str = Field(default="|", min_length=1)
    label_columns: tuple[str, ...] = ()
    """Or one column for each label, with 1, 0, -1 for uncertain, or nothing."""
    uncertain: Uncertain = "zeros"
    """What -1 means: "zeros" absent, "ones" present, "ignore" leaves the film out."""

    @model_validator(mode="after")
    def _one_way_of_labels(self) -> Self:
        if self.label_columns and "labels_column" in self.model_fields_set:
            raise ValueError("labels_column and label_columns are two ways to tell the same; keep one of them")
        return self


def load(options: Options, base: Path) -> FilmSet:
    """Reads the CSV and looks for its films. Raises ConfigError where either is missing or wrong."""
    table = Table(base / options.csv, "probing.csv", options.delimiter)
    tree = FileTree(base / options.folder if options.folder else table.path.parent)
    images = of_views(_images(table, options), options.views)
    return collect(images, tree.find, options, table.path, tree.folder)


def _images(table: Table, options: Options) -> Iterator[Image]:
    path = table.column(options.path_column, "probing.path_column")
    patient, view, report = (_optional(table, options, key) for key in ("patient", "view", "report"))
    labels = _labels(table, options)
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


def _labels(table: Table, options: Options) -> Callable[[int, Cells], tuple[str, ...] | None]:
    if options.label_columns:
        return LabelColumns(table, options.label_columns, options.uncertain, "probing.label_columns").labels
    cell = _optional(table, options, "labels")
    return lambda _, cells: split_labels(cell(cells) or "", options.separator)
