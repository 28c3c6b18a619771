"""Keeps the stack of screens sound: a screen closes once, never closes another, and always has the terminal's size.

It uses Textual's internals, hence the narrow pin.
"""

from __future__ import annotations

from textual import events
from textual._context import active_message_pump
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.dom import DOMNode
from textual.screen import Screen


class SoundStackApp(App[None]):
    """An app whose screens may be told to close twice, as by the second click of a double click."""

    def pop_screen(self) -> AwaitComplete:
        """Closes the screen on top. Does nothing where it is the only one, or where another screen asks for this."""
        if len(self.screen_stack) == 1 or self._asking_screen() not in (None, self.screen):
            return AwaitComplete()
        for worker in list(self.workers):
            if worker.node.screen is self.screen:
                worker.cancel()  # what it asks of its screen would fail, and end the app
        closed = super().pop_screen()
        if self.screen.size != self.size:  # a screen that was covered is not told of a new size
            self.screen.post_message(events.Resize(self.size, self.size))
        return closed

    def _asking_screen(self) -> Screen[object] | None:
        """The screen whose message, or whose widget's message, is handled at present."""
        handler = active_message_pump.get(None)
        if not isinstance(handler, DOMNode):
            return None
        return next((node for node in handler.ancestors_with_self if isinstance(node, Screen)), None)
