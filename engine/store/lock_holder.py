"""Which process holds a file that another one cannot have."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from engine.errors import NO_LOCKS, RunFileError, why_not

_MOST = 80
"""Characters of a command"""


def writing_now(path: Path) -> str:
    """That a file which could not be locked is being written, and by whom where the system tells: a process on this
    machine.

    Raises RunFileError where no file of its folder can be locked: there is nothing to wait for then.
    """
    if found := _holder(path):
        return f"process {found} is writing it"
    _check_locks(path)
    return "another process, perhaps on another machine, is writing it"


def _check_locks(path: Path) -> None:
    try:
        import fcntl

        file = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115 (closed below)
    except (ImportError, OSError):
        return
    with file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunFileError(f"{path}: it cannot be locked: {NO_LOCKS} ({why_not(error)})") from error


def _holder(path: Path) -> str:
    """Such as `123 (mammi run nih.toml, since 07:31)`; "" where it is not known."""
    with suppress(OSError, ValueError, IndexError):
        file = path.stat()
        place = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
        for line in Path("/proc/locks").read_text().splitlines():
            fields = line.split()
            if place in fields and "->" not in fields and int(fields[fields.index(place) - 1]) not in (0, os.getpid()):
                return _described(int(fields[fields.index(place) - 1]))
    return ""


def _described(process: int) -> str:
    about = Path(f"/proc/{process}")
    words = about.joinpath("cmdline").read_bytes().decode(errors="replace").split("\0")
    since = time.strftime("%d %b %H:%M", time.localtime(about.stat().st_mtime))
    command = " ".join(Path(word).name if word.startswith("/") else word for word in words if word)
    return f"{process} ({command[:_MOST]}, since {since})" if command else str(process)
