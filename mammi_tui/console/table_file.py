"""Writes a table to a file, whole or not at all, or prints it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from engine.errors import ConfigError, writing
from engine.own_files import held_folder, temporary_folder
from engine.store.database import misread
from engine.store.tables import FORMATS
from engine.store.whole_file import written_beside
from mammi_tui.console.output import STDOUT
from mammi_tui.console.say import hidden_escaped, pass_on, say

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
    """Copies a table to standard output. On a terminal, control characters are replaced; in JSON, which may come there
    through another program, what is hidden is escaped."""
    if sys.stdout.isatty():
        with table.open(encoding="utf-8", newline="\n") as file:
            for line in file:
                say(line.rstrip("\n"))
    elif file_format == "json":
        with table.open(encoding="utf-8", newline="") as file:
            while text := file.read(_BLOCK):
                pass_on(hidden_escaped(text).encode())
    else:
        with table.open("rb") as file:
            while block := file.read(_BLOCK):
                pass_on(block)
