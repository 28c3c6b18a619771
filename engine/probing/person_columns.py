"""The sex and age of the patients of films, from the columns of a published table."""

from __future__ import annotations

from collections.abc import Sequence

from engine.probing import attributes
from engine.probing.files import warn
from engine.probing.tables import Table


class PersonColumns:
    """Reads two columns of a table, each of which may be missing: an older release has no such column."""

    def __init__(self, table: Table, sex: str, age: str) -> None:
        """`sex` and `age` are the columns' names."""
        self._path = table.path
        columns = {"sex": sex, "age": age}
        self._columns = {name: table.column(column) for name, column in columns.items() if table.has(column)}
        self._told: dict[str, dict[str, tuple[str, ...]]] = {}
        self._wrong: dict[str, None] = {}

    def add(self, film: str, cells: Sequence[str]) -> None:
        """Reads a row of a film. Its first row counts."""
        if film in self._told:
            return
        read = {name: attributes.READERS[name](cells[column]) for name, column in self._columns.items()}
        self._told[film] = attributes.known(**read)
        if "age" in read and not read["age"] and cells[self._columns["age"]]:
            self._wrong[film] = None

    def of(self, film: str) -> dict[str, tuple[str, ...]]:
        """The attributes of a film, without those that are unknown."""
        return self._told.get(film, {})

    def warn(self) -> None:
        """Warns of ages that nobody has."""
        warn(f"{self._path}: films with an age that nobody has, which counts as unknown", list(self._wrong))
