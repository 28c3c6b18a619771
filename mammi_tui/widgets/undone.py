"""What would be lost if the explorer ended now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from textual.screen import Screen


@runtime_checkable
class CanBeUndone(Protocol):
    """A screen or a widget in which something can be begun and not be finished, such as a note that is being typed."""

    @property
    def undone(self) -> str:
        """What is not finished, clean, as a sentence without its full stop; "" where there is nothing."""


def undone_on(screen: Screen[object]) -> Iterator[str]:
    """What is not finished on a screen."""
    for node in screen.walk_children(with_self=True):
        if isinstance(node, CanBeUndone) and node.undone:
            yield node.undone
