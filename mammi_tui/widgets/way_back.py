"""The way of the focus from a line that the reader typed into, back to where it came from."""

from __future__ import annotations

from textual.message import Message
from textual.widget import Widget


class Stranded(Message):
    """Where the focus came from is no longer on screen. The screen knows what else can have it."""


def come_back(leaver: Widget, origin: Widget | None) -> None:
    """Returns the focus from `leaver` to the widget that it came from, or tells the screen that this cannot be."""
    if origin is not None and origin.is_attached and origin.focusable and origin.region.area:
        leaver.screen.set_focus(origin)
    else:
        leaver.post_message(Stranded())
