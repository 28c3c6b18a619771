"""How a run reports what it is doing, whoever listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears of the stages of a run as they go by. One thread calls it."""

    def stage(self, name: str, total: int) -> None:
        """A stage of `total` steps begins; the one before it has ended."""
        ...

    def advance(self, steps: int, reused: int = 0) -> None:
        """`steps` more steps are done; `reused` of them were computed before."""
        ...

    def note(self, text: str) -> None:
        """One line for the user."""
        ...


class Silent:
    """A Progress that nobody listens to."""

    def stage(self, name: str, total: int) -> None:
        pass

    def advance(self, steps: int, reused: int = 0) -> None:
        pass

    def note(self, text: str) -> None:
        pass
