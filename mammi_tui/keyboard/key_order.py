"""Handles keys one after the other: each only when all that the one before it set off is done.

Textual passes a key to the widget with the focus and goes on to the next one, while the first is still on its way from
widget to widget up to the app. Of keys that arrive together, a later one could so be handled first, or go to a widget
that an earlier one leaves. It uses Textual's internals, hence the narrow pin.

A key may hold those after it, until an answer that it waits for has come.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

URGENT = ("ctrl+c", "ctrl+q", "ctrl+z", "ctrl+l")
"""Keys that are handled at once also while the others are held"""
GIVE_UP = "escape"
"""The key that gives up what the others wait for"""


class KeysInOrderApp(App[None]):
    """An app that handles keys and pasted text in the order in which they were typed."""

    def __init__(self) -> None:
        super().__init__()
        self._typed: deque[events.Key | events.Paste] = deque()
        self.keys_underway = False
        """Whether something typed is not yet done"""
        self._give_up: Callable[[], object] | None = None
        """Gives up what the held keys wait for; None while no key is held"""
        self._stopped = False
        """Whether the next key would be handled now if it were not held"""

    def hold_keys(self, give_up: Callable[[], object]) -> None:
        """Lets keys wait until `release_keys`. Esc calls `give_up`, and what was typed before it is dropped."""
        self._give_up = give_up

    def release_keys(self, *, drop: bool = False) -> int:
        """Goes on with the held keys, or drops them. Returns how many were dropped."""
        self._give_up = None
        dropped = len(self._typed) if drop else 0
        if drop:
            self._typed.clear()
        if self._stopped:
            self.call_later(self._handle_next)
        return dropped

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste):
            await super().on_event(event)
        elif self._ending:
            return
        elif event.is_forwarded:
            await super().on_event(event)
        elif self._give_up and isinstance(event, events.Key) and event.key == GIVE_UP:
            self._give_up()
        elif self._give_up and isinstance(event, events.Key) and event.key in URGENT:
            await super().on_event(event)
        else:
            self._typed.append(event)
            if not self.keys_underway:
                await self._handle_next()

    @property
    def _ending(self) -> bool:
        """Whether the app is about to end: what is typed after the key that quits goes nowhere."""
        return self._exit or not self.screen_stack

    async def _handle_next(self) -> None:
        self._stopped = self._give_up is not None and not self._ending
        if self._stopped:
            self.keys_underway = True
            return
        self.keys_underway = bool(self._typed) and not self._ending
        if self.keys_underway:
            key = self._typed.popleft()
            way = self._way()
            try:
                await super().on_event(key)
            finally:
                self._follow(way)

    def _way(self) -> Iterator[MessagePump]:
        """What a key passes through, and then what the messages that it set off pass through, each up to the app."""
        yield from tuple((self.focused or self.screen).ancestors_with_self)
        yield from tuple((self.focused or self.screen).ancestors_with_self)

    def _follow(self, way: Iterator[MessagePump]) -> None:
        """Goes on along the way once the next one there has handled all that it has been sent so far."""
        for pump in () if self._ending else way:
            if pump.call_later(self._follow, way):
                return
        self.call_later(self._handle_next)
