"""A CSV file that lists films: their paths, and labels, boxes, patients, views, reports where it has such columns."""

from __future__ import annotations

from pathlib import Path

from engine.probing.film_set import FilmSet
from engine.probing.listed import ListOptions, load_list
from engine.probing.places import Location
from engine.probing.tables import Table


class Options(ListOptions, frozen=True):
    """`[probing]` of a configuration with kind = "csv"."""

    csv: Location
    """Its rows are the probing set; other films in the folder do not belong to it"""


def load(options: Options, base: Path) -> FilmSet:
    """Reads the CSV file and finds its films. Raises ConfigError when either is missing or wrong."""
    table = Table(base / options.csv, "probing.csv", options.delimiter, options.texts())
    return load_list(options, base, table, table.path.parent)
