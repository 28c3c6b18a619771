"""Keeps lines that were read from a verdict log and are no longer in it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from mammi_tui.verdicts.entries import Entry


def keep(log: Path, lost: Sequence[Entry]) -> Path | None:
    """Writes lines as they stood to a new file beside the log, or in the folder of temporary files, and returns it.

    None if neither can be written.
    """
    data = b"".join(entry.raw.rstrip(b"\r\n") + b"\n" for entry in lost)
    for folder in (log.parent, Path(tempfile.gettempdir())):
        try:
            return _new_file(folder, log.name.removesuffix(".jsonl"), data)
        except OSError:
            continue
    return None


def _new_file(folder: Path, name: str, data: bytes) -> Path:
    for number in count(1):
        path = folder / f"{name}.kept-{number}.jsonl"
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            continue
        return path
    raise AssertionError  # count() does not end
