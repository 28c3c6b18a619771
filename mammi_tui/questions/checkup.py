"""The check-up of the run, one check after the other while its view is on screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.annotation.cuts import Cuts
from mammi_tui.questions.desk import Answer, Asker, Desk

if TYPE_CHECKING:
    from engine.decisions.checkup.base import Finding, Material


@dataclass(frozen=True, slots=True)
class CheckQuestion:
    """What one check finds at these cuts."""

    cuts: Cuts
    check: str


@dataclass
class CheckAnswered(Answer):
    question: CheckQuestion
    finding: Finding


class CheckUpAsker(Asker):
    """Asks the checks in turn, the quick ones first, while the view is shown; without it those that the filter names.

    At other cuts it begins anew; until then the filter finds what was found before.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._done: Mapping[str, Finding] = {}
        self._cuts: Cuts | None = None
        self._material: Material | None = None
        self.add_lane("check-up", self._wanted, self._ask)

    def _wanted(self) -> CheckQuestion | None:
        cuts, term = self.looking.cuts, self.looking.rows.filter.term
        needed = term.needs_checks if term else frozenset[str]()
        if not self.called and not needed:
            return None
        from engine.decisions.checkup.checks import CHECKS

        if cuts != self._cuts:
            self._cuts, self._done = cuts, {}
        for check in sorted(CHECKS, key=lambda check: (check.name not in needed, check.slow)):
            if check.name not in self._done and (self.called or check.name in needed):
                return CheckQuestion(cuts, check.name)
        return None

    def _ask(self, question: CheckQuestion) -> CheckAnswered:
        from engine.decisions.checkup.base import Material
        from engine.decisions.checkup.checks import CHECKS

        sources, looking = self.looking.sources, self.looking
        material = self._material
        if material is None or material.cuts != question.cuts:
            held = looking.reader, looking.requery, sources.evidence(), question.cuts
            material = Material(*held, sources.outcomes)
            self._material = material
        check = next(check for check in CHECKS if check.name == question.check)
        return CheckAnswered(question, check.look(material))

    def take(self, answer: CheckAnswered, *, wanted: bool) -> bool:  # noqa: ARG002
        if answer.question.cuts != self.looking.cuts:
            return False
        self._done = {**self._done, answer.question.check: answer.finding}
        self.looking.rows.note_check(answer.question.check, answer.finding.neurons)
        return True
