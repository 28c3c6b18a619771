"""The hash that stands for a file's bytes in an identity. Nothing is loaded, so torch is not needed."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ConfigError, MammiError
from engine.weights.sums import sha256_of


def file_digest(path: Path, key: str) -> str:
    """The SHA-256 of a file that the configuration's `key` names.

    Raises ConfigError when there is no such file, and MammiError when it cannot be read.
    """
    if not path.is_file():
        raise ConfigError(f"{key}: no file at {path}.")
    try:
        return sha256_of(path)
    except OSError as error:
        raise MammiError(f"{key}: {path} cannot be read: {error.strerror}.") from None
