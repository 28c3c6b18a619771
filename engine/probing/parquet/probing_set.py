"""Parquet files that list films, as a CSV file would, or hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from engine.errors import ConfigError
from engine.probing.film_set import FilmSet
from engine.probing.listed import ListOptions, load_list
from engine.probing.parquet.cells import ROW
from engine.probing.places import Location, Place, in_folder
from engine.probing.tables import Table

NEEDS = ("pyarrow",)
_GLOB = "*?["


class Options(ListOptions, frozen=True):
    """`[probing]` of a configuration with kind = "parquet". The columns are those of kind = "csv". A column of labels
    may be of lists, and one of a label's truth of booleans or numbers."""

    parquet: Location
    """A file, or several of the same columns by a name with * or ?: "lists/train-*.parquet". Their rows are the probing
    set."""
    image_column: str | None = Field(default=None, min_length=1)
    """The column that holds the films themselves, as bytes. Films are then named after the file and the row."""

    @model_validator(mode="after")
    def _one_place_of_films(self) -> Self:
        if self.image_column:
            for key in ("path_column", "folder_column", "folder"):
                if key in self.model_fields_set:
                    raise ValueError(
                        f"{key} is about films in files of their own, and image_column about films held here"
                    )
        return self

    @property
    def name_column(self) -> str:
        return ROW if self.image_column else self.path_column

    def own_table(self, base: Path, *columns: str) -> Table:
        """The rows, of which only what the options and `columns` name is read."""
        from engine.probing.parquet.files import KEY, ParquetTable

        keys = [value for key, value in self if key.endswith(("_column", "_columns")) and value]
        named = {name for value in keys for name in ((value,) if isinstance(value, str) else value)}
        return ParquetTable(self.places(base), KEY, named | set(columns), self.image_column is not None)

    def places(self, base: Path) -> list[Place]:
        """The files, sorted. Raises ConfigError where there is none."""
        place = base / self.parquet
        if not any(sign in place.name for sign in _GLOB):
            return [place]
        found = in_folder(place.parent, place.name)
        if not found:
            raise ConfigError(f"probing.parquet: {place.parent} has no {place.name}.")
        return found


def load(options: Options, base: Path) -> FilmSet:
    """Reads the rows and finds their films. Raises ConfigError when files are missing or wrong."""
    from engine.probing.files import Film
    from engine.probing.parquet.files import KEY, Cell, HeldFilms, check_rows, row_names

    table, beside = options.own_table(base), (base / options.parquet).parent
    if options.image_column is None:
        return load_list(options, base, table, beside)
    films: dict[str, Film] = {}
    for place in options.places(base):
        held = HeldFilms(place, options.image_column)
        check_rows(place, KEY, len(films) + held.rows)
        names = row_names(place, held.rows)
        for row in range(held.rows):
            films[names(row)] = Film(names(row), Cell(held, row))
    return load_list(options, base, table, beside, films.get)
