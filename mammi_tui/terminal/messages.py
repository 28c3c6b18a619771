"""Messages to the reader, which leave in time, whatever the clock of the machine does.

It uses Textual's internals, hence the narrow pin.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from textual.app import App
from textual.notifications import Notification, Notify, SeverityLevel

_LEAST = 0.01
"""Seconds that a message has left at least: a timer of none, or of fewer, never ends, and stops everything else"""


@dataclass
class _Shown(Notification):
    """A message whose end no change of the clock moves, also where it comes as the message is put on a screen."""

    since: float = field(default_factory=monotonic)

    @property
    def time_left(self) -> float:
        return max(_LEAST, self.since + self.timeout - monotonic())

    @property
    def has_expired(self) -> bool:
        return monotonic() >= self.since + self.timeout


class MessagesApp(App[None]):
    """An app that tells its reader something now and then."""

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.post_message(Notify(_Shown(message, title, severity, seconds, markup)))
