"""Reads the verdicts from the log when the explorer starts, and adds those that the reader gives."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import MammiError
from engine.requery import NeuronAnswer
from mammi_tui.neurons.rows import Neuron, NeuronRows
from mammi_tui.neurons.verdicts import Verdict, VerdictLog


def take_up(log: VerdictLog, rows: NeuronRows) -> None:
    """Copies the log's standing verdicts to `rows`, without those on neurons that the run lacks."""
    layers = {layer.name: position for position, layer in enumerate(rows.layers)}
    for name, line in log.latest().items():
        layer_name, _, unit = name.rpartition(":")
        layer = layers.get(layer_name)
        if layer is None or not unit.isdecimal() or int(unit) >= rows.layers[layer].units:
            continue
        neuron = Neuron(layer, int(unit))
        if not rows.is_dead(neuron):
            rows.verdicts[neuron] = line.verdict


def judge(
    log: VerdictLog,
    rows: NeuronRows,
    neuron: Neuron,
    verdict: Verdict,
    answer: NeuronAnswer | None,
    concepts: Sequence[str],
) -> None:
    """Adds a verdict on the annotation in `answer`, which is on screen, to the log and to `rows`.

    Raises MammiError where there is nothing to judge: on a dead unit, or before the answer is on screen (None).
    """
    name = rows.name_of(neuron)
    if rows.is_dead(neuron):
        raise MammiError(f"{name} is a dead unit: there is no annotation to judge")
    if answer is None:
        raise MammiError(f"{name} is still being computed: its annotation is not on screen yet")
    seen = [concepts[concept] for concept in answer.ranking[: answer.annotated]]
    log.append(name, verdict, answer.cuts, seen)
    if verdict == "clear":
        rows.verdicts.pop(neuron, None)
    else:
        rows.verdicts[neuron] = verdict
