"""The units that raised and lowered an output of a film most, with their words, trust and verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.decisions.film import FilmDecision
from engine.evidence.columns import TRUST
from engine.evidence.details import Trust
from mammi_tui.neurons.figures import TRUST_MARKS
from mammi_tui.neurons.marks import HOLLOW_MARKS, VERDICT_MARKS
from mammi_tui.neurons.rows import Neuron, NeuronRows
from mammi_tui.text import MINUS, clean, fit
from mammi_tui.views.signed_bars import signed, signed_bar
from mammi_tui.widgets.lines import Part
from mammi_tui.widgets.reasoned_list import ReasonedList

FIRST = 12
"""Units whose common share is told"""
LEAST_TOTAL, MOST_SHARE = 0.005, 1.5
"""Outside these, a share of the sum would say little: the sum itself is told"""
NUMBER, LEAST_WORDS, MOST_BAR = 7, 10, 20


class UnitShare(NamedTuple):
    """A line: a unit and its share of the output, or with no share the head of the layer that follows."""

    name: str
    share: float | None
    neuron: Neuron | None
    """None for inputs of the head that no tapped layer gives"""


def shares_of_units(
    decision: FilmDecision, number: int, layers: Sequence[str]
) -> tuple[list[UnitShare], Sequence[str]]:
    """The units for one class, by the size of their shares, those of hidden layers after those of the head; and a
    sentence on the sum, the longest form first. ([], ()) where the run keeps none."""
    found, head = decision.shares(number), decision.head
    rows: list[UnitShare] = []
    said: Sequence[str] = ()
    if found is not None and head is not None:
        name = "input" if head.layer is None else short(layers[head.layer])
        for unit, share in zip(found.units.tolist(), found.shares.tolist(), strict=True):
            neuron = None if head.layer is None else Neuron(head.layer, unit)
            rows.append(UnitShare(f"{name}:{unit}", share, neuron))
        said = told(found.of_first(FIRST), found.total, len(rows))
    for each in decision.hidden:
        places = [place for place, other in enumerate(each.classes.tolist()) if other == number]
        for place in places:
            rows.append(UnitShare(f"{layers[each.layer]}: a · ∂output/∂a", None, None))
            for unit, share in zip(each.units[place].tolist(), each.shares[place].tolist(), strict=True):
                rows.append(UnitShare(f"{short(layers[each.layer])}:{unit}", share, Neuron(each.layer, unit)))
    return rows, said


def short(layer: str) -> str:
    """The last part of a layer's name."""
    return layer.rpartition(".")[2] or layer


def told(first: float, total: float, units: int) -> tuple[str, ...]:
    """What the first shares sum to, and what all of them do, the longest form first."""
    share = first / total if abs(total) > LEAST_TOTAL else -1.0
    explained = f"explain {100 * share:.0f} %" if 0 <= share <= MOST_SHARE else f"sum to {signed(first, 2)}"
    said = f"the first {min(FIRST, units)} {explained} of {signed(total, 2)}"
    return f"{said}; all {units} sum to output {MINUS} mean output ", f"{said} = output {MINUS} mean ", f"{said} "


