"""The files that a configuration names, whether they exist, and who publishes them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from engine import kinds
from engine.config.file import read
from engine.errors import ConfigError
from engine.extras import missing
from engine.weights.catalogue import publisher_of
from engine.weights.entry import Entry

TABLES = ("target", "vlm", "concepts")


@dataclass(frozen=True, slots=True)
class Needed:
    """A file or folder that a configuration names."""

    key: str
    """As in the configuration, such as vlm.weights"""
    path: Path
    entry: Entry | None
    """The catalogue's entry that publishes it, if there is one"""

    @property
    def exists(self) -> bool:
        return self.path.exists()

    @property
    def folder(self) -> Path | None:
        """The folder of all weights, if the path leads through the entry's own folder in it; else None."""
        parts = self.path.parts
        if self.entry is None or self.entry.name not in parts:
            return None
        return Path(*parts[: parts.index(self.entry.name)])


def needed(config: Path) -> tuple[list[Needed], list[str]]:
    """The files that target, VLM and concepts name, the published lists that the probing set names, and a sentence for
    each table that could not be examined; for a matrix, also those of its run, and its text encoders.

    The configuration may be incomplete, and the packages of its kinds may be missing. Raises ConfigError when the file
    is not TOML.
    """
    base = config.absolute().parent
    found: list[Needed] = []
    unexamined: list[str] = []
    tables = read(config)
    for matrix in _tables(tables.get("matrix")):
        found, unexamined = _of_matrix(matrix, base)
    for name in TABLES:
        for table in _tables(tables.get(name)):
            try:
                options = _options(name, table.get("kind"))
            except ConfigError as error:
                unexamined.append(str(error))
                continue
            paths = ((key, base / value) for key, value in _paths(options, table))
            found += [Needed(f"{name}.{key}", path, publisher_of(path)) for key, path in paths]
    return found + [each for table in _tables(tables.get("probing")) for each in _published(table, base)], unexamined


def _of_matrix(matrix: Mapping[str, Any], base: Path) -> tuple[list[Needed], list[str]]:
    found: list[Needed] = []
    unexamined: list[str] = []
    run = matrix.get("run")
    if isinstance(run, str) and not (base / run).is_file():
        found = [Needed("matrix.run", base / run, None)]
    elif isinstance(run, str) and "matrix" not in read(base / run):
        found, unexamined = needed(base / run)
    for encoders in _tables(matrix.get("encoders")):
        paths = ((name, base / path) for name, path in encoders.items() if isinstance(path, str))
        found += [Needed(f"matrix.encoders.{name}", path, publisher_of(path)) for name, path in paths]
    return found, unexamined


def _published(probing: Mapping[str, Any], base: Path) -> Iterator[Needed]:
    """The files of the catalogue that a probing set names. Its other files are the user's films and tables."""
    for key, value in probing.items():
        entry = publisher_of(base / value) if isinstance(value, str) else None
        if entry is not None:
            yield Needed(f"probing.{key}", base / value, entry)


def _tables(value: object) -> list[Mapping[str, Any]]:
    """A table, or an array of them."""
    return [table for table in (value if isinstance(value, list) else [value]) if isinstance(table, Mapping)]


def _options(name: str, kind: object) -> type[BaseModel]:
    module_name = kinds.module_of(name, kind) if isinstance(kind, str) else None
    if module_name is None:
        raise ConfigError(f"{name}.kind = {kind!r} is not a kind: {', '.join(sorted(kinds.names(name)))}.")
    try:
        options: type[BaseModel] = importlib.import_module(module_name).Options
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == "engine":
            raise
        raise ConfigError(f"{name}.kind = {kind!r} {missing(error.name)}.") from None
    return options


def _paths(options: type[BaseModel], table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The keys of a table, and of the tables inside it, that hold paths, with their values."""
    for key, field in options.model_fields.items():
        value = table.get(key)
        if (
            isinstance(value, Mapping)
            and isinstance(field.annotation, type)
            and issubclass(field.annotation, BaseModel)
        ):
            yield from ((f"{key}.{inner}", path) for inner, path in _paths(field.annotation, value))
        elif _holds_path(field.annotation):
            values = value if isinstance(value, list) else [value]
            yield from ((key, item) for item in values if isinstance(item, str))


def _holds_path(annotation: object) -> bool:
    return annotation is Path or any(map(_holds_path, get_args(annotation)))
