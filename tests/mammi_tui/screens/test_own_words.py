"""A reader's own label, note and marks of single concepts, with or without a verdict."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events

from mammi_tui.neurons.rows import Neuron
from mammi_tui.widgets.one_line import OneLine
from tests.support.explorer import Explorer, explorer
from tests.support.verdicts import latest


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAMMI_READER", "r1")


def line_of(opened: Explorer, unit: int) -> list[tuple[str, str]]:
    place = opened.rows.line_of(Neuron(1, unit))
    assert place is not None
    return list(opened.screen.neurons.outline.row(place, 60))


@pytest.mark.slow
async def test_an_own_label_takes_the_place_of_the_best_concept_in_italics(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("o")
        await opened.type("air [b]x")
        await opened.press("enter")
        assert opened.screen.focused is opened.screen.neurons.outline
        assert opened.neuron == "layer1:3", "a label does not go on to the next"
        assert any(text.startswith("air [b]x") and style == "line--own" for text, style in line_of(opened, 3))
        styles = [opened.screen.neurons.outline.style_of("line--own")]
        assert styles[0].italic
        strip = opened.screen.neurons.outline.drawn(opened.rows.line_of(Neuron(1, 3)) or 0, 60)
        assert any("air [b]x" in part.text and part.style and part.style.italic for part in strip), "under the cursor"
        assert 'label "air [b]x" · r1' in opened.text()
        await opened.press("o", "escape")
        await opened.press("o", "enter")
        assert len(opened.log.read().lines) == 1, "nothing has changed"
        await opened.press("o", *["backspace"] * 8, "enter")
        assert opened.rows.label_of(Neuron(1, 3)) == ""
        assert len(opened.log.read().lines) == 2
        assert latest(opened.log) == {}


@pytest.mark.slow
async def test_concepts_complete_a_label_and_pasted_lines_become_one(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        own = (opened.looking.words_on_screen or ("",))[0]
        await opened.press("o", "tab", "enter")
        assert opened.rows.label_of(Neuron(1, 3)) == own, "the neuron's own words come first"
        await opened.press("j", "o")
        await opened.type("CONCEPT 1")
        await opened.press("tab")
        line = opened.screen.query_one(OneLine)._line
        assert line.value.startswith("concept 1")
        await opened.press("escape", "i")
        opened.app.post_message(events.Paste("only\nAP \x1b[31mfilms\n"))
        await opened.rest()
        await opened.press("enter")
        assert opened.rows.judgements[Neuron(1, 4)].note
        assert opened.log.read().lines[-1].deed.text == "only AP ␛[31mfilms"


@pytest.mark.slow
async def test_dead_units_have_labels_and_notes_too(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.go_to(1, 0)
        await opened.press("o", *"dead", "enter", "i", *"why", "enter")
        assert opened.rows.label_of(Neuron(1, 0)) == "dead"
        assert any(text.startswith("dead ") and style == "line--own" for text, style in line_of(opened, 0))
        assert 'label "dead" · r1' in opened.text()


@pytest.mark.slow
async def test_space_marks_single_concepts(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        ranking = [opened.reader.concepts[concept] for concept in opened.answer().ranking]
        annotated = opened.answer().annotated
        await opened.press("2", "space", *"j" * annotated, "space", "space")

        def marks() -> dict[str, str | None]:
            judgement = opened.rows.judgements.get(Neuron(1, 3))
            return {concept: line.deed.mark for concept, line in judgement.concepts.items()} if judgement else {}

        assert marks() == {ranking[0]: "right", ranking[annotated]: "wrong"}
        rows = [line for line in opened.lines() if ranking[0] in line or ranking[annotated] in line]
        assert any(f"✓{ranking[0]}" in line for line in rows)
        assert any(f"✗{ranking[annotated]}" in line for line in rows)
        assert f"right: {ranking[0]} · wrong: {ranking[annotated]}" in opened.text()
        await opened.press("space")
        assert marks() == {ranking[0]: "right"}
        assert latest(opened.log) == {}
        await opened.press_together("n", "space")
        last = opened.log.read().lines[-1]
        best = opened.reader.concepts[int(opened.answer().ranking[0])]
        assert (last.neuron, last.deed.concept) == ("layer1:4", best), "it waits for the ranking of the next neuron"
