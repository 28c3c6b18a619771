"""Keeps lines that were read from a verdict log and are no longer in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

from engine.errors import MammiError
from engine.own_files import temporary_folder
from mammi_tui.verdicts.entries import Entry


def keep(log: Path, lost: Sequence[Entry]) -> Path | None:
    """Writes lines as they stood to a new file beside the log, or in the folder of temporary files, and returns it.

    None if neither can be written.
    """
    data = b"".join(entry.raw.rstrip(b"\r\n") + b"\n" for entry in lost)
    folders: tuple[Callable[[], Path], ...] = (lambda: log.parent, temporary_folder)
    for folder in folders:
        with suppress(OSError, MammiError):
            return _new_file(folder(), log.name.removesuffix(".jsonl"), data)
    return None


def _new_file(folder: Path, name: str, data: bytes) -> Path:
    for number in count(1):
        path = folder / f"{name}.kept-{number}.jsonl"
        try:
            file = path.open("xb")
        except FileExistsError:
            continue
        try:
            with file:
                file.write(data)
        except OSError:  # half of it would look kept
            path.unlink(missing_ok=True)
            raise
        return path
    raise AssertionError  # count() does not end
