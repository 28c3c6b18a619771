"""The promises of engine.methods.base.Method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.annotation.cuts import Cuts
from engine.errors import MammiError
from engine.methods.base import Method, MethodAnswer
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.testing.promises import expect, from_threads, raising

UNITS = 24
"""The most units of each layer that are checked"""


def check_method(load: Callable[[RunReader, Requery], Method], run: Path) -> None:
    """Checks a method over a run file, such as the one that `mammi demo --no-open` makes.

    `load` is the `load(options, reader, requery)` of the method's module with its options filled in.
    """
    with RunReader(run) as reader:
        requery = Requery(reader)
        method = load(reader, requery)
        for what in ("name", "title"):
            value = getattr(method, what, None)
            expect(isinstance(value, str) and value, f"{what} must be a text that is not empty, not {value!r}")
        neurons = [(layer.name, unit) for layer in reader.layers for unit in range(min(layer.units, UNITS))]
        cuts = reader.info.cuts
        first = [method.neuron(layer, unit, cuts) for layer, unit in neurons]
        for (layer, unit), answer in zip(neurons, first, strict=True):
            _check_answer(f"{layer}:{unit}", method.name, answer)
        for results in from_threads(lambda neuron: method.neuron(*neuron, cuts), neurons):
            same = all(map(_same, results, first))
            expect(same, "neuron must give the same answer each time, also to several threads at once")
        dead = {(layer.name, unit) for layer in reader.layers for unit in np.flatnonzero(layer.dead).tolist()}
        for neuron, answer in zip(neurons, first, strict=True):
            alive = neuron not in dead or answer.annotated == 0
            expect(alive, f"{neuron[0]}:{neuron[1]} is dead, so it must have no annotation")
        _check_errors(method, reader)


def _check_answer(neuron: str, name: str, answer: MethodAnswer) -> None:
    count = len(answer.concepts)
    expect(answer.method == name, f"{neuron}: an answer's method must be {name!r}, not {answer.method!r}")
    expect(answer.scores.shape == (count,), f"{neuron}: there must be a score for each of the {count} concepts")
    expect(np.isfinite(answer.scores).all(), f"{neuron}: scores must be finite")
    expect(0 <= answer.annotated <= count, f"{neuron}: annotated must be at most the number of concepts, {count}")
    for part in np.split(answer.scores, [answer.annotated]):
        expect((np.diff(part) <= 0).all(), f"{neuron}: scores must descend, in the annotation and after it")
    expect(count or answer.note, f"{neuron}: an answer without concepts must say why, in its note")
    if answer.p_values is not None:
        expect(answer.p_values.shape == (count,), f"{neuron}: there must be a p-value for each of the {count} concepts")
    expect(len(answer.details) in (0, count), f"{neuron}: there must be a detail for each concept, or for none")


def _check_errors(method: Method, reader: RunReader) -> None:
    layer, cuts = reader.layers[0], reader.info.cuts
    with raising(MammiError, "neuron of an unknown layer"):
        method.neuron("no such layer", 0, cuts)
    with raising(MammiError, "neuron of an unknown unit"):
        method.neuron(layer.name, layer.units, cuts)
    with raising(MammiError, "neuron with an unknown concept set"):
        method.neuron(layer.name, 0, Cuts(cuts.alpha, cuts.beta, "no such set"))


def _same(one: MethodAnswer, other: MethodAnswer) -> bool:
    return (one.concepts, one.annotated, one.note) == (other.concepts, other.annotated, other.note) and np.array_equal(
        one.scores, other.scores
    )
