"""An app in which a number before a key counts: `5j` goes five lines down, `20G` to the twentieth line.

An action takes a count where its method has the decorator `counted`. Before any other key, a number does nothing.

A digit that has a task of its own, such as going to a pane, does its task at once, and may yet turn out to begin a
number: if a digit without a task follows (`20`), or if a number of several such digits and the key that it counts are
typed without a pause (`12j`). The task is then taken back. A zero in front makes any number certain: `02j`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.signal import Signal

TOGETHER = 1.0
"""Seconds within which a digit without a task belongs to the digit before it"""
AT_ONCE = 0.4
"""Seconds from key to key without a pause"""
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
        self.number_shown: Signal[str] = Signal(self, "number")
        """Tells the number that waits for its key; "" where there is none, or where the digits may be none"""
        self._number = ""
        self._take_back: Callable[[], object] | None = None
        """Takes back what the digits have done, as long as each of them had a task; then they may be no number"""
        self._typed_at = self._pause = 0.0
        """When the last key was typed, and the seconds before it"""
        self._unsettled = False
        """Whether a key has come and has not yet been found to be taken by no widget"""

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            if self._unsettled:  # the focused widget has taken the key before
                self._drop_number()
            self._unsettled = True
            self._pause, self._typed_at = event.time - self._typed_at, event.time
        elif isinstance(event, events.MouseDown | events.Paste):
            self._drop_number()
        await super().on_event(event)

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:
        if priority:
            if handled := await super()._check_bindings(key, priority):
                self._unsettled = False
                self._drop_number()
            return handled
        self._unsettled = False
        if not isinstance(self.screen, Counting):
            self._drop_number()
            return await super()._check_bindings(key)
        if key.isdecimal() and key.isascii():
            return await self._digit(key, self.screen)
        if key == "escape" and self._count is not None:
            self._drop_number()
            return True
        if self._take_back and len(self._number) > 1 and self._pause <= AT_ONCE and self._counts(key):
            self._make_certain()
        try:
            return await super()._check_bindings(key)
        finally:
            self._drop_number()

    async def _digit(self, digit: str, screen: Counting) -> bool:
        if self._number and self._take_back is None:
            self._note(self._number + digit)
            return True
        has_task = digit in self.screen.active_bindings
        if self._pause > (AT_ONCE if has_task else TOGETHER):
            self._drop_number()
        if has_task:
            self._take_back = self._take_back or screen.way_back()
            await super()._check_bindings(digit)
        elif self._number:
            self._make_certain()
        self._note(self._number + digit)
        return True

    def _make_certain(self) -> None:
        """Takes the digits as a number, and takes back what they have done."""
        if self._take_back:
            self._take_back()
            self._take_back = None

    def _counts(self, key: str) -> bool:
        """Whether the action of a key takes a count."""
        active = self.screen.active_bindings.get(key)
        if active is None:
            return False
        node, name, _ = self._parse_action(active.binding.action, active.node)
        return _takes_count(node, name) is not None

    def _note(self, number: str) -> None:
        self._number = number[:MOST_DIGITS]
        self.number_shown.publish("" if self._take_back else self._number)

    def _drop_number(self) -> None:
        self._take_back = None
        if self._number:
            self._note("")

    @property
    def _count(self) -> int | None:
        """The number, if it is one."""
        return int(self._number) if self._number and self._take_back is None else None

    async def _dispatch_action(self, namespace: DOMNode, action_name: str, params: Any) -> bool:
        count, takes = self._count, _takes_count(namespace, action_name)
        if not count or not takes:
            return await super()._dispatch_action(namespace, action_name, params)
        self._drop_number()
        if takes == "place":
            return await super()._dispatch_action(namespace, action_name, (*params[:-1], count - 1))
        times = count * params[-1] if params else count
        return await super()._dispatch_action(namespace, action_name, (*params[:-1], times))


def _takes_count(node: object, action: str) -> str | None:
    return getattr(getattr(node, f"action_{action}", None), "takes_count", None)
