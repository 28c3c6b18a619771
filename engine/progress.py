"""How a run reports its progress."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the progress of a run through its stages. Only one thread calls it."""

    def stage(self, name: str, total: int) -> None:
        """A stage of `total` steps begins; the one before it has ended."""
        ...

    def advance(self, steps: int, reused: int = 0) -> None:
        """`steps` more steps are done; `reused` of them were computed before."""
        ...

    def workers(self, number: int) -> None:
        """So many processes work on the stage."""
        ...

    def note(self, text: str) -> None:
        """Shows the user one line."""
        ...


class Silent:
    """A Progress that ignores what it receives."""

    def stage(self, name: str, total: int) -> None:
        pass

    def advance(self, steps: int, reused: int = 0) -> None:
        pass

    def workers(self, number: int) -> None:
        pass

    def note(self, text: str) -> None:
        pass
