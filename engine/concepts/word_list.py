"""A concept set from a plain list: one concept a line. Empty lines and lines that start with # are passed over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from engine.concepts.clean import clean_concepts
from engine.errors import ConfigError


class Options(BaseModel, extra="forbid"):
    kind: Literal["word_list"]
    path: Path
    """A UTF-8 text file; empty lines and comments, which start with #, are passed over."""


def load(options: Options, base: Path, reports: Sequence[str]) -> list[str]:  # noqa: ARG001
    """The list's concepts in its order. Raises ConfigError when it cannot be read or a line is too long."""
    path = base / options.path
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"concepts.path: cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"concepts.path: {path} is not UTF-8 text ({error.reason} at byte {error.start}).") from error
    return clean_concepts((line for line in text.splitlines() if not line.startswith("#")), str(path))
