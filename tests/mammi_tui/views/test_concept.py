"""The concept view, driven by keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.decisions.concepts import Concepts
from engine.requery import Requery
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.subjects import ClassSubject, ConceptSubject, FilmSubject, Subject
from mammi_tui.screens.explorer import ExplorerScreen
from mammi_tui.views.concept import ConceptBody
from mammi_tui.views.concept_sheet import ConceptSheet
from tests.mammi_tui.snapshots.screens import write_run
from tests.support.explorer import Explorer, explorer
from tests.support.runs import small_run


async def open_concept(opened: Explorer) -> int:
    """Goes from the ranking to its first concept, and returns the concept."""
    await opened.press("2", "enter")
    assert isinstance(opened.looking.subject, ConceptSubject)
    return opened.looking.subject.concept


def sheet_of(opened: Explorer) -> ConceptSheet:
    return opened.screen.query_one(ConceptSheet)


async def go_to_part(opened: Explorer, title: str) -> ConceptSheet:
    """Puts the cursor on the first line of the part whose title begins so."""
    sheet = sheet_of(opened)
    await opened.press("g")
    for _ in range(8):
        part, _line = sheet._at(sheet.cursor)
        if part.titles[0].startswith(title):
            return sheet
        await opened.press(")")
    raise AssertionError(f"no part {title!r}")


async def test_enter_on_a_concept_shows_the_neurons_of_all_layers_that_have_it(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        concept = await open_concept(opened)
        answer = Concepts(opened.reader, Requery(opened.reader)).concept(concept, opened.cuts)
        text = opened.text()
        assert f"Concept of {opened.reader.concepts[concept]}" in text
        assert "it, best of" in text
        for found in answer.having:
            name = f"{opened.reader.layers[found.layer].name}:{found.unit}"
            line = next(line for line in opened.lines() if f"{name} " in line and f"{found.score:.4f}" in line)
            assert f"{found.z:.1f}".replace("-", "−") in line


async def test_a_lower_beta_lets_more_neurons_have_it_while_the_view_stays(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await open_concept(opened)
        body = opened.screen.query_one(ConceptBody)
        assert body._answered is not None
        before = len(body._answered.answer.having)
        await opened.press("b", *"0.3", "enter")
        assert body._answered.question.cuts.beta == 0.3
        assert len(body._answered.answer.having) > before
        await opened.press("a", *"0.5", "enter")
        assert body._answered.question.cuts.alpha == 0.5
        assert isinstance(opened.looking.subject, ConceptSubject)


async def test_every_line_leads_on(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        concept = await open_concept(opened)
        await go_to_part(opened, "Nearest")
        await opened.press("enter")
        other = opened.looking.subject
        assert isinstance(other, ConceptSubject)
        assert other.concept != concept
        await opened.press("ctrl+o")
        assert opened.looking.subject == ConceptSubject(concept)
        await go_to_part(opened, "No neuron has these")
        await opened.press("j", "enter")
        answer = opened.screen.query_one(ConceptBody)._answered
        assert answer is not None
        assert not answer.answer.having
        assert "No neuron has it at these cuts." in opened.text()
        await opened.press("ctrl+o", "g", "enter")
        assert isinstance(opened.looking.subject, Neuron)
        assert opened.screen.view_pane.view.name == "concepts"


def led_to(monkeypatch: pytest.MonkeyPatch) -> list[Subject]:
    """The subjects that the explorer is led to from now on; it stays where it is."""
    wanted: list[Subject] = []
    monkeypatch.setattr(ExplorerScreen, "look_at", lambda _screen, subject: wanted.append(subject))
    return wanted


async def test_a_film_leads_to_the_film_view_with_its_list(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await open_concept(opened)
        answered = opened.screen.query_one(ConceptBody)._answered
        assert answered is not None
        images = answered.answer.matches.images.tolist()
        await go_to_part(opened, "Films that match best")
        wanted = led_to(monkeypatch)
        await opened.press("j", "enter")
        assert wanted == [FilmSubject(images[1])]
        assert opened.looking.films is not None
        assert opened.looking.films.images == tuple(images)
        assert opened.looking.films.title.startswith("films that match")


async def test_a_class_of_the_same_name_is_the_first_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "apart"
    folder.mkdir()
    async with explorer(write_run(tmp_path), folder, start=("classifier", 7)) as opened:
        opened.screen.look_at(ConceptSubject(opened.reader.concepts.index("pneumonia")))
        await opened.press("2", "g")
        wanted = led_to(monkeypatch)
        await opened.press("enter")
        assert wanted == [ClassSubject("Pneumonia")]


async def test_f_filters_by_the_concept_in_the_view_and_in_the_ranking(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        concept = await open_concept(opened)
        await opened.press("f")
        assert opened.rows.query.startswith("concept:")
        assert opened.reader.concepts[concept].split()[-1] in opened.rows.query
        await opened.press("escape")
        await opened.go_to(1, 3)
        await opened.press("2", "f")
        assert opened.rows.query.startswith("concept:")


async def test_the_trust_and_the_verdicts_of_the_neurons_are_shown(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, in_background=True) as opened:
        neuron = opened.neuron
        await opened.press("y")
        await opened.go_to(1, 3)
        await opened.press("2", "enter")
        line = next(line for line in opened.lines() if f"{neuron} " in line and "rank" not in line)
        assert "✓" in line


async def test_many_concepts_are_paged(tmp_path: Path) -> None:
    run = small_run(tmp_path, concepts=3000)
    folder = tmp_path / "apart"
    folder.mkdir()
    async with explorer(run, folder) as opened:
        await open_concept(opened)
        await opened.press("G")
        sheet = sheet_of(opened)
        assert sheet.row_count() > 2900
        part, line = sheet._at(sheet.cursor)
        assert line == len(part) - 1
        assert opened.text().count("concept ") > 10


async def test_a_concept_outside_the_chosen_set_is_said_to_be(two_sets_path: Path, tmp_path: Path) -> None:
    async with explorer(two_sets_path, tmp_path, concept_set="set 1") as opened:
        await open_concept(opened)
        await opened.press("S", "S")
        assert opened.cuts.concept_set == "set 0"
        concept = opened.looking.subject
        assert isinstance(concept, ConceptSubject)
        if concept.concept % 5:
            assert "It is not in the concept set set 0." in opened.text()


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (100, 30), (200, 60)])
async def test_hostile_names_stay_in_their_cells_at_every_size(
    hostile_run_path: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with explorer(hostile_run_path, tmp_path, size=size) as opened:
        await open_concept(opened)
        for _ in range(5):
            text = opened.text()
            assert "\x1b" not in text
            assert "\u202e" not in text
            assert all(len(line) <= size[0] for line in opened.lines())
            await opened.press(")")
