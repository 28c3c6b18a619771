"""Asks the explorer's questions and sends each answer to everything that listens.

Each kind of question has a file beside this one. It holds the question (frozen: its subject and its cuts), the message
that carries the question and its answer, and the asker, which decides when to ask and how to answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen

from engine.errors import MammiError
from mammi_tui.lane import Lane, QuestionFailed, on_a_thread
from mammi_tui.questions.looking import Looking
from mammi_tui.questions.subjects import Sight

Key = TypeVar("Key")
MOST_IMAGES = 4096
"""Images whose data are read at the start, at once: one by one takes many times as long"""


class Answer(Message):
    """Carries a question and its answer. Every listener gets the same message."""

    question: Any
    """The question that it answers; subclasses narrow its type"""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__(bubble=False)


@dataclass
class LookingAt(Message, bubble=False):
    """The reader looks at something else: another subject, other cuts, or both."""

    sight: Sight


class Asker:
    """Asks questions of one kind. Each of its lanes asks one at a time."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.looking = desk.looking
        self.lanes: list[Lane[Any]] = []
        self.called = False
        """Whether the view on screen wants the answers"""
        self._answered: dict[str, object] = {}
        """The last question that each lane has answered"""

    @property
    def quick(self) -> bool:
        """Whether the run file stores the answers at the run's own cuts, so that the first frame can show them."""
        return False

    def add_lane(self, name: str, wanted: Callable[[], Key | None], ask: Callable[[Key], Answer]) -> Lane[Key]:
        """Adds a lane, with the arguments of Lane. The lane does not repeat the question that it answered last."""

        def unanswered() -> Key | None:
            question = wanted()
            return None if question == self._answered.get(name) else question

        lane: Lane[Key] = Lane(
            self.desk.owner, name, unanswered, ask, lambda reply: self.desk.settle_soon(self, lane, reply)
        )
        self.lanes.append(lane)
        return lane

    def call(self, called: bool) -> None:
        """Notes whether the view that the reader has turned to wants the answers."""
        self.called = called

    def pump(self) -> None:
        """Asks what is wanted now."""
        for lane in self.lanes:
            lane.pump()

    def take(self, answer: Any, *, wanted: bool) -> bool:  # noqa: ARG002
        """Stores what other questions depend on. Returns False if the answer is out of date: then no listener gets it.

        `wanted` says whether its question is still the one that its lane wants.
        """
        return wanted

    def remember(self, lane: str, question: object) -> None:
        """Notes that the lane has answered the question."""
        self._answered[lane] = question

    def hold(self) -> None:
        """Puts off what takes long: the reader is likely to go on at once."""

    @property
    def at_rest(self) -> bool:
        """Whether all that is wanted has been answered."""
        return all(lane.at_rest for lane in self.lanes)


class Desk:
    """Owns the askers. An answer goes to `listeners`: nodes that handle it with Textual's `@on`."""

    def __init__(self, owner: Screen[Any], looking: Looking, askers: Iterable[type[Asker]]) -> None:
        """`askers`, in the order in which they ask; a kind that is named twice asks once."""
        self.owner = owner
        self.looking = looking
        self.listeners: list[MessagePump] = [owner]
        self.askers = [kind(self) for kind in dict.fromkeys(askers)]
        self._announced: Sight | None = None

    def ask(self) -> None:
        """Asks everything that is wanted now and not answered yet."""
        self._announce()
        for asker in self.askers:
            asker.pump()

    def ask_first(self) -> None:
        """Answers the quick questions before the first frame; at the run's own cuts this takes milliseconds."""
        self._announce()
        for asker in self.askers:
            for lane in asker.lanes if asker.quick else ():
                if answer := lane.answer_now():
                    self._settle(asker, lane, answer)

    def call(self, wanted: Iterable[type[Asker]]) -> None:
        """Tells every asker whether the view on screen wants its answers: only those in `wanted`."""
        kinds = tuple(wanted)
        for asker in self.askers:
            asker.call(isinstance(asker, kinds))

    def retry(self, kind: type[Asker]) -> None:
        """Lets an asker ask again what has failed."""
        for lane in self._asker(kind).lanes:
            lane.retry()

    def is_at_rest(self, kind: type[Asker]) -> bool:
        """Whether an asker has no question left to ask, except what has failed."""
        return self._asker(kind).at_rest

    def _asker(self, kind: type[Asker]) -> Asker:
        return next(asker for asker in self.askers if type(asker) is kind)

    def hold(self) -> None:
        """Puts off what takes long: the reader is likely to go on at once."""
        for asker in self.askers:
            asker.hold()

    def post(self, message: Message) -> None:
        """Sends a message to every listener."""
        for listener in self.listeners:
            listener.post_message(message)

    @property
    def at_rest(self) -> bool:
        """Whether all that is wanted has been answered."""
        return all(asker.at_rest for asker in self.askers)

    def warm_up(self) -> None:
        """Loads, off the app's thread, what every later α and β needs."""
        on_a_thread(self.owner, self._warm)

    def settle_soon(self, asker: Asker, lane: Lane[Any], reply: Message) -> None:
        """Hands a worker's reply to the app's thread."""
        self.owner.call_later(self._settle_and_ask, asker, lane, reply)

    def _settle_and_ask(self, asker: Asker, lane: Lane[Any], reply: Message) -> None:
        self._settle(asker, lane, reply)
        self.ask()

    def _settle(self, asker: Asker, lane: Lane[Any], reply: Message) -> None:
        wanted = lane.settle(failed=isinstance(reply, QuestionFailed))
        if isinstance(reply, Answer):
            if not asker.take(reply, wanted=wanted):
                return
            asker.remember(lane.name, reply.question)
        self.post(reply)

    def _announce(self) -> None:
        sight = self.looking.sight
        if sight is not None and sight != self._announced:
            self._announced = sight
            self.post(LookingAt(sight))

    def _warm(self) -> None:
        reader = self.looking.reader
        with suppress(MammiError):  # the question that needs it will say so
            reader.images(range(min(reader.image_count, MOST_IMAGES)))
            self.looking.requery.warm()
            self.owner.call_later(self._be_warm)

    def _be_warm(self) -> None:
        self.looking.warm = True
        self.ask()
