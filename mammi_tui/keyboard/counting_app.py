"""An app in which a number before a key counts: `5j` goes five lines down, `20G` to the twentieth line.

An action takes a count where its method has the decorator `counted`. Before any other key, a number does nothing.

A digit that has a task of its own, such as going to a pane, does its task at once. If another digit follows within
TOGETHER seconds, the two are a number: the task is taken back. So a number that begins with such a digit needs no
waiting, and one that consists of it alone is written with a zero: `02j`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.signal import Signal
from textual.timer import Timer

TOGETHER = 1.0
"""Seconds within which two digits belong to one number"""
MOST_DIGITS = 5

Action = TypeVar("Action", bound=Callable[..., Any])


def counted(action: Action) -> Action:
    """Marks an action's method: a count multiplies its last parameter, or is the parameter where a key gives none."""
    action.takes_count = "times"  # type: ignore[attr-defined]
    return action


def counted_from_one(action: Action) -> Action:
    """Marks an action's method that goes to a place: a count takes the place of its last parameter, counted from 1."""
    action.takes_count = "place"  # type: ignore[attr-defined]
    return action


class Counting:
    """Mixed into a screen on which numbers count."""

    def way_back(self) -> Callable[[], object]:
        """Returns what takes back the task of the digit that comes next. Here no digit has one."""
        return lambda: None


class CountingApp(App[None]):
    """Gives the number that was typed to the next action. It uses Textual's internals."""

    def __init__(self) -> None:
        super().__init__()
        self.number = ""
        """The digits so far"""
        self.number_shown: Signal[str] = Signal(self, "number")
        """Tells the digits that the screen should show"""
        self._task_back: Callable[[], object] | None = None
        """Takes back what the only digit so far has done; None where it had no task"""
        self._hiding: Timer | None = None
        self._typed_at = 0.0
        self._unsettled = False
        """Whether a key has come and has not yet been found to be taken by no widget"""

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            if self._unsettled:  # the focused widget has taken the key before
                self._drop_number()
            self._unsettled = True
            if self._task_back and event.time - self._typed_at > TOGETHER:
                self._drop_number()
            self._typed_at = event.time
        elif isinstance(event, events.MouseDown | events.Paste):
            self._drop_number()
        await super().on_event(event)

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:
        if priority:
            handled = await super()._check_bindings(key, priority)
            self._unsettled = self._unsettled and not handled
            return handled
        self._unsettled = False
        if not isinstance(self.screen, Counting):
            return await super()._check_bindings(key)
        if key.isdecimal() and key.isascii():
            return await self._digit(key, self.screen)
        if key == "escape" and self.number and self._task_back is None:
            self._drop_number()
            return True
        try:
            return await super()._check_bindings(key)
        finally:
            self._drop_number()

    async def _digit(self, digit: str, screen: Counting) -> bool:
        if self.number:
            if self._task_back:
                self._task_back()
                self._task_back = None
            self._note((self.number + digit)[:MOST_DIGITS])
            return True
        back = screen.way_back()
        if await super()._check_bindings(digit):
            self._task_back = back
        self._note(digit)
        return True

    def _note(self, number: str) -> None:
        if number != self.number:
            self.number = number
            self.number_shown.publish(number)
        if self._hiding:
            self._hiding.stop()
            self._hiding = None
        if self._task_back:
            self._hiding = self.set_timer(TOGETHER, lambda: self.number_shown.publish(""))

    def _drop_number(self) -> None:
        self._task_back = None
        self._note("")

    @property
    def _count(self) -> int | None:
        return None if not self.number or self._task_back else int(self.number)

    async def _dispatch_action(self, namespace: DOMNode, action_name: str, params: Any) -> bool:
        count = self._count
        takes = getattr(getattr(namespace, f"action_{action_name}", None), "takes_count", None)
        if not count or not takes:
            return await super()._dispatch_action(namespace, action_name, params)
        self._drop_number()
        if takes == "place":
            return await super()._dispatch_action(namespace, action_name, (*params[:-1], count - 1))
        times = count * params[-1] if params else count
        return await super()._dispatch_action(namespace, action_name, (*params[:-1], times))
