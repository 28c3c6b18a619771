"""Lines of the neurons pane: filter, order, triage. Without a screen."""

from __future__ import annotations

from operator import eq
from pathlib import Path

import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.reader import RunReader
from mammi_tui.neurons.order import BY_IMAGES, BY_SCORE, ORDERS, order_named
from mammi_tui.neurons.rows import LAYER_LINE, Neuron, NeuronRows
from mammi_tui.neurons.triage import take_up
from mammi_tui.verdicts.log import VerdictLog
from tests.support.verdicts import judge


@pytest.fixture
def rows(run_path: Path) -> NeuronRows:
    with RunReader(run_path) as reader:
        rows = NeuronRows(reader.layers, reader.concepts)
        requery = Requery(reader)
        for position, layer in enumerate(reader.layers):
            rows.answers[position] = requery.layer(layer.name, Cuts(0.9, 0.9))
            rows.findings[position] = reader.findings(layer.name)
    rows.rebuild()
    return rows


def shown(rows: NeuronRows) -> list[Neuron]:
    return [rows.at(line) for line in range(len(rows))]


def filtered(rows: NeuronRows, query: str) -> list[Neuron]:
    rows.query = query
    rows.rebuild()
    return [neuron for neuron in shown(rows) if neuron.unit != LAYER_LINE]


def test_closed_layers_are_one_line_each(rows: NeuronRows) -> None:
    assert shown(rows) == [Neuron(0, LAYER_LINE), Neuron(1, LAYER_LINE)]
    rows.open.add(0)
    rows.rebuild()
    assert shown(rows) == [*(Neuron(0, unit) for unit in range(LAYER_LINE, 8)), Neuron(1, LAYER_LINE)]
    assert rows.line_of(Neuron(0, 3)) == 4
    assert rows.line_of(Neuron(1, 3)) is None


def test_numbers_find_units_by_their_first_digits(rows: NeuronRows) -> None:
    assert filtered(rows, "1") == [Neuron(0, 1), *(Neuron(1, unit) for unit in (1, 10, 11, 12, 13))]
    assert filtered(rows, "layer1:1") == [Neuron(1, 1)]


def test_every_word_must_be_found(rows: NeuronRows) -> None:
    assert filtered(rows, "layer1 DEAD") == [Neuron(1, 0)]
    assert filtered(rows, "class") == [Neuron(1, unit) for unit in range(14)]
    assert filtered(rows, '"class 1"') == [Neuron(1, unit) for unit in (1, 10, 11, 12, 13)]
    assert filtered(rows, "nothing of the kind") == []


def test_units_without_concepts_come_last(rows: NeuronRows) -> None:
    for order in (BY_SCORE, BY_IMAGES):
        rows.order = order
        rows.rebuild()
        assert rows.matches[1][-1] == 0, "the dead unit"


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("name", [name for name in ORDERS if name != "unit"])
def test_in_every_order_what_is_missing_comes_last_and_ties_go_by_unit(
    rows: NeuronRows, run_path: Path, name: str, flipped: bool
) -> None:
    rows.order, rows.flipped = ORDERS[name], flipped
    with RunReader(run_path) as reader:
        live = Evidence(reader, Requery(reader))
        rows.evidence = [live.layer(layer.name, Cuts(0.9, 0.9)) for layer in reader.layers]
        rows.matters = [np.arange(layer.units) % 3.0 for layer in reader.layers]
    rows.rebuild()
    for layer, units in enumerate(rows.matches):
        facts = rows._facts[layer]
        keys = rows.order.keys(rows._facts_of.units(layer, facts, rows.findings[layer]), flipped=flipped)
        values = [tuple(np.nan_to_num(key[unit], nan=np.inf) for key in reversed(keys)) for unit in units]
        assert values == sorted(values)
        equal = map(eq, values[:-1], values[1:])
        assert all(not same or one < other for one, other, same in zip(units[:-1], units[1:], equal, strict=True))
        if name not in ("finding", "attribute"):  # other units may have none either
            assert units[-1] == 0, "the dead unit"


def test_orders_have_letters_of_their_own() -> None:
    letters = [order.key for order in ORDERS.values()]
    assert len(set(letters)) == len(letters)
    assert all(len(letter) == 1 for letter in letters)
    assert [order_named(order.name) for order in ORDERS.values()] == list(ORDERS.values())
    assert order_named("beauty") is None
    by_z = order_named("z")
    assert by_z is not None
    assert (by_z.key, by_z.needs_evidence) == ("z", False)


def test_the_next_undecided_goes_round_and_passes_dead_units(rows: NeuronRows, tmp_path: Path) -> None:
    assert rows.next_undecided(Neuron(1, 13), 1)[0] == Neuron(0, 1)
    assert rows.next_undecided(Neuron(0, 1), -1)[0] == Neuron(1, 13)
    assert rows.next_undecided(Neuron(1, LAYER_LINE), 1)[0] == Neuron(1, 1)
    assert rows.next_undecided(Neuron(1, 5), 3) == (Neuron(1, 8), False)
    assert rows.next_undecided(Neuron(1, 5), -3) == (Neuron(1, 2), False)
    assert rows.next_undecided(Neuron(1, 12), 3) == (Neuron(0, 2), True)
    assert rows.next_undecided(Neuron(1, 12), 99_999)[1]
    log = VerdictLog(tmp_path / "run.duckdb", "hash")
    for unit in range(1, 8):
        judge(log, f"layer0:{unit}", "accept")
    take_up(log, rows)
    assert rows.next_undecided(Neuron(1, 13), 1)[0] == Neuron(1, 1)
    assert rows.progress() == (7, 20)
    for unit in range(1, 14):
        judge(log, f"layer1:{unit}", "unsure")
    take_up(log, rows)
    assert rows.next_undecided(Neuron(1, 5), 1) == (None, False)


def test_a_lone_undecided_neuron_is_not_its_own_next(rows: NeuronRows) -> None:
    filtered(rows, "layer0:5")
    assert rows.next_undecided(Neuron(0, 5), 1) == (None, False)


def test_verdicts_of_unknown_neurons_are_left_out(rows: NeuronRows, tmp_path: Path) -> None:
    log = VerdictLog(tmp_path / "run.duckdb", "hash")
    for name in ("layer0:3", "layer0:99", "layer0:x", "layer9:1", "layer0:0", "nonsense", "layer1:4"):
        judge(log, name, "reject")
    take_up(log, rows)
    verdicts = {neuron: rows.verdict_of(neuron) for neuron in rows.judgements if rows.verdict_of(neuron)}
    assert verdicts == {Neuron(0, 3): "reject", Neuron(1, 4): "reject"}
