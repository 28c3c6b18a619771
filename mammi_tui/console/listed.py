"""File names as a folder lists them, on file systems that take other spellings of a name too."""

from __future__ import annotations

import unicodedata
from pathlib import Path


def as_listed(path: Path) -> Path:
    """A file's path with the name that its folder lists, where the file system takes other spellings of it too. What
    lies beside a run file, such as its verdicts, is named after it."""
    try:
        names = sorted(each.name for each in path.parent.iterdir())
    except OSError:  # a folder may be entered and not be listed
        return path
    if path.name in names or not path.exists():
        return path
    alike = [path.with_name(name) for name in names if _spelt_alike(name) == _spelt_alike(path.name)]
    return alike[0] if len(alike) == 1 else path


def _spelt_alike(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
