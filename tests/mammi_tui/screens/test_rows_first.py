"""At new cuts the neurons on screen come first, and the rest of their layer once the reader rests."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.requery import LayerAnswer, Requery
from engine.store.reader import RunReader
from mammi_tui.neurons.rows import Neuron, NeuronRows
from mammi_tui.neurons.some_units import SomeUnits
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.questions import layer as layer_asking
from tests.support.explorer import Explorer, explorer

CUTS = Cuts(0.7, 0.8)


def test_units_of_two_answers_keep_what_is_theirs(run_path: Path) -> None:
    with RunReader(run_path) as reader:
        requery = Requery(reader)
        whole = requery.layer("layer1", CUTS)
        first, last = ([5, 0, 9], [3, 12])
        some = SomeUnits.of(first, requery.some("layer1", np.array(first), CUTS))
        both = some.joined(SomeUnits.of(last, requery.some("layer1", np.array(last), CUTS)))
        rows = NeuronRows(reader.layers, reader.concepts)
    rows.answers[1], rows.some[1] = whole, both
    for unit in (*first, *last):
        answer, place = rows.found(Neuron(1, unit)) or (whole, -1)
        assert answer.words.of_unit(place) == whole.words.of_unit(unit)
        assert (answer.best[place], answer.counts[place]) == (whole.best[unit], whole.counts[unit])
        assert answer.best_z[place] == pytest.approx(whole.best_z[unit])
    assert rows.found(Neuron(1, 4)) is None, "the layer's own answer is older than that of the units on screen"


def drawn(opened: Explorer) -> dict[int, str]:
    """The line of each unit of the last layer, also of those that are not on screen."""
    tree = opened.screen.query_one(NeuronTree)
    lines = ((tree.rows.at(line), tree.row(line, 70)) for line in range(tree.row_count()))
    return {neuron.unit: "".join(text for text, _ in row) for neuron, row in lines if neuron.layer and neuron.unit >= 0}


async def test_neurons_on_screen_do_not_wait_for_their_layer(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path, size=(100, 16)) as opened:
        gate, asked = threading.Event(), []
        ask = opened.looking.requery.layer

        def slowly(layer: str, cuts: Cuts) -> LayerAnswer:
            asked.append(cuts.alpha)
            assert gate.wait(20)
            return ask(layer, cuts)

        requery = Requery(opened.reader)
        monkeypatch.setattr(opened.looking.requery, "layer", slowly)
        monkeypatch.setattr(opened.looking.requery, "some", lambda *question: requery.some(*question))
        before = drawn(opened)
        for _ in range(5):
            await opened.pilot.press("left_square_bracket")
        while not (opened.rows.some and asked):
            await opened.pilot.pause(0.01)
        first = drawn(opened)
        on_screen = opened.rows.units_on_screen()[1]
        assert 3 < len(on_screen) < 14
        expected = opened.layer_answer(1)
        for unit, line in first.items():
            if unit in on_screen and unit:
                assert line.split()[-1] == f"{expected.counts[unit]:,}"
            elif unit:
                assert "…" in line, "no words of the cuts before"
        assert len(asked) <= 2, "a layer is not asked about while a key is held down"
        gate.set()
        await opened.rest()
        after = drawn(opened)
        assert not opened.rows.some
        assert {unit: after[unit] for unit in on_screen} == {unit: first[unit] for unit in on_screen}
        assert not any("…" in line for line in after.values())
        assert after != before


async def test_an_order_by_numbers_waits_for_all_of_them(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer_asking, "STILL", 100.0)
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("s", "s")
        monkeypatch.setattr(opened.looking.requery, "some", lambda *_: pytest.fail("lines would not be in their order"))
        await opened.pilot.press("left_square_bracket")
        while (answer := opened.rows.answers[1]) is None or answer.cuts != opened.cuts:
            await opened.pilot.pause(0.01)


def test_stored_answers_of_some_units_are_those_of_the_layer(run_path: Path) -> None:
    with RunReader(run_path) as reader:
        units, own = np.array([9, 3, 5]), reader.info.cuts
        some, whole = Requery(reader).some("layer1", units, own), Requery(reader).layer("layer1", own)
    assert [some.words.of_unit(place) for place in range(3)] == [whole.words.of_unit(unit) for unit in units.tolist()]
    for found, among in ((some.best, whole.best), (some.counts, whole.counts), (some.best_z, whole.best_z)):
        assert np.array_equal(found, among[units])
