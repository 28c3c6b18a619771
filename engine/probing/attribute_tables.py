"""Adds to the images of any probing set the attributes that a table, or labels, say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import ConfigError
from engine.names import compared, with_nearest
from engine.probing import attributes
from engine.probing.attribute_options import AttributeOptions
from engine.probing.base import NONE, Image, ProbingSet, stamp
from engine.probing.cells import UnreadableCell, labels_in, number
from engine.probing.files import Ambiguous, warn
from engine.probing.film_names import FilmNames, as_path
from engine.probing.row_labels import SEPARATORS
from engine.probing.table_options import TableOptions
from engine.probing.tables import Table
from engine.text_files import TextFiles, short

KEY = "probing.attributes"
MOST_VALUES = 100
"""The most values of an attribute, unless they are numbers: a column of more is of names, dates or sentences"""

Values = tuple[str, ...]


class Attributed:
    """A probing set whose images have more attributes. Their films are the same."""

    def __init__(self, probing: ProbingSet, told: Mapping[str, Mapping[str, Values]]) -> None:
        """`told`: an image's path -> its further attributes, which replace those of the same name."""
        self._probing = probing
        self._own = {image.path: image for image in probing.images}
        self.images: Sequence[Image] = [
            replace(image, attributes={**image.attributes, **told.get(image.path, {})}) for image in probing.images
        ]

    def read(self, image: Image) -> bytes:
        return self._probing.read(self._own[image.path])

    def content(self, image: Image) -> str | None:
        return self._probing.content(self._own[image.path])

    def stamp(self, image: Image) -> str:
        return stamp(self._probing, self._own[image.path])


def with_attributes(probing: ProbingSet, options: AttributeOptions, of_kind: Any, base: Path) -> ProbingSet:
    """The probing set with the attributes that `options` name; itself where they name none.

    `of_kind` are the options of its kind, whose `csv` is the table where `options` name none. Warns of rows and films
    that do not fit each other. Raises ConfigError for a table that cannot be used.
    """
    told: dict[str, dict[str, Values]] = {image.path: {} for image in probing.images}
    if options.columns:
        for path, found in _of_table(probing.images, options, of_kind, base).items():
            told[path] |= found
    for name, labels in options.labels.items():
        for path, values in _of_labels(probing.images, name, labels):
            told[path][name] = values
    return Attributed(probing, told) if options.columns or options.labels else probing


def _of_labels(images: Sequence[Image], name: str, labels: Sequence[str]) -> Iterable[tuple[str, Values]]:
    """Each image's path, and those of the labels that it has. Warns of labels that no image has."""
    there = {compared(label): label for image in images for label in image.labels}
    warn(
        f"{KEY}.labels.{name}: labels that no film has",
        [with_nearest(label, there.values()) for label in labels if compared(label) not in there],
    )
    wanted = set(map(compared, labels))
    for image in images:
        found = tuple(label for label in image.labels if compared(label) in wanted)
        yield image.path, found or (NONE,)


def _of_table(
    images: Sequence[Image], options: AttributeOptions, of_kind: Any, base: Path
) -> dict[str, dict[str, Values]]:
    """The attributes that the table's rows give, by an image's path."""
    table, key = _table(options, of_kind, base)
    rows = _Rows(table, options.columns)
    find = _by_patient(images) if options.patient else _by_name(images)
    first = ""
    seen: set[str] = set()
    for line, cells in table.rows():
        paths = find(cells[key])
        first = first or cells[key]
        for path in paths:
            rows.add(path, line, cells)
        seen.update(paths)
    if not seen:
        what = "patients" if options.patient else "films"
        raise ConfigError(
            f"{KEY}: the column {table.header[key]!r} of {table.path} names none of the probing set's {what}"
            f"{f': the first, {short(first)!r}, is none' if first else ''}."
        )
    warn(f"{KEY}: films that {table.path} does not name", [image.path for image in images if image.path not in seen])
    rows.warn()
    return rows.attributes(options.numbered)


def _table(options: AttributeOptions, of_kind: Any, base: Path) -> tuple[Table, int]:
    """The table, and the column that says whose a row is."""
    own = of_kind if isinstance(of_kind, TableOptions) and options.file is None else TableOptions()
    file: Path | None = options.file or getattr(own, "csv", None)
    if file is None and hasattr(own, "own_table"):
        table: Table = own.own_table(base, *options.columns.values(), options.image or "", options.patient or "")
        return table, _key_column(table, options, own)
    if file is None:
        raise ConfigError(f"{KEY}.file is missing: this probing set has no table of yours; name a CSV file.")
    texts = TextFiles(options.encoding or own.encoding, f"{KEY}.encoding")
    table = Table(base / file, f"{KEY}.file", options.delimiter or own.delimiter, texts)
    return table, _key_column(table, options, own)


def _key_column(table: Table, options: AttributeOptions, own: TableOptions) -> int:
    if options.patient:
        return table.column(options.patient, f"{KEY}.patient")
    return table.column(options.image or own.name_column, f"{KEY}.image")


