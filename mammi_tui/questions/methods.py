"""What each method says about one neuron. Each method has its own lane, so that a slow one does not hold up others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import MammiError
from mammi_tui.questions.desk import Answer, Asker, Desk
from mammi_tui.questions.neuron import NeuronQuestion

if TYPE_CHECKING:
    from engine.methods.base import MethodAnswer


@dataclass(frozen=True, slots=True)
class MethodsQuestion:
    """Which methods can answer from the run file."""


@dataclass(frozen=True, slots=True)
class MethodQuestion(NeuronQuestion):
    method: str


@dataclass
class MethodsListed(Answer):
    question: MethodsQuestion
    titles: dict[str, str]
    """Each method's title by its name, in the order in which they are shown"""


@dataclass
class MethodAnswered(Answer):
    question: MethodQuestion
    answer: MethodAnswer | None
    reason: str = ""
    """Why there is no answer"""


class MethodsAsker(Asker):
    """Lists the methods once, then asks each about the neuron; only while a view wants them."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.add_lane("methods", self._list_wanted, self._ask_list)

    def _list_wanted(self) -> MethodsQuestion | None:
        return MethodsQuestion() if self.called else None

    def _ask_list(self, question: MethodsQuestion) -> MethodsListed:
        methods = self.looking.sources.panel().methods
        return MethodsListed(question, {method.name: method.title for method in methods})

    def _wanted(self, method: str) -> MethodQuestion | None:
        neuron = self.looking.neuron
        if neuron is None or self.looking.awaits_neuron or not self.called:
            return None
        return MethodQuestion(neuron, self.looking.cuts, method)

    def _ask(self, question: MethodQuestion) -> MethodAnswered:
        layer = self.looking.layer_name(question.neuron.layer)
        try:
            panel = self.looking.sources.panel()
            found = panel.answer(question.method, layer, question.neuron.unit, question.cuts)
        except MammiError as error:
            return MethodAnswered(question, None, str(error))
        return MethodAnswered(question, found)

    def take(self, answer: MethodsListed | MethodAnswered, *, wanted: bool) -> bool:
        if not isinstance(answer, MethodsListed):
            return wanted
        for method in answer.titles:
            self.add_lane(f"method {method}", partial(self._wanted, method), self._ask)
        return True
