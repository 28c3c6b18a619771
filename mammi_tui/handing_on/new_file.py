"""New files that never replace another one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from engine.errors import MammiError, writing
from engine.store.whole_file import written_beside

_UNUSUAL = re.compile(r"[^\w.-]+", re.ASCII)
_LONGEST = 120
"""Characters of a name"""
_MOST = 1000
"""Files of one name"""


def new_file(name: str, suffix: str, write: Callable[[Path], object]) -> Path:
    """Makes a file `name` + `suffix` in the working folder and returns its path; a number is added where the name is
    taken.

    `write` fills an unfinished file, which becomes the new one when it is whole. Unusual characters of the name become
    underscores. Raises MammiError when nothing can be written there.
    """
    stem = _UNUSUAL.sub("_", name).lstrip(".-")[:_LONGEST] or "mammi"
    try:
        folder = Path.cwd()
    except OSError as error:
        raise MammiError("The working folder is gone: no file can be written here.") from error
    with writing(folder, "make room, and do it again", "no file can be written here"):
        path = _reserved(folder, stem, suffix)
        try:
            with written_beside(path) as whole:
                write(whole)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return path


def _reserved(folder: Path, stem: str, suffix: str) -> Path:
    """An empty file of a name that was free."""
    for number in range(1, _MOST + 1):
        path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            continue
        return path
    raise MammiError(f"{folder}: has {_MOST:,} files {stem}{suffix} already. Move some away.")
