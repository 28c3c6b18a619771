"""The file in which a person gives other keys to the bindings: `"verdict.accept" = "y, ctrl+y"`, or a list of keys."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import why_not
from engine.own_files import home
from engine.parsing import NO_TOML, Unparsable, parse_toml
from mammi_tui.keyboard.names import key_named
from mammi_tui.text import clean

MOST_BYTES = 64 * 1024
MOST_KEYS = 20
"""Keys of one binding"""
_PART = r"(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')"
_NAME = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")
_TABLE = re.compile(rf"\s*\[\s*({_PART}(?:\s*\.\s*{_PART})*)\s*\]")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Entry:
    """The keys that the file gives to one binding; none take its keys away."""

    name: str
    keys: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line of the file, clean. Line 0 stands for the whole file."""

    line: int
    text: str


def keys_file() -> Path:
    """`mammi/keys.toml` in $XDG_CONFIG_HOME, by default in ~/.config. It may not exist."""
    chosen = Path(os.environ.get("XDG_CONFIG_HOME") or "")
    folder = chosen if chosen.is_absolute() else home() / ".config"
    return folder / "mammi" / "keys.toml"


def read_keys(path: Path) -> tuple[list[Entry], list[Problem]]:
    """What the file says, and what is wrong with it. A file that does not exist says nothing."""
    try:
        text = _text(path)
        values = parse_toml(text.encode())
    except Unparsable as error:
        found = _TOML_PLACE.search(str(error))
        line = int(found[1] or 0) if found else 0
        reason = _TOML_PLACE.sub("", str(error)).removeprefix(NO_TOML)
        if reason == str(error):
            return [], [Problem(0, f"cannot be read: it {clean(reason, 200)}. All keys stay as they were.")]
        last = text.count("\n") + 1
        return [], [Problem(line or last, f"is not TOML: {clean(reason, 100)}. All keys stay as they were.")]
    except (OSError, ValueError) as error:
        reason = why_not(error) if isinstance(error, OSError) else str(error)
        return [], [Problem(0, f"cannot be read: {clean(reason, 200)}. All keys stay as they were.")]
    lines = _lines(text)
    entries: list[Entry] = []
    problems: list[Problem] = []
    for name, value in _flat(values):
        line = lines.get(name, 0)
        try:
            entries.append(Entry(name, _keys(value), line))
        except ValueError as error:
            problems.append(Problem(line, f"{clean(name, 60)}: {clean(str(error), 200)}"))
    return entries, problems


def _text(path: Path) -> str:
    """The file's text; "" where there is no file. Raises OSError and ValueError."""
    if not os.path.lexists(path):
        return ""
    if path.exists() and not path.is_file():
        raise ValueError("it is no file")
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES // 1024} KB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"line {data[: error.start].count(10) + 1} is not UTF-8") from None


def _flat(values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """`verdict.accept` for `"verdict.accept" = …`, and for `accept = …` in the table `[verdict]`, however deep."""
    left = list(values.items())[::-1]
    while left:
        name, value = left.pop()
        if isinstance(value, dict):
            left += [(f"{name}.{below}", each) for below, each in reversed(value.items())]
        else:
            yield name, value


def _keys(value: object) -> tuple[str, ...]:
    """Textual's names of the keys. Raises ValueError."""
    if isinstance(value, str):
        parts = [","] if value.strip() == "," else value.split(",") if value.strip() else []
    elif isinstance(value, list) and all(isinstance(part, str) for part in value):
        parts = value
    else:
        raise ValueError('its keys are written as "y", "y, ctrl+y", a list, or "" for none.')
    if len(parts) > MOST_KEYS:
        raise ValueError(f"has more than {MOST_KEYS} keys.")
    if not all(part.strip() for part in parts):
        raise ValueError("one of its keys is empty; write the comma itself as comma.")
    return tuple(dict.fromkeys(map(key_named, parts)))


def _lines(text: str) -> dict[str, int]:
    """The line on which each name is given a value, counted from 1."""
    found: dict[str, int] = {}
    above = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if table := _TABLE.match(line):
            above = _joined(table[1]) + "."
        elif name := _NAME.match(line):
            found.setdefault(above + _joined(name[1]), number)
    return found


def _joined(name: str) -> str:
    """A name without its quotes and escapes."""
    try:
        return next((joined for joined, _ in _flat(parse_toml(f"{name} = 0".encode()))), "")
    except Unparsable:
        return ""
