"""A view of something other than a neuron, as one adds it: its question, its body, its declaration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from engine.annotation.cuts import Cuts
from engine.store.reader import RunReader
from mammi_tui.neurons.rows import Neuron
from mammi_tui.notes import Note
from mammi_tui.questions.desk import Answer, Asker, Desk
from mammi_tui.questions.subjects import ConceptSubject, Sight
from mammi_tui.screens.explorer_keys import explorer_keys
from mammi_tui.views.base import View, ViewBody
from mammi_tui.views.pane import ViewPane
from mammi_tui.views.registry import VIEWS
from tests.support.explorer import Explorer, explorer


@dataclass(frozen=True, slots=True)
class BestUnitsQuestion:
    concept: ConceptSubject
    cuts: Cuts


@dataclass
class BestUnitsAnswered(Answer):
    question: BestUnitsQuestion
    units: list[int]


class BestUnitsAsker(Asker):
    """The units of the last layer whose best concept it is."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.add_lane("best units", self._wanted, self._ask)

    def _wanted(self) -> BestUnitsQuestion | None:
        subject = self.looking.subject
        if not self.called or not isinstance(subject, ConceptSubject):
            return None
        return BestUnitsQuestion(subject, self.looking.cuts)

    def _ask(self, question: BestUnitsQuestion) -> BestUnitsAnswered:
        best = self.looking.requery.layer(self.looking.rows.layers[-1].name, question.cuts).best
        return BestUnitsAnswered(question, (best == question.concept.concept).nonzero()[0].tolist())


class UnitsBody(ViewBody):
    def __init__(self, reader: RunReader) -> None:
        super().__init__(reader)
        self.text = Static()
        self.text.can_focus = True

    def compose(self) -> ComposeResult:
        yield self.text

    @on(BestUnitsAnswered)
    def show_units(self, message: BestUnitsAnswered) -> None:
        self.shown = Sight(message.question.concept, message.question.cuts)
        self.text.update(f"best of units {message.units}")
        self.changed()

    def subtitle(self, room: int) -> str:
        return "of the last layer"


UNITS = View(
    name="units",
    title="Units",
    purpose="The units whose best concept it is",
    body=UnitsBody,
    takes=(ConceptSubject,),
    asks=(BestUnitsAsker,),
    key="w",
    room="wide",
    help=Note("Units", (("best of units", "Those whose first concept it is."),)),
)

OTHERS = tuple(view for view in VIEWS if not view.shows(ConceptSubject(0)))
"""Views of other subjects"""


def pane(opened: Explorer) -> ViewPane:
    return opened.screen.query_one(ViewPane)


@pytest.mark.slow
async def test_a_view_of_a_concept_opens_beside_those_of_neurons(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(160, 80), views=(*OTHERS, UNITS)) as opened:
        await opened.press("w")
        assert pane(opened).view.name == "concepts", "it cannot show a neuron"
        assert "w Units" not in opened.lines()[-1]
        best = int(opened.answer().ranking[0])
        opened.screen.look_at(ConceptSubject(best))
        await opened.rest()
        assert pane(opened).border_title == f"2 Units of {opened.reader.concepts[best]}"
        assert pane(opened).border_subtitle == "of the last layer"
        assert "best of units" in opened.text()
        assert f"{opened.looking.neuron.unit}" in opened.text().partition("best of units")[2].partition("]")[0]
        assert "w Units" in opened.lines()[-1]
        assert "e Evidence" not in opened.lines()[-1], "evidence is of neurons"


@pytest.mark.slow
async def test_its_answer_follows_the_cuts(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(160, 80), views=(*OTHERS, UNITS)) as opened:
        opened.screen.look_at(ConceptSubject(3))
        await opened.press(*["left_square_bracket"] * 20)
        expected = np.flatnonzero(opened.layer_answer(1).best == 3).tolist()
        assert f"best of units {expected}" in opened.text()
        assert "computing" not in str(pane(opened).border_subtitle)


@pytest.mark.slow
async def test_the_cursor_leads_back_to_a_view_of_neurons_and_the_history_to_the_concept(
    run_path: Path, tmp_path: Path
) -> None:
    async with explorer(run_path, tmp_path, views=(*OTHERS, UNITS)) as opened:
        await opened.press("e")
        opened.screen.look_at(ConceptSubject(3))
        await opened.press("y")
        assert not opened.log.path.exists(), "a verdict is of a neuron"
        await opened.press("j")
        assert opened.neuron == "layer1:4"
        assert pane(opened).view.name == "concepts"
        await opened.press("ctrl+o")
        assert pane(opened).view.name == "units"
        await opened.press("ctrl+o")
        assert (pane(opened).view.name, opened.looking.subject) == ("evidence", Neuron(1, 3))


@pytest.mark.slow
async def test_help_and_palette_take_it_from_its_declaration(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(140, 80), views=(*OTHERS, UNITS)) as opened:
        opened.screen.look_at(ConceptSubject(3))
        await opened.press("question_mark")
        assert "Those whose first concept it is." in opened.text()
        assert re.search(r"w +The units whose best concept it is", opened.text())
        await opened.press("escape")
        await opened.pilot.press("colon", *"units")
        await opened.pilot.pause(0.4)
        assert "The units whose best concept it is" in opened.text()


async def test_no_view_of_a_subject_is_an_error(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, views=OTHERS) as opened:
        with pytest.raises(LookupError, match="ConceptSubject"):
            opened.screen.look_at(ConceptSubject(3))


def test_every_view_has_a_name_and_a_key_of_its_own() -> None:
    assert len({view.name for view in VIEWS}) == len(VIEWS)
    keys = [view.key for view in VIEWS if view.key]
    assert len(set(keys)) == len(keys)
    bound = [key for binding in explorer_keys(VIEWS) for key in binding.key.split(",")]
    assert len(set(bound)) == len(bound)
