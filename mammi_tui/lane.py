"""Questions answered off the app's thread: one at a time, and always the one that is wanted now."""

from __future__ import annotations

from asyncio import Future, get_running_loop
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual.message import Message
from textual.message_pump import MessagePump

from engine.errors import MammiError

Key = TypeVar("Key")


def on_a_thread(owner: MessagePump, work: Callable[..., object], *arguments: object) -> None:
    """Runs `work` on a thread, as Textual's workers do, but without messages about its state.

    Called on the app's thread. An error of the work ends the app, like one of the owner's own.
    """

    def done(future: Future[object]) -> None:
        if (error := None if future.cancelled() else future.exception()) is not None:
            owner.call_later(_raise, error)

    context = copy_context()
    get_running_loop().run_in_executor(None, context.run, work, *arguments).add_done_callback(done)


def _raise(error: BaseException) -> None:
    raise error


@dataclass
class QuestionFailed(Message, bubble=False):
    """A question ended in an error that a user can fix."""

    lane: str
    reason: str


class Lane(Generic[Key]):
    """Keeps one question in flight. It skips a question that is no longer wanted when its turn comes.

    `wanted` runs on the app's thread and returns what to ask now (None: nothing). `ask` runs on a worker thread and
    returns the message that answers; a MammiError becomes QuestionFailed. The worker thread hands the message to
    `reply`, by default `owner.post_message`. Whoever receives it calls `settle`.
    """

    def __init__(
        self,
        owner: MessagePump,
        name: str,
        wanted: Callable[[], Key | None],
        ask: Callable[[Key], Message],
        reply: Callable[[Message], object] | None = None,
    ) -> None:
        self.name = name
        self._owner = owner
        self._wanted = wanted
        self._ask = ask
        self._reply = reply or owner.post_message
        self._asking: Key | None = None
        self._failed: Key | None = None

    @property
    def idle(self) -> bool:
        return self._asking is None

    @property
    def asking(self) -> Key | None:
        """The question in flight."""
        return self._asking

    @property
    def wants(self) -> Key | None:
        """What is wanted now."""
        return self._wanted()

    @property
    def at_rest(self) -> bool:
        """Whether nothing is in flight, and nothing is wanted except what has just failed."""
        return self.idle and self._wanted() in (None, self._failed)

    def pump(self) -> None:
        """Asks what is wanted, unless a question is in flight or the one wanted has just failed."""
        if (question := self._begin()) is not None:
            on_a_thread(self._owner, self._work, question)

    def retry(self) -> None:
        """Lets the question that has failed be asked again."""
        self._failed = None

    def answer_now(self) -> Message | None:
        """Answers what is wanted on the calling thread; None if there is nothing to ask."""
        question = self._begin()
        return None if question is None else self._answer(question)

    def settle(self, *, failed: bool = False) -> bool:
        """Ends the question in flight. True when its answer is still the one wanted."""
        question, self._asking = self._asking, None
        if failed:
            self._failed = question
        return question is not None and question == self._wanted()

    def _begin(self) -> Key | None:
        question = self._wanted() if self.idle else None
        if question is None or question == self._failed:
            return None
        self._failed = None
        self._asking = question
        return question

    def _work(self, question: Key) -> None:
        self._reply(self._answer(question))

    def _answer(self, question: Key) -> Message:
        try:
            return self._ask(question)
        except MammiError as error:
            return QuestionFailed(self.name, str(error))
