"""Reads the tables of a configuration from its file, and puts the command line's values into them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.errors import ConfigError
from engine.parsing import Unparsable, parse_toml, read_toml

SETS = "concepts"
"""The one table that may be an array of tables, one for each concept set"""


def read(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises ConfigError when it cannot be read, is not TOML, or takes too much."""
    if path.is_fifo() and path.parent != Path("/dev/fd"):
        raise ConfigError(f"{path}: is a pipe, which may never be written: name a file.")
    try:
        return read_toml(path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from None
    except Unparsable as error:
        raise ConfigError(f"{path}: {error}.") from None


def override(tables: dict[str, Any], text: str) -> str:
    """Puts the value of `table.key=value`, TOML or a bare word, into the tables and returns the key.

    With several concept sets, `concepts.NAME.key=value` sets a key of the one with that name. Raises ConfigError for a
    text of another form.
    """
    key, equals, value = text.partition("=")
    *parents, name = parts = [part.strip() for part in key.split(".")]
    if not equals or not parents or not all(parts):
        raise ConfigError(f"--set {text}: write it as table.key=value, such as --set target.pooling=max.")
    table = tables
    for depth, parent in enumerate(parents, start=1):
        table = table.setdefault(parent, {})
        if depth == 1 and parent == SETS and isinstance(table, list):
            table = {set_name(each): each for each in table}
            if len(parents) == 1 or parents[1] not in table:
                names = ", ".join(table)
                raise ConfigError(f"--set {text}: write it as concepts.NAME.key=value. Concept sets: {names}.")
        if not isinstance(table, dict):
            raise ConfigError(f"--set {text}: {'.'.join(parents[:depth])} is not a table.")
    table[name] = _toml_value(value.strip())
    return ".".join(parts)


def set_name(table: Any) -> str:
    """The name of a concept set's table: its own, or its kind."""
    return str(table.get("name", table.get("kind", ""))) if isinstance(table, dict) else ""


def _toml_value(text: str) -> Any:
    try:
        parsed = parse_toml(f"value = {text}".encode())
    except Unparsable:
        return text
    return parsed["value"] if len(parsed) == 1 else text
