"""The films of a user's own table, each once, with what all its rows say together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.probing.base import Box, Image, Polygon
from engine.probing.files import warn
from engine.probing.film_names import as_path
from engine.probing.labels import JoinedLabels
from engine.probing.places import Place
from engine.probing.row_labels import RowLabels
from engine.probing.row_outlines import RowOutlines
from engine.probing.table_options import TableOptions
from engine.probing.tables import Table

Facts = tuple[str | None, ...]


def read_films(
    table: Table, options: TableOptions, film_of: Callable[[int, str], str | None], columns: Mapping[str, int]
) -> dict[str, Image | None]:
    """The films that the table names, and what all their rows say; None for those that an uncertain label leaves out.

    `film_of` gives the film for a line's number and the name there, or None to skip the row. `columns`: field of Image,
    such as "patient" -> the index of its column. Warns of rows that contradict each other, and of what is left out.
    Raises ConfigError for a column that is missing and for a cell that cannot be read.
    """
    path = table.column(options.name_column, "probing.path_column")
    folder = table.column(options.folder_column, "probing.folder_column") if options.folder_column else None
    labels, outlines = RowLabels(table, options), RowOutlines(table, options)
    joined = JoinedLabels(table.path, options.uncertain)
    every = _Facts(list(columns))
    boxes: dict[str, dict[Box, None]] = {}
    polygons: dict[str, dict[Polygon, None]] = {}
    nameless: list[str] = []
    for line, cells in table.rows():
        if not cells[path]:
            nameless.append(f"line {line}")
            continue
        name = cells[path] if folder is None or not cells[folder] else f"{cells[folder]}/{cells[path]}"
        film = film_of(line, as_path(name))
        if film is None:
            continue
        told = labels.told(line, cells)
        joined.add(film, told)
        every.add(film, tuple([cells[column] or None for column in columns.values()]))
        if outlines.any:
            found, outlined = outlines.read(line, cells, film, told)
            boxes.setdefault(film, {}).update(dict.fromkeys(found))
            polygons.setdefault(film, {}).update(dict.fromkeys(outlined))
    films: dict[str, Image | None] = {}
    for film, facts in every.facts.items():
        present = joined.of(film)
        if present is None:
            films[film] = None
        else:
            drawn = (tuple(boxes.get(film, ())), tuple(polygons.get(film, ())))
            named: dict[str, Any] = dict(zip(columns, facts, strict=True))
            films[film] = Image(film, labels=present, boxes=drawn[0], polygons=drawn[1], **named)
    warn(f"{table.path}: left out rows that name no film", nameless)
    every.warn(table.path)
    labels.warn()
    outlines.warn()
    joined.warn()
    uncertain = [film for film, image in films.items() if image is None]
    warn(f"{table.path}: left out films with an uncertain label", uncertain)
    return films


class _Facts:
    """What the rows of each film say beside labels and outlines, such as its patient: the first row that says it
    counts."""

    def __init__(self, names: Sequence[str]) -> None:
        self.facts: dict[str, Facts] = {}
        """Film -> its facts, in the order of the names"""
        self._names = names
        self._differing: dict[str, dict[str, None]] = {name: {} for name in names}

    def add(self, film: str, facts: Facts) -> None:
        earlier = self.facts.setdefault(film, facts)
        if earlier == facts:
            return
        for name, first, another in zip(self._names, earlier, facts, strict=True):
            if first and another and first != another:
                self._differing[name][film] = None
        self.facts[film] = tuple([first or another for first, another in zip(earlier, facts, strict=True)])

    def warn(self, path: Place) -> None:
        """Warns of films whose rows differ."""
        for name, films in self._differing.items():
            warn(f"{path}: films whose rows differ in their {name}, so that the first counts", list(films))
