"""Errors that a user can fix. Every other exception is a bug and keeps its traceback."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_REASON = 500
"""Characters of another program's error that a message repeats"""
MAKE_ROOM = "make room, and run the same command again"
"""What to do when a disk is full"""

_SYSTEM = {
    errno.ENOSPC: "the disk of this file is full",
    errno.EDQUOT: "your quota on the disk of this file is used up",
    errno.EFBIG: "the file would be larger than the limit on files here",
    errno.EROFS: "the disk of this file can only be read",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.EIO: "the disk of this file reports an error",
    errno.ESTALE: "the network folder of this file has changed; open it again",
    errno.ENAMETOOLONG: "its name is too long for the folder",
    errno.ELOOP: "its links lead in a circle",
    errno.ENOTDIR: "a part of its path is no folder",
    errno.EISDIR: "it is a folder",
    errno.ETXTBSY: "a program that is running is in this file",
    errno.EBUSY: "another program uses it",
    errno.EXDEV: "it would have to move to another disk",
    errno.ENOLCK: "its folder has no locks left",
    errno.EMFILE: "this process has too many files open (see `ulimit -n`)",
    errno.ENFILE: "too many files are open on this machine",
    errno.ENOMEM: "the memory does not suffice",
}
"""Why the operating system refuses a file"""
_SQLITE = {
    "database or disk is full": _SYSTEM[errno.ENOSPC],
    "readonly database": _SYSTEM[errno.EROFS],
    "disk I/O error": "its disk reports an error, your quota is used up, or a limit on the size of files is reached",
}
"""The same in SQLite's words"""
NO_LOCKS = "the file system of its folder has no locks, or they fail; use a folder on another one"
_DUCKDB = {"File locks are not supported": NO_LOCKS, "fsync failed": _SYSTEM[errno.EIO]}
"""What DuckDB says in its own words. Else its errors end in those of the operating system."""


_NO_THREAD = "can't start new thread"
"""What Python says where the system refuses a thread, whatever the cause"""
_BREAKS = {
    **{code: chr(0x2400 + code) for code in (0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E)},
    **dict.fromkeys((0x85, 0x2028, 0x2029), "\ufffd"),
}
"""Characters that end a line -> their pictures"""


class MammiError(Exception):
    """Shown to the user in one or two lines: what is at fault, and what to do then. Exit status 1.

    A text from outside in it, such as a file's name, begins no line: what ends a line is shown as its picture.
    """

    exit_status = 1

    def __init__(self, fault: str = "", then: str = "") -> None:
        self.fault = fault.translate(_BREAKS)
        self.then = then.translate(_BREAKS)
        super().__init__(self.fault, self.then)

    def __str__(self) -> str:
        return "\n".join(line for line in (self.fault, self.then) if line)


class ConfigError(MammiError):
    """The configuration or an argument is wrong. Names the file, the key and the value. Exit status 2."""

    exit_status = 2


class NoGradients(ConfigError):
    """The target model's code does not give the gradients that the importance of a layer takes."""


class UnreadableImage(MammiError):
    """One image cannot be decoded. A run sets it aside with this reason and goes on."""


class RunFileError(MammiError):
    """A run file is missing, damaged, or of a schema that this version cannot read."""


def first_line(error: object) -> str:
    """An error's first line, white space folded, without its full stop; the error's type if it has no text, or cannot
    say it."""
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # noqa: BLE001 (an error's text may be made by a model's own code, which raises anything)
        lines = []
    if not lines:
        return type(error).__name__
    line = " ".join(lines[0].split()).rstrip(".")
    return line if len(line) <= LONGEST_REASON else f"{line[:LONGEST_REASON]}…"


@contextmanager
def failing_as(what: str, *passed: type[Exception]) -> Iterator[None]:
    """Turns any error in the block, where a model's own code runs, into a MammiError that begins with `what`.

    MammiErrors, errors of the types `passed` and Ctrl-C go through unchanged.
    """
    try:
        yield
    except BaseException as error:
        # The block runs a model's or a user's own code, which may raise anything, and may ask to end the program.
        if isinstance(error, (MammiError, KeyboardInterrupt, *passed)):
            raise
        raise MammiError(f"{what}: {type(error).__name__}: {first_line(error)}.") from error


def disk_fault(error: BaseException) -> str:
    """Why a disk has refused a file, as a clause, from an error of Python, DuckDB or SQLite; "" for any other error."""
    if isinstance(error, OSError) and error.errno in _SYSTEM:
        return _SYSTEM[error.errno]
    if re.fullmatch("SQLITE_IOERR_.*LOCK", getattr(error, "sqlite_errorname", "")):
        return NO_LOCKS
    text = str(error)
    for code, clause in _SYSTEM.items():
        if os.strerror(code) in text:
            return clause
    return next((clause for words, clause in (_SQLITE | _DUCKDB).items() if words in text), "")


def why_not(error: OSError) -> str:
    """Why the operating system refuses what was asked, as a clause."""
    return disk_fault(error) or first_line(error.strerror or error)


def refusal(error: BaseException) -> str:
    """What the operating system has refused, and why, from an error of Python or a library; "" for any other error."""
    if isinstance(error, MemoryError):
        return "the memory does not suffice: close other programs, or let it do less at once"
    if isinstance(error, BlockingIOError) or (isinstance(error, RuntimeError) and error.args == (_NO_THREAD,)):
        return (
            "no more threads or processes can be started here: close other programs, or raise the limit (`ulimit -u`)"
        )
    reason = disk_fault(error)
    if not isinstance(error, OSError):
        return reason and f"{reason} ({first_line(error)})"
    if error.filename is None:
        gone = isinstance(error, FileNotFoundError) and not _has_current_folder()
        return "the current folder is no longer there: change to another one" if gone else reason
    return f"{os.fsdecode(error.filename)}: {reason or first_line(error.strerror)}"


def _has_current_folder() -> bool:
    try:
        os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return False
    return True


@contextmanager
def writing(
    what: object, then: str = MAKE_ROOM, fault: str = "cannot be written", kind: type[MammiError] = MammiError
) -> Iterator[None]:
    """Turns an error of the disk in the block, which writes `what`, into a MammiError of that kind.

    It says the `fault`, the disk's reason, and what to do `then` if the disk is full. Other errors go through
    unchanged, as does a BrokenPipeError, which says that the reader of our output has gone.
    """
    try:
        yield
    except Exception as error:
        # DuckDB and SQLite have error types of their own, which only the store may name.
        reason = disk_fault(error) or (isinstance(error, OSError) and error.strerror)
        if not reason or isinstance(error, (MammiError, BrokenPipeError)):
            raise
        advice = f"; {then}" if then and reason in (_SYSTEM[errno.ENOSPC], _SYSTEM[errno.EDQUOT]) else ""
        raise kind(f"{what}: {fault}: {reason}{advice}.") from error
