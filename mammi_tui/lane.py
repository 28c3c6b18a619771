"""Questions answered off the app's thread: one at a time, and always the one wanted now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from textual.dom import DOMNode
from textual.message import Message

from engine.errors import MammiError

Key = TypeVar("Key")


@dataclass
class QuestionFailed(Message):
    """A question ended in an error that a user can mend."""

    lane: str
    reason: str


class Lane(Generic[Key]):
    """Keeps one question in flight. What was wanted meanwhile and no longer is, is never asked.

    `wanted` says, on the app's thread, what to ask now (None: nothing). `ask` runs on a worker thread and gives the
    message to post to `owner`; a MammiError is posted as QuestionFailed. The owner hands every reply to `settle`.
    """

    def __init__(
        self, owner: DOMNode, name: str, wanted: Callable[[], Key | None], ask: Callable[[Key], Message]
    ) -> None:
        self.name = name
        self._owner = owner
        self._wanted = wanted
        self._ask = ask
        self._asking: Key | None = None
        self._failed: Key | None = None

    @property
    def idle(self) -> bool:
        return self._asking is None

    @property
    def at_rest(self) -> bool:
        """Whether nothing is in flight and nothing is wanted, but what has just failed."""
        return self.idle and self._wanted() in (None, self._failed)

    def pump(self) -> None:
        """Asks what is wanted, unless a question is in flight or this very one has just failed."""
        if self._asking is not None:
            return
        key = self._wanted()
        if key is None or key == self._failed:
            return
        self._failed = None
        self._asking = key
        self._owner.run_worker(partial(self._work, key), name=self.name, group=self.name, thread=True)

    def settle(self, *, failed: bool = False) -> bool:
        """Ends the question in flight. True when its answer is still the one wanted."""
        key, self._asking = self._asking, None
        if failed:
            self._failed = key
        return key is not None and key == self._wanted()

    def _work(self, key: Key) -> None:
        try:
            reply = self._ask(key)
        except MammiError as error:
            reply = QuestionFailed(self.name, str(error))
        self._owner.post_message(reply)
