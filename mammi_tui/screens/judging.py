"""Judging neurons: what is on screen is what is judged. A key that comes before the answer waits for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from textual import on

from engine.errors import MammiError
from mammi_tui.keyboard.key_order import KeysInOrderApp
from mammi_tui.lane import QuestionFailed
from mammi_tui.neurons.rows import LAYER_LINE, Neuron
from mammi_tui.neurons.triage import NothingToJudge, add, take_up
from mammi_tui.questions.desk import LookingAt
from mammi_tui.questions.neuron import NeuronAnswered, NeuronAsker
from mammi_tui.questions.subjects import FilmSubject, Sight
from mammi_tui.screens.base import ExplorerBase
from mammi_tui.text import clean, count
from mammi_tui.verdicts.lines import Deed, Seen, Verdict
from mammi_tui.verdicts.said import deed_words
from mammi_tui.views.title import named

LONG = 60.0
"""Seconds for which a warning of something lost is shown"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An act that waits until the annotation that it is about is on screen."""

    what: str
    """Such as "accept" """
    name: str
    """The neuron's name, clean"""
    sight: Sight
    act: Callable[[Neuron], object]

    def __str__(self) -> str:
        return f"{self.what} waits for {self.name} …"


class Judging(ExplorerBase):
    """The part of the explorer that writes the verdict log."""

    waiting: Waiting | None = None
    """What waits; meanwhile the keys typed after it are held"""

    def take_up_verdicts(self) -> None:
        """Shows what stands in the verdict log."""
        try:
            take_up(self.verdict_log, self.looking.rows)
            for warning in self.verdict_log.read().warnings():
                self.warn(warning)
        except MammiError as error:
            self.warn(str(error))
        self.verdict_log.when_replaced = self._tell_replaced
        self.draw_verdicts()

    def _tell_replaced(self, what: str) -> None:
        self.warn_of_loss(f"The run file {what}: open it again to see what is there. Verdicts are kept as before.")

    def warn_of_loss(self, text: str) -> None:
        """Shows a warning of something lost, long enough for a reader who looks at films to find it."""
        self.warn(text, LONG)

    def say_not_done(self, error: MammiError) -> None:
        """Tells why an act is not in the log."""
        if isinstance(error, NothingToJudge):
            self.warn(str(error))
        else:
            self.warn_of_loss(str(error))

    def draw_verdicts(self) -> None:
        """Draws what stands, wherever it is on screen."""
        self.header.progress = self.looking.rows.progress()
        self.view_pane.draw_border()
        self.neurons.numbers_changed()

    # Verdicts

    def action_verdict(self, verdict: Verdict) -> None:
        """Judges the annotation on screen, and goes to the next neuron that is not decided."""

        def judge(neuron: Neuron) -> None:
            following = self.looking.rows.next_undecided(neuron, 1)  # before the verdict changes the list
            if verdict == "clear" and self.looking.rows.verdict_of(neuron) is None:
                self.notify(f"{self.name_of(neuron)} has no verdict to clear", markup=False)
            elif self.do(neuron, Deed("verdict", verdict=verdict)) and verdict != "clear":
                self.go_on(*following, 1)

        self.once_seen("clearing" if verdict == "clear" else verdict, judge)

    def do(self, neuron: Neuron, deed: Deed, seen: Seen | None = None) -> bool:
        """Adds an act on a neuron to the log, and draws what stands then. False, with a warning, if it cannot.

        Without `seen` it is about the annotation on screen.
        """
        try:
            add(self.verdict_log, self.looking.rows, neuron, deed, seen or self.seen())
        except MammiError as error:
            self.say_not_done(error)
            return False
        self.draw_verdicts()
        return True

    def seen(self) -> Seen:
        """What is on screen of the present neuron: its words, and its evidence where a pane shows it."""
        looking, rows = self.looking, self.looking.rows
        in_tree = bool(self.neurons.region.area and looking.neuron and rows.evidence[looking.neuron.layer])
        in_view = bool(self.view_pane.region.area) and self.view_pane.body.shows_evidence
        shown = self.is_current and (in_tree or in_view)
        return Seen(looking.cuts, looking.words_on_screen or (), evidence=looking.evidence_on_screen if shown else None)

    # Waiting

    def once_seen(self, what: str, act: Callable[[Neuron], object]) -> None:
        """Does something about the neuron that is looked at, once its annotation is on screen."""
        if self.app.screen is self and self.query_one("#too-small").display:
            self.warn(f"No {what}: the terminal is too small to show what it would be about")
            return
        if (neuron := self._judged()) is None:
            return
        if neuron != self.looking.neuron:  # the cursor has just come there
            self.look_at(neuron, step=True)
        self.once_answered(what, neuron, act)

    def once_answered(self, what: str, neuron: Neuron, act: Callable[[Neuron], object]) -> None:
        """The same about the neuron whose films and numbers are shown, whatever the view is about."""
        looking = self.looking
        if looking.answer_on_screen is not None:
            act(neuron)
            return
        self.give_up("is dropped for this")
        self.waiting = Waiting(what, self.name_of(neuron), Sight(neuron, looking.cuts), act)
        self._say_waiting(str(self.waiting))
        if isinstance(self.app, KeysInOrderApp):
            self.app.hold_keys(lambda: self.give_up("is dropped"))
        self.desk.retry(NeuronAsker)
        self.desk.ask()

    def _judged(self) -> Neuron | None:
        """The neuron to judge. Where there is none, a warning says why."""
        looking, here = self.looking, self.neurons.outline.here()
        if isinstance(looking.subject, FilmSubject):
            return looking.neuron
        if looking.subject is not None and not isinstance(looking.subject, Neuron):
            name = named(looking.subject, looking.reader, looking.rows).name
            self.warn(f"The view is about {name}: go to a neuron to judge it")
        elif here is not None and here.unit != LAYER_LINE:
            return here
        elif self.focused is not self.neurons.outline and looking.neuron is not None:
            return looking.neuron
        else:
            self.warn("The cursor is on no neuron: go to one to judge it")
        return None

    @on(NeuronAnswered)
    def go_on_waiting(self) -> None:
        """Does what waits if its annotation has come, then lets the next key go on."""
        waiting = self.waiting
        if waiting is None or self.looking.answer_on_screen is None or not self._still_waits(waiting):
            return
        self._stop_waiting()
        neuron = waiting.sight.subject
        if isinstance(neuron, Neuron):
            waiting.act(neuron)
        # What the act leaves to the view comes before the next key.
        self.view_pane.body.call_later(self._release_keys)

    def finish_waiting(self) -> None:
        """Does what waits before the explorer ends, without waiting for the screen: no verdict is lost."""
        waiting, looking = self.waiting, self.looking
        if waiting is None or not isinstance(neuron := waiting.sight.subject, Neuron):
            return
        self._stop_waiting()
        with suppress(MammiError):
            layer = looking.layer_name(neuron.layer)
            looking.answer = looking.requery.neuron(layer, neuron.unit, waiting.sight.cuts)
            waiting.act(neuron)

    @on(LookingAt)
    def drop_waiting(self) -> None:
        if self.waiting and not self._still_waits(self.waiting):
            self.give_up("is dropped, as you have moved on")

    def _still_waits(self, waiting: Waiting) -> bool:
        looking = self.looking
        return looking.neuron is not None and waiting.sight == Sight(looking.neuron, looking.cuts)

    @on(QuestionFailed)
    def fail_waiting(self) -> None:
        if self.waiting and self.desk.is_at_rest(NeuronAsker):
            self.give_up("is dropped: its annotation has not come")

    def give_up(self, why: str) -> None:
        """Drops what waits and the keys typed after it, and says so."""
        if (waiting := self.waiting) is None:
            return
        self._stop_waiting()
        dropped = self._release_keys(drop=True)
        keys = f", and {count(dropped, 'key')} typed after it" if dropped else ""
        self.warn(f"{waiting.what} of {waiting.name} {why}{keys}")

    @property
    def undone(self) -> str:
        """What would be lost if the explorer ended now; "" for nothing."""
        waiting = self.waiting
        return f"{waiting.what} of {waiting.name} is not given yet: it waits for the annotation" if waiting else ""

    def _stop_waiting(self) -> None:
        self.waiting = None
        self._say_waiting("")

    def _release_keys(self, *, drop: bool = False) -> int:
        """Returns how many keys are dropped."""
        if self.waiting or not isinstance(self.app, KeysInOrderApp):
            return 0
        return self.app.release_keys(drop=drop)

    def _say_waiting(self, text: str) -> None:
        self.header.notice = text

    def name_of(self, neuron: Neuron) -> str:
        return clean(self.looking.rows.name_of(neuron))

    def words_of(self, deed: Deed, name: str) -> str:
        """What was done to the neuron with this name: `accept of norm5:57`."""
        return f"{deed_words(deed)} of {clean(name)}"
