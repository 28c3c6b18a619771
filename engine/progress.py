"""How a run tells what it is doing, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of a run's stages as they go by. Called from one thread."""

    def stage(self, name: str, total: int) -> None:
        """A stage of `total` steps begins; the one before it has ended."""
        ...

    def advance(self, steps: int, reused: int = 0) -> None:
        """So many more steps are done; `reused` of them were computed before."""
        ...

    def note(self, text: str) -> None:
        """One line worth telling."""
        ...


class Silent:
    """A Progress that nobody listens to."""

    def stage(self, name: str, total: int) -> None:
        pass

    def advance(self, steps: int, reused: int = 0) -> None:
        pass

    def note(self, text: str) -> None:
        pass
