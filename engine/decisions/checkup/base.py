"""What a check of the check-up is, and what all of them look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from engine.annotation.cuts import Cuts
from engine.decisions.audit.live import Audit
from engine.decisions.outputs import Outcomes
from engine.evidence.answers import LayerEvidence
from engine.evidence.live import Evidence
from engine.evidence.metadata import Metadata
from engine.requery import LayerAnswer, Requery
from engine.store.reader import RunReader

Of = Literal["neurons", "classes", "warnings"]
"""What a check counts"""
Unit = tuple[str, int]
"""A neuron: its layer and its unit"""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has found."""

    found: int
    among: int
    """Of how many; 0 for a count without a whole"""
    says: str
    """Plain text after the count, such as "have 90 % of their images in one view (AP 14)". Names stand as in the run"""
    neurons: tuple[Unit, ...] = ()
    """Those that it found, in the run's order"""
    classes: tuple[str, ...] = ()
    """The outputs that it found"""
    unknown: str = ""
    """Why it could not look, or not at all of them, as a sentence; "" if it could"""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the check-up."""

    name: str
    """Identifies it: in the filter `check:NAME`, in --fail-on and in JSON"""
    title: str
    """A few words"""
    of: Of
    look: Callable[[Material], Finding]
    slow: bool = False
    """Whether it needs evidence of all layers, which takes seconds for each layer of a large run"""


class Material:
    """An open run at some cuts. Everything is computed when it is first asked for, and kept."""

    def __init__(
        self,
        reader: RunReader,
        requery: Requery,
        evidence: Evidence,
        cuts: Cuts,
        outcomes: Callable[[], Outcomes | None] | None = None,
    ) -> None:
        """`outcomes` gives what the model predicts, where somebody else holds it: 100 MB for a million films."""
        self.reader = reader
        self.requery = requery
        self.cuts = cuts
        self._evidence = evidence
        self._outcomes = outcomes
        self._answers: dict[str, LayerAnswer] = {}

    def answer(self, layer: str) -> LayerAnswer:
        """The words of a layer's units."""
        if layer not in self._answers:
            self._answers[layer] = self.requery.layer(layer, self.cuts)
        return self._answers[layer]

    def evidence(self, layer: str) -> LayerEvidence:
        """The evidence of a layer's units."""
        return self._evidence.layer(layer, self.cuts)

    @cached_property
    def metadata(self) -> Metadata:
        return Metadata.of(self.reader)

    @cached_property
    def outcomes(self) -> Outcomes | None:
        """None where the run does not hold the model's outputs."""
        return self._outcomes() if self._outcomes else Outcomes.of(self.reader)

    @cached_property
    def audit(self) -> Audit:
        """What outputs and neurons follow beside findings."""
        return Audit(self.reader, self.outcomes, self._evidence.finder)

    @property
    def neurons(self) -> int:
        """The neurons of all layers."""
        return sum(layer.units for layer in self.reader.layers)


def lacking(reader: RunReader, *what: str) -> str:
    """Why a run does not hold one of these things, with the line that adds it; "" where it says nothing of them."""
    lack = next((lack for lack in reader.missing if lack.what in what), None)
    return "" if lack is None else f"{lack.why}{f' To add it: {lack.remedy}.' if lack.remedy else ''}"


def counted(counts: dict[str, int], most: int = 3) -> str:
    """The most frequent names with their counts, such as "AP 14, PA 6 and 2 more"; "" for none."""
    order = sorted(counts, key=lambda name: (-counts[name], name))
    told = ", ".join(f"{name} {counts[name]}" for name in order[:most])
    return f"{told} and {len(order) - most} more" if len(order) > most else told