class FilmUnits(ReasonedList):
    """Bars to the right raise the output above its mean, bars to the left lower it."""

    BINDING_GROUP_TITLE = "Units behind an output"
    HELP = """
    The units that moved the chosen output away from its mean over the probing set: w · (a − mean of a), the largest
    first. Their words are their annotations at the present α and β; ● ◐ ○ ◌ say how far these are supported, and
    ✓ ✗ ? are your verdicts. The heat map is that of the unit under the cursor. Enter goes to the unit, O to the first
    of its concepts.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("O", "concept", "Concept", id="film.concept", tooltip="To the first concept of this unit's words"),
    ]

    @dataclass
    class WordWanted(Message):
        """The reader wants to look at a concept of the run."""

        concept: int

    def __init__(self, concepts: Sequence[str], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.units: Sequence[UnitShare] = ()
        self.rows: NeuronRows | None = None
        self._concepts = concepts
        self._ends = (0.0, 0.0)
        self._longest = 0

    def show(self, units: Sequence[UnitShare], reason: str) -> None:
        """Draws units, or the reason why there are none; the cursor stays on its unit if that is there."""
        here = self.here()
        self.units, self.reason = units, reason
        shares = [each.share for each in units if each.share is not None]
        self._longest = max((cell_len(each.name) for each in units if each.share is not None), default=0)
        self._ends = min(0.0, *shares, 0.0), max(0.0, *shares, 0.0)
        places = [place for place, each in enumerate(units) if here and each.name == here.name]
        self.set_reactive(FilmUnits.cursor, places[0] if places and self.cursor else 0)
        self.rows_changed()
        self.show_row(self.cursor)

    def here(self) -> UnitShare | None:
        return self.units[self.cursor] if self.cursor < len(self.units) else None

    def go_to(self, neuron: Neuron) -> bool:
        """Puts the cursor on a unit. False where it is not listed."""
        places = [place for place, each in enumerate(self.units) if each.neuron == neuron]
        if places:
            self.cursor = places[0]
        return bool(places)

    def item_count(self) -> int:
        return len(self.units)

    def leads_on(self, index: int) -> bool:
        return self.units[index].share is not None

    def item(self, index: int, width: int) -> Iterable[Part]:
        unit = self.units[index]
        if unit.share is None:
            yield fit(clean(unit.name), width), "line--accent"
            return
        name, bar_cells, words = self._columns(width)
        yield fit(clean(unit.name), name, keep_end=True), "line--strong"
        yield fit(signed(unit.share, 2), NUMBER, right=True) + " ", "line--text"
        yield signed_bar(unit.share, *self._ends, bar_cells), "line--bar" if unit.share >= 0 else "line--bad"
        yield " ", "line--text"
        yield self._verdict(unit.neuron)
        yield self._trust(unit.neuron)
        yield " ", "line--text"
        text, style = self._words(unit.neuron)
        yield fit(text, words), style

    def _columns(self, width: int) -> tuple[int, int, int]:
        """The cells of name, bar and words."""
        name = min(self._longest, max(6, width // 3))
        left = width - name - NUMBER - 1 - 4
        bar_cells = min(MOST_BAR, max(0, left - LEAST_WORDS) // 2)
        return name, bar_cells, max(0, left - bar_cells)

    def annotation(self, neuron: Neuron | None) -> list[str] | None:
        """A unit's annotation at the present cuts, as its concepts came; None before the answer has come."""
        found = self._annotated(neuron)
        return None if found is None else [self._concepts[concept] for concept in found]

    def _annotated(self, neuron: Neuron | None) -> Sequence[int] | None:
        answer = None if neuron is None or self.rows is None else self.rows.answers[neuron.layer]
        if neuron is None or answer is None:
            return None
        return [int(concept) for concept in answer.words.of_unit(neuron.unit)]

    def action_concept(self) -> None:
        here = self.here()
        if here is not None and (found := self._annotated(here.neuron)):
            self.post_message(self.WordWanted(found[0]))

    def _words(self, neuron: Neuron | None) -> Part:
        """A unit's annotation at the present cuts, or its own label, or the class that it stands for."""
        if neuron is None or self.rows is None:
            return "", "line--text"
        if own := self.rows.label_of(neuron):
            return clean(own), "line--own"
        if self.rows.is_dead(neuron):
            return "dead unit", "line--dead"
        words = self.annotation(neuron)
        if words is None:
            return "…", "line--faint"
        return (", ".join(map(clean, words)), "line--text") if words else ("no words", "line--faint")

    def _trust(self, neuron: Neuron | None) -> Part:
        evidence = None if neuron is None or self.rows is None else self.rows.evidence[neuron.layer]
        if neuron is None or evidence is None:
            return " ", "line--faint"
        return TRUST_MARKS[Trust(int(evidence[TRUST][neuron.unit]))]

    def _verdict(self, neuron: Neuron | None) -> Part:
        verdict = None if neuron is None or self.rows is None else self.rows.verdict_of(neuron)
        if neuron is None or verdict is None or self.rows is None:
            return " ", "line--faint"
        return (HOLLOW_MARKS[verdict], "line--faint") if self.rows.is_hollow(neuron) else VERDICT_MARKS[verdict]
