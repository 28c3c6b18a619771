"""Errors that a user can fix. Every other exception is a bug and keeps its traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class MammiError(Exception):
    """Shown to the user in one or two lines that say what is at fault and what to do. Exit status 1."""

    exit_status = 1


class ConfigError(MammiError):
    """The configuration or an argument is wrong. Names the file, the key and the value. Exit status 2."""

    exit_status = 2


class UnreadableImage(MammiError):
    """One image cannot be decoded. A run sets it aside with this reason and goes on."""


class RunFileError(MammiError):
    """A run file is missing, damaged, or of a schema that this version cannot read."""


def first_line(error: object) -> str:
    """An error's first line, white space folded, without its full stop; the error's type if it has no text."""
    lines = str(error).strip().splitlines()
    return " ".join(lines[0].split()).rstrip(".") if lines else type(error).__name__


@contextmanager
def failing_as(what: str, *passed: type[Exception]) -> Iterator[None]:
    """Turns any error in the block, where a model's own code runs, into a MammiError that begins with `what`.

    MammiErrors, and errors of the types `passed`, go through unchanged.
    """
    try:
        yield
    except Exception as error:
        # The block runs a model's or a user's own code, which may raise anything.
        if isinstance(error, (MammiError, *passed)):
            raise
        raise MammiError(f"{what}: {type(error).__name__}: {first_line(error)}.") from error
