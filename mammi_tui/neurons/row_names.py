"""The names in the lines of the neurons pane: layers, classes, concepts and findings, each in a column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from mammi_tui.neurons.rows import Neuron, NeuronRows
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean


class RowNames:
    """Clean names with their short forms. Those that come with answers follow the answers."""

    def __init__(self, rows: NeuronRows, concepts: Iterable[str]) -> None:
        self._rows = rows
        self.concepts = ShortNames(concepts)
        self.layers = ShortNames((layer.name for layer in rows.layers), keep_end=True)
        self.units = [ShortNames(layer.unit_names) for layer in rows.layers]
        """The classes that the units of each layer stand for; none where the run names none"""
        self.classes = ShortNames(name for names in self.units for name in names)
        self._findings = ShortNames(())
        self._findings_of: list[Sequence[str]] = []
        self._longest_best = 0
        self._bests: list[NDArray[np.int64]] = []

    def label_of(self, neuron: Neuron) -> str:
        """The reader's own label, clean; "" if there is none."""
        return clean(self._rows.label_of(neuron))

    @property
    def findings(self) -> ShortNames:
        """Those of all layers that have been answered."""
        if _are_others(self._findings_of, self._rows.findings):
            self._findings_of = list(self._rows.findings)
            self._findings = ShortNames({finding for findings in self._findings_of for finding in findings})
        return self._findings

    @property
    def longest_best(self) -> int:
        """The cells of the longest best concept in any answer."""
        bests = [answer.best for answer in self._rows.answers if answer]
        if _are_others(self._bests, bests):
            self._bests = bests
            different = {int(best) for of_layer in bests for best in np.unique(of_layer) if best >= 0}
            self._longest_best = max((cell_len(self.concepts[best]) for best in different), default=0)
        return self._longest_best


def _are_others(before: Sequence[object], now: Sequence[object]) -> bool:
    """Whether the two are not the same objects in the same order."""
    return list(map(id, before)) != list(map(id, now))
