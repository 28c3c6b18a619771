"""One class: how well the model finds it, and which units matter for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.annotation.cuts import Cuts
from mammi_tui.questions.desk import Answer, Asker, Desk
from mammi_tui.questions.subjects import ClassSubject, Sight

if TYPE_CHECKING:
    from engine.decisions.answers import ClassAnswer


@dataclass(frozen=True, slots=True)
class ClassQuestion:
    subject: ClassSubject
    cuts: Cuts

    @property
    def sight(self) -> Sight:
        return Sight(self.subject, self.cuts)


@dataclass
class ClassAnswered(Answer):
    question: ClassQuestion
    answer: ClassAnswer


class ClassAsker(Asker):
    """Asks about the class that the reader looks at, while a view wants it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.add_lane("class", self._wanted, self._ask)

    def _wanted(self) -> ClassQuestion | None:
        subject = self.looking.subject
        return ClassQuestion(subject, self.looking.cuts) if self.called and isinstance(subject, ClassSubject) else None

    def _ask(self, question: ClassQuestion) -> ClassAnswered:
        return ClassAnswered(question, self.looking.sources.classes().of(question.subject.name))
