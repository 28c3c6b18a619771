"""What can go wrong in a way a user can mend. Everything else is a bug and keeps its traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class MammiError(Exception):
    """A failure told to the user in one or two lines: what is at fault, and what to do. Exit status 1."""

    exit_status = 1


class ConfigError(MammiError):
    """The configuration or an argument is wrong: names the file, the key and the value. Exit status 2."""

    exit_status = 2


class UnreadableImage(MammiError):
    """One image cannot be decoded. A run sets it aside with this reason and goes on."""


class RunFileError(MammiError):
    """A run file is missing, damaged, or of a schema this version does not know."""


def first_line(error: object) -> str:
    """The first line of an error's text, white space folded, without a full stop; its kind where it has none."""
    lines = str(error).strip().splitlines()
    return " ".join(lines[0].split()).rstrip(".") if lines else type(error).__name__


@contextmanager
def failing_as(what: str, *passed: type[Exception]) -> Iterator[None]:
    """Turns any error in the block, where a model's own code runs, into a MammiError: `what`, its kind and first line.

    A MammiError, and an error of one of the kinds `passed`, goes through unchanged.
    """
    try:
        yield
    except Exception as error:
        # A user's own code or a model's, which may raise anything: no error of ours.
        if isinstance(error, (MammiError, *passed)):
            raise
        raise MammiError(f"{what}: {type(error).__name__}: {first_line(error)}.") from error
