"""What the module of every kind of concept set provides, and the identity of a concept set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel

from engine.keys import content_key


class ConceptSource(Protocol):
    """The module of one kind of concept set. It imports nothing heavy, so that a configuration is checked at once."""

    @property
    def Options(self) -> type[BaseModel]:  # noqa: N802
        """The keys of the table [concepts]."""

    def load(self, options: Any, base: Path, reports: Sequence[str]) -> list[str]:
        """The concepts, cleaned, each once, in a stable order.

        Relative paths start from `base`; `reports` are the probing set's own. Raises MammiError for files that cannot
        be read, and ConfigError when no concept is left.
        """
        ...

    def identity(self, options: Any, base: Path) -> str | None:
        """A text that, together with the probing set's reports, determines what `load` returns; None if only `load`
        gives it. It covers the options, the bytes of all files read, and a VERSION of the code.

        Raises as `load` does for files that cannot be read.
        """
        ...


def source_identity(version: int, options: BaseModel, contents: Iterable[str]) -> str:
    """The identity of a concept set from the version of its code, its options, and hashes of all that it reads."""
    return content_key(version, options.model_dump(mode="json"), list(contents))
