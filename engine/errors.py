"""What can go wrong in a way a user can mend. Everything else is a bug and keeps its traceback."""

from __future__ import annotations


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
