"""Undo and redo of verdicts, labels, notes and marks: own lines only, and the cursor goes to the neuron."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammi_tui.neurons.rows import Neuron
from mammi_tui.verdicts.lines import Deed
from tests.support.explorer import Explorer, explorer
from tests.support.verdicts import do, judge, latest


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAMMI_READER", "r1")


def last_said(opened: Explorer) -> str:
    return [toast.message for toast in opened.app._notifications][-1]


@pytest.mark.slow
async def test_every_act_can_be_taken_back_and_done_again(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("z")
        assert last_said(opened) == "Nothing of r1's to take back"
        await opened.press("y", "o", *"word", "enter", "i", *"odd", "enter", "2", "space")
        concept = opened.reader.concepts[int(opened.answer().ranking[0])]
        expected = [f'"{concept}" right of layer1:4', 'note "odd" of layer1:4', 'label "word" of layer1:4',
                    "accept of layer1:3"]  # fmt: skip
        for text in expected:
            await opened.press("z")
            assert last_said(opened) == f"{text} taken back · Z does it again"
        assert opened.neuron == "layer1:3"
        assert opened.rows.judgements == {}
        for text in reversed(expected):
            await opened.press("Z")
            assert last_said(opened) == f"{text} done again · z takes it back"
        await opened.press("Z")
        assert last_said(opened) == "Nothing to do again"
        assert latest(opened.log) == {"layer1:3": "accept"}
        assert opened.rows.label_of(Neuron(1, 4)) == "word"
        assert len(opened.log.read().lines) == 12, "nothing was rewritten"


@pytest.mark.slow
async def test_undo_goes_to_its_neuron_wherever_that_is(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("y")
        monkeypatch.setenv("MAMMI_READER", "r2")
        judge(opened.log, "layer0:4", "reject")
        monkeypatch.setenv("MAMMI_READER", "r1")
        await opened.press("slash", *"class", "space", "1", "2", "enter")
        assert opened.rows.line_of(Neuron(1, 3)) is None
        await opened.press("z")
        assert opened.neuron == "layer1:3"
        assert last_said(opened).endswith("Z does it again · the filter hid it and is cleared")
        await opened.press("Z", "h", "h", "k")
        assert 1 not in opened.rows.open
        await opened.press("z")
        assert opened.neuron == "layer1:3"
        assert opened.screen.neurons.outline.here() == Neuron(1, 3)
        await opened.press("z")
        assert last_said(opened) == "Nothing of r1's to take back", "the other line is another reader's"


@pytest.mark.slow
async def test_an_act_on_a_neuron_that_the_run_lacks_is_taken_back_where_one_is(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        do(opened.log, "layer9:1", Deed("note", text="gone"))
        await opened.press("z")
        assert last_said(opened) == (
            'note "gone" of layer9:1 taken back · Z does it again · the run has no such neuron'
        )
        assert opened.neuron == "layer1:3"
