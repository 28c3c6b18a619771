"""A concept set from a plain list with one concept on each line."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from engine.concepts.base import source_identity
from engine.concepts.clean import clean_concepts
from engine.errors import ConfigError

VERSION = 1
"""Raise it when the same list gives other concepts than before"""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[concepts]` of a configuration with kind = "word_list"."""

    path: Path
    """A UTF-8 text file. Empty lines are skipped, and so are comments: lines that start with #."""


def identity(options: Options, base: Path) -> str:
    return source_identity(VERSION, options, [hashlib.sha256(_read(base / options.path)).hexdigest()])


def load(options: Options, base: Path, reports: Sequence[str]) -> list[str]:  # noqa: ARG001
    """The list's concepts in their order. Raises ConfigError when the file cannot be read or a line is too long."""
    path = base / options.path
    try:
        text = _read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"concepts.path: {path} is not UTF-8 text ({error.reason} at byte {error.start}).") from error
    return clean_concepts((line for line in text.splitlines() if not line.startswith("#")), str(path))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"concepts.path: cannot read {path}: {error.strerror}.") from error
