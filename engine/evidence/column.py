"""What declares an evidence figure, and the layer whose figures are being computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import Cuts
from engine.evidence.details import Floats, Integers
from engine.evidence.written import Written
from engine.store.records import LayerInfo

if TYPE_CHECKING:
    from engine.evidence.contest import Contest
    from engine.evidence.units import Probing, Units

Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column(Generic[Value]):
    """One figure of a neuron: how it is computed, how it is written, and where it appears.

    A column with `of_units` or `of_layer` is computed once for a layer, α and concept set. A column with neither
    depends on β: engine.evidence.live sets it.
    """

    name: str
    """Its column in an exported table and its key in JSON"""
    written: Written
    digits: int = 3
    """Decimals of a NUMBER or an INTERVAL"""
    of_units: Callable[[Units], NDArray[Value]] | None = None
    """Its values [n] for n units, all with representative images. Other units get the blank of `written`."""
    of_layer: Callable[[LayerUnits], NDArray[Value]] | None = None
    """Its values [units] for a whole layer, from its means and from the columns that stand before it in COLUMNS"""
    compared: bool = False
    """Whether a unit's evidence depends on this figure of every unit of its layer"""
    in_table: bool = True
    """Whether the exported table of evidence has it"""
    in_json: bool = True
    """Whether `mammi show --evidence --json` has it under its name, beside the lists that go into detail"""
    title: str = ""
    """What its line in a neuron's evidence says where nothing is against the figure; "" if it has no line.

    engine.evidence.findings has what the line says otherwise.
    """
    help: str = ""
    """What the figure says, in the help of its line and in the documentation; `meaning` where it is empty"""
    word: str = ""
    """The word by which a filter compares it; "" if it cannot be compared"""
    head: str = ""
    """The heading, of at most six cells, over its column in the neurons pane; `word` where it is empty"""
    meaning: str = ""
    """What the word means, in a few words; goes with `word`"""
    order: str = ""
    """The name of the order that sorts neurons by it, the best first; "" if it sorts none"""
    best: Literal["lowest", "highest"] = "highest"
    """Which end of its range is the best"""
    then: tuple[Column[Any], ...] = ()
    """The columns that decide between neurons of equal value, in turn"""


@dataclass(frozen=True, slots=True, eq=False)
class LayerUnits:
    """All units of a layer, with or without representative images: `units[COLUMN]` is [units].

    What computes a figure is imported when the figure is computed: to declare figures must not take long.
    """

    probing: Probing
    contest: Contest
    layer: LayerInfo
    cuts: Cuts
    counts: Integers
    """Representative images, [units]"""
    means: Floats
    """Means of the representatives' unit embeddings, [units, d]; 0 without representatives"""
    figures: dict[Column[Any], NDArray[Any]]
    """The columns that are computed already"""

    def __getitem__(self, column: Column[Value]) -> NDArray[Value]:
        return self.figures[column]

    def q_values(self, p_values: Floats) -> Floats:
        """p-values [units], corrected over the units."""
        from engine.evidence import significance

        return significance.q_values_of_units(p_values, self.counts)

    def alpha_intervals(self, best: Integers) -> Floats:
        """The interval of α in which each unit's best concept stays, [units, 2]."""
        from engine.evidence import alpha_path

        run, competing = self.probing, self.contest.competing
        return alpha_path.intervals(run.reader, run.requery, self.layer, self.cuts, competing, best)

    def template_bests(self) -> Integers:
        """The best concept under each of the T other templates, [units, T]."""
        from engine.evidence import templates

        population = self.probing.population
        return templates.best_concepts(self.probing.reader, population, self.contest.competing, self.means, self.counts)

    def template_agreements(self, bests: Integers, best: Integers) -> Floats:
        """The share of the other templates that have the same best concept, [units]."""
        from engine.evidence import templates

        return templates.agreement(bests, best)

    def tightness(self) -> Floats:
        """The mean cosine between two representative images, [units]."""
        from engine.evidence import two_means

        return two_means.tightness(self.means, self.counts)
