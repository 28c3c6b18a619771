"""Writes a table to a file, whole or not at all, or prints it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from engine.errors import ConfigError, writing
from engine.own_files import held_folder, temporary_folder
from engine.store.database import misread
from engine.store.tables import FORMATS
from engine.store.whole_file import written_beside
from mammi_tui.console.output import STDOUT
from mammi_tui.console.say import hidden_escaped, json_in_ascii, pass_on, say

_BLOCK = 1 << 20


def put_table(output: Path, file_format: str, write: Callable[[Path], int]) -> int:
    """Lets `write` fill a file, which then takes the place of `output` or is copied to standard output. Returns what
    `write` returns, the number of rows.

    Raises MammiError where the disk refuses the file, or DuckDB its name.
    """
    if output != STDOUT:
        if file_format in FORMATS and (why := misread(output)):
            raise ConfigError(f"--output {output}: {why}.")
        with writing(f"--output {output}"), written_beside(output) as written:
            return write(written)
    folder = temporary_folder()
    with ExitStack() as stack:
        with writing(f"the folder of temporary files, {folder}"):
            written = stack.enter_context(held_folder(folder)) / f"table.{file_format}"
            rows = write(written)
        _print(written, file_format)
    return rows


def _print(table: Path, file_format: str) -> None:
    """Copies a table to standard output. On a terminal, JSON is in ASCII, and a row of CSV is one line without control
    characters; in JSON that goes elsewhere, and may come to a terminal from there, what is hidden is escaped."""
    on_terminal = sys.stdout.isatty()
    if file_format == "json" or (file_format == "jsonl" and on_terminal):
        escaped = json_in_ascii if on_terminal else hidden_escaped
        with table.open(encoding="utf-8", newline="") as file:
            while text := file.read(_BLOCK):
                pass_on(escaped(text).encode())
    elif on_terminal:
        with table.open(encoding="utf-8", newline="\n") as file:
            for row in _rows(file):
                say(row)
    else:
        with table.open("rb") as file:
            while block := file.read(_BLOCK):
                pass_on(block)


def _rows(lines: Iterable[str]) -> Iterator[str]:
    """The rows of a table in CSV, without their ends: a cell in quotes may have several lines."""
    row: list[str] = []
    is_open = False
    for line in lines:
        row.append(line)
        is_open ^= line.count('"') % 2 == 1
        if not is_open:
            yield "".join(row).removesuffix("\n")
            row = []
