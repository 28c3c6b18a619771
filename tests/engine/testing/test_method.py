"""check_method passes our own methods, and fails each broken promise by its own sentence."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.methods import KINDS, mammi
from engine.methods.base import Method, MethodAnswer
from engine.methods.panel import Panel
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.testing import check_method
from tests.support.runs import small_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("run"), sets=2, captions=12, methods={name: {} for name in KINDS})


@pytest.mark.parametrize("name", KINDS)
def test_our_own_methods(name: str, run: Path) -> None:
    def load(reader: RunReader, requery: Requery) -> Method:
        return next(method for method in Panel(reader, requery).methods if method.name == name)

    check_method(load, run)


class Changed:
    """MAMMI with its answers changed by a function."""

    title = "changed"

    def __init__(self, change: Callable[[MethodAnswer], MethodAnswer], reader: RunReader, requery: Requery) -> None:
        self.name = "mammi"
        self._inner = mammi.load(mammi.Options(), reader, requery)
        self._change = change

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        return self._change(self._inner.neuron(layer, unit, cuts))


class Lenient(Changed):
    """Answers for neurons and concept sets that the run lacks, where it is told to."""

    def __init__(self, what: str, reader: RunReader, requery: Requery) -> None:
        super().__init__(lambda answer: answer, reader, requery)
        self._what = what
        self._layers = {layer.name: layer.units for layer in reader.layers}

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        if self._what == "layer" and layer not in self._layers:
            layer = next(iter(self._layers))
        if self._what == "unit":
            unit = min(unit, self._layers.get(layer, 1) - 1)
        if self._what == "concept set":
            cuts = Cuts(cuts.alpha, cuts.beta)
        return super().neuron(layer, unit, cuts)


def having(**changes: Any) -> Callable[[RunReader, Requery], Any]:
    return partial(Changed, lambda answer: replace(answer, **changes))


def changed(change: Callable[[MethodAnswer], MethodAnswer]) -> Callable[[RunReader, Requery], Any]:
    return partial(Changed, change)


@pytest.mark.parametrize(
    ("load", "sentence"),
    [
        (having(method="other"), "layer0:0: an answer's method must be 'mammi', not 'other'"),
        (having(scores=np.ones(3)), "layer0:0: there must be a score for each of the 0 concepts"),
        (having(annotated=1000), "layer0:0: annotated must be at most the number of concepts, 0"),
        (
            having(note="", concepts=(), scores=np.empty(0), annotated=0),
            "layer0:0: an answer without concepts must say",
        ),
        (having(p_values=np.ones(1)), "layer0:0: there must be a p-value for each of the 0 concepts"),
        (having(details=("x",)), "layer0:0: there must be a detail for each concept, or for none"),
        (changed(lambda a: replace(a, scores=a.scores * np.nan)), "layer0:1: scores must be finite"),
        (changed(lambda a: replace(a, scores=-a.scores)), "layer0:1: scores must descend"),
        (
            changed(lambda a: replace(a, scores=a.scores + random.random())),
            "neuron must give the same answer each time, also to several threads at once",
        ),
        (
            changed(lambda a: a if a.concepts else MethodAnswer(a.method, ("heart",), np.ones(1), 1)),
            "layer0:0 is dead, so it must have no annotation",
        ),
        (partial(Lenient, "layer"), "neuron of an unknown layer must raise MammiError"),
        (partial(Lenient, "unit"), "neuron of an unknown unit must raise MammiError"),
        (partial(Lenient, "concept set"), "neuron with an unknown concept set must raise MammiError"),
    ],
)
def test_a_broken_promise_is_named(load: Callable[[RunReader, Requery], Method], sentence: str, run: Path) -> None:
    with pytest.raises(AssertionError) as raised:
        check_method(load, run)
    assert str(raised.value).startswith(sentence)