def _by_patient(images: Sequence[Image]) -> Callable[[str], Sequence[str]]:
    of_patient: dict[str, list[str]] = {}
    for image in images:
        if image.patient:
            of_patient.setdefault(image.patient, []).append(image.path)
    return lambda name: of_patient.get(name, ())


def _by_name(images: Sequence[Image]) -> Callable[[str], Sequence[str]]:
    """Finds an image by its path, or the end of it; one whose name is not unique is not found."""
    names = FilmNames(image.path for image in images)

    def find(name: str) -> Sequence[str]:
        path = as_path(name)
        try:
            found = names.find(path) or (names.find(path.rpartition("/")[2]) if "/" in path else None)
        except Ambiguous:
            return ()
        return () if found is None else (found,)

    return find


class _Rows:
    """What the rows of each film say: the first row that says it counts."""

    def __init__(self, table: Table, columns: Mapping[str, str]) -> None:
        """`columns`: attribute -> the name of its column. Raises ConfigError for a column that is missing."""
        self._table = table
        self._columns = {name: table.column(column, f"{KEY}.columns.{name}") for name, column in columns.items()}
        self._told: dict[str, dict[str, Values]] = {name: {} for name in columns}
        """Attribute -> film -> its values"""
        self._differing: dict[str, dict[str, None]] = {name: {} for name in columns}
        self._unread: dict[str, dict[str, None]] = {name: {} for name in columns}
        self._spelt: dict[str, dict[str, str]] = {name: {} for name in columns}
        """Attribute -> a value as it is compared -> its first spelling, which counts"""

    def add(self, film: str, line: int, cells: Sequence[str]) -> None:
        for name, column in self._columns.items():
            values = self._values(name, line, cells[column])
            if values and self._told[name].setdefault(film, values) != values:
                self._differing[name][film] = None

    def _values(self, name: str, line: int, cell: str) -> Values:
        if name in attributes.READERS:
            read = attributes.READERS[name](cell)
            if not read and attributes.value(cell) not in ("", NONE):
                self._unread[name][cell] = None
            return (read,) if read else ()
        try:
            items = [attributes.value(item) for item in labels_in(cell, SEPARATORS)]
        except UnreadableCell:
            column = self._table.header[self._columns[name]]
            place = f"{self._table.path}: line {line} has {short(cell)!r} in column {column!r}"
            raise ConfigError(f"{place}, which begins like a list but is none.") from None
        spelt = self._spelt[name]
        values = tuple(dict.fromkeys(spelt.setdefault(compared(item), item) for item in items if item and item != NONE))
        return values or ((NONE,) if attributes.value(cell) == NONE else ())

    def warn(self) -> None:
        """Warns of films whose rows differ, and of what is no sex or age."""
        for name, films in self._differing.items():
            warn(f"{self._table.path}: films whose rows differ in their {name}, so that the first counts", list(films))
        for name, cells in self._unread.items():
            warn(f"{self._table.path}: what is no {name}, and counts as unknown", list(cells))

    def attributes(self, numbered: Sequence[str]) -> dict[str, dict[str, Values]]:
        """The attributes of each film. Raises ConfigError for a column with too many values, and for an empty one."""
        found: dict[str, dict[str, Values]] = {}
        for name, of_film in self._told.items():
            column = self._table.header[self._columns[name]]
            if not of_film:
                raise ConfigError(f"{KEY}.columns.{name}: no film has a value in column {column!r}.")
            written = _numbered(of_film, name) if name in numbered else _as_numbers(of_film)
            self._check_values(name, column, written)
            for film, values in written.items():
                found.setdefault(film, {})[name] = values
        return found

    def _check_values(self, name: str, column: str, of_film: Mapping[str, Values]) -> None:
        """Warns of values that keep a column from being one of numbers. Raises ConfigError for too many values."""
        every = dict.fromkeys(value for values in of_film.values() for value in values)
        others = [value for value in every if not _is_number(value)]
        if len(every) > MOST_VALUES and others:
            shown = " and ".join(repr(short(value)) for value in others[:2])
            raise ConfigError(
                f"{KEY}.columns.{name}: column {column!r} has {len(every):,} values, such as {shown}; an attribute "
                f"has at most {MOST_VALUES}, unless they are numbers."
            )
        if 0 < len(others) < len(every) / 2:
            warn(f"{self._table.path}: values of {column!r} that are no numbers, so that {name} is none", others)


def _numbered(of_film: Mapping[str, Values], name: str) -> dict[str, Values]:
    """The values numbered in the order of the films' paths."""
    names = attributes.numbered((value for film in sorted(of_film) for value in of_film[film] if value != NONE), name)
    return {film: tuple(names.get(value, NONE) for value in values) for film, values in of_film.items()}


def _as_numbers(of_film: Mapping[str, Values]) -> dict[str, Values]:
    """Numbers as Python writes them, where all values are numbers: a table may write 0,5 or 61.0."""
    every = {value for values in of_film.values() for value in values}
    if not all(map(_is_number, every)):
        return dict(of_film)
    written = {value: f"{number(value):.15g}" for value in every}
    return {film: tuple(dict.fromkeys(written[value] for value in values)) for film, values in of_film.items()}


def _is_number(value: str) -> bool:
    try:
        number(value)
    except UnreadableCell:
        return False
    return True
