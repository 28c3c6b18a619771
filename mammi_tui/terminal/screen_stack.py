"""Keeps the stack of screens sound: a screen closes once, and only itself, and always has the terminal's size.

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
        """Closes the screen that asks for this, or the one on top where none does.

        Does nothing where the screen has been closed already, or is the last.
        """
        closing = self._asking_screen() or self.screen
        if closing not in self.screen_stack[1:]:
            return AwaitComplete()
        for worker in list(self.workers):
            if worker.node.screen is closing:
                worker.cancel()  # what it asks of its screen would fail, and end the app
        if closing is not self.screen:
            return self._close_covered(closing)
        closed = super().pop_screen()
        if self.screen.size != self.size:  # a screen that was covered is not told of a new size
            self.screen.post_message(events.Resize(self.size, self.size))
        return closed

    def _close_covered(self, screen: Screen[object]) -> AwaitComplete:
        self._screen_stack.remove(screen)
        screen._pop_result_callback()
        self.screen.refresh()

        async def close() -> None:
            await self._replace_screen(screen)

        return AwaitComplete(close()).call_next(self)

    def _asking_screen(self) -> Screen[object] | None:
        """The screen whose message, or whose widget's message, is handled at present."""
        handler = active_message_pump.get(None)
        if not isinstance(handler, DOMNode):
            return None
        return next((node for node in handler.ancestors_with_self if isinstance(node, Screen)), None)
