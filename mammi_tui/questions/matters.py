"""How much each unit matters for the class that was looked at last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mammi_tui.questions.desk import Answer, Asker, Desk

if TYPE_CHECKING:
    from engine.decisions.importance import Floats


@dataclass(frozen=True, slots=True)
class MattersQuestion:
    name: str
    """Of the class; "" for all"""


@dataclass
class MattersAnswered(Answer):
    question: MattersQuestion
    matters: Sequence[Floats]
    """By the position of the layer, [units] each"""


class MattersAsker(Asker):
    """Asks where the order or the filter of the neurons needs it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.add_lane("matters", self._wanted, self._ask)

    def _wanted(self) -> MattersQuestion | None:
        return MattersQuestion(self.looking.class_name) if self.looking.rows.needs_matters else None

    def _ask(self, question: MattersQuestion) -> MattersAnswered:
        from engine.decisions.importance import matters_by_layer

        return MattersAnswered(question, matters_by_layer(self.looking.reader, question.name))

    def take(self, answer: MattersAnswered, *, wanted: bool) -> bool:
        if wanted:
            self.looking.rows.matters, self.looking.rows.matters_for = answer.matters, answer.question.name
        return wanted
