"""Compares two runs, or one run at two cuts: for each neuron the words before and after, and because of what."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.comparing.differences import Differing, differences
from engine.comparing.exchange import FIRST, SECOND, Answers, Exchange, Source
from engine.comparing.films import SharedFilms, shared_films
from engine.comparing.matching import LayerMatch, matched, paired_layers
from engine.comparing.side import Side
from engine.errors import ConfigError, MammiError
from engine.names import find_layer
from engine.store.records import LayerInfo

TOGETHER = "together"
"""The cause where no single exchange changes the words"""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What the words are when one thing alone is exchanged."""

    before: tuple[str, ...]
    """The first run's words with the second run's thing"""
    after: tuple[str, ...]
    """The second run's words with the first run's thing"""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One neuron of the first run."""

    layer: str
    unit: int
    name: str
    """The class that the unit stands for; "" for none"""
    dead: bool
    other_layer: str
    other_unit: int | None
    """Its match; None where no unit matches"""
    correlation: float
    """As LayerMatch.correlations"""
    before: tuple[str, ...] = ()
    """The annotation, by what ranks it"""
    after: tuple[str, ...] = ()
    """The match's"""
    score_before: float = math.nan
    """The best concept's by Eq. 2; NaN for none"""
    score_after: float = math.nan
    because: tuple[str, ...] = ()
    """What changed the words: the things whose exchange alone does so, or TOGETHER; () where they are the same"""
    exchanged: Mapping[str, Exchanged] | None = None

    @property
    def is_matched(self) -> bool:
        return self.other_unit is not None

    @property
    def changed(self) -> bool:
        """Whether the annotations have different words."""
        return self.is_matched and set(self.before) != set(self.after)

    @property
    def moved(self) -> float:
        """By how much the best concept's score moved; NaN where one of the two has none."""
        return self.score_after - self.score_before

    @property
    def change(self) -> float:
        """How much changed: the share of all words of both that only one of them has, from 0 to 1."""
        every = set(self.before) | set(self.after)
        return 1 - len(set(self.before) & set(self.after)) / len(every) if every and self.is_matched else 0.0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A pair of layers that cannot be compared."""

    first: LayerInfo
    second: LayerInfo
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class LayerChanges:
    """One layer, compared."""

    match: LayerMatch
    rows: tuple[Row, ...]
    """By unit"""


class Comparison:
    """Two sides, compared layer by layer. Raises MammiError where no layer has a partner."""

    def __init__(self, first: Side, second: Side, films: SharedFilms | None = None) -> None:
        """`films` are those that the runs share, where they are known already."""
        self.sides = first, second
        self.films = films or shared_films(first.reader, second.reader)
        self.layers = paired_layers(first.reader, second.reader)
        self.differing = Differing.between(self.sides, self.films)
        self.differences = differences(self.sides, self.films, self.differing, self.layers)
        """What differs between the runs, and what does not, in a few words each"""

    @property
    def is_of_one_run(self) -> bool:
        return self.sides[0].reader is self.sides[1].reader

    def chosen(self, layer: str | None) -> list[tuple[LayerInfo, LayerInfo]]:
        """The pair of one layer, or all pairs. Raises ConfigError for a layer of the first run without a partner, or an
        unknown one."""
        if layer is None:
            return self.layers
        found = find_layer(layer, self.sides[0].reader.layers)
        pairs = [pair for pair in self.layers if pair[0] is found]
        if not pairs:
            raise ConfigError(f"layer {found.name}: {self.sides[1].reader.path} has no layer to compare it with.")
        return pairs

    def changes(self, layer: str | None) -> tuple[list[LayerChanges], list[LeftOut]]:
        """One layer, or all, and those that cannot be compared. Raises as `chosen`, and MammiError where none can."""
        found, left_out = [], []
        for pair in self.chosen(layer):
            try:
                found.append(self.layer(pair))
            except MammiError as error:
                left_out.append(LeftOut(*pair, str(error)))
        if not found:
            raise MammiError(left_out[0].reason)
        return found, left_out

    def layer(self, pair: tuple[LayerInfo, LayerInfo]) -> LayerChanges:
        """Compares the neurons of two layers. Raises MammiError as engine.comparing.matching.matched does."""
        match = matched(self.sides, pair, self.films)
        exchange = Exchange(self.sides, self.films, match, other_images=self.differing.images)
        parts = self.differing.exchanges(match)
        singly = {name: (_with(FIRST, part, 1), _with(SECOND, part, 0)) for name, part in parts.items()}
        exchange.prepare([FIRST, SECOND])
        before, after = exchange.answers(FIRST), exchange.answers(SECOND)
        found: dict[str, tuple[Answers, Answers]] = {}
        if any(set(before.words[unit]) != set(after.words[unit]) for unit in np.flatnonzero(match.partners >= 0)):
            exchange.prepare(source for pair in singly.values() for source in pair)
            found = {name: (exchange.answers(one), exchange.answers(other)) for name, (one, other) in singly.items()}
        return LayerChanges(match, tuple(_row(match, unit, (before, after), found) for unit in range(pair[0].units)))


def _with(source: Source, parts: Sequence[str], run: int) -> Source:
    """A source with some things from a run."""
    return source._replace(**dict.fromkeys(parts, run))


def _row(
    match: LayerMatch, unit: int, answers: tuple[Answers, Answers], found: Mapping[str, tuple[Answers, Answers]]
) -> Row:
    name = match.first.unit_names[unit] if match.first.unit_names else ""
    fixed = (match.first.name, unit, name, bool(match.first.dead[unit]), match.second.name)
    before, after = (answer.words[unit] for answer in answers)
    scores = float(answers[0].scores[unit]), float(answers[1].scores[unit])
    correlation, partner = float(match.correlations[unit]), int(match.partners[unit])
    if partner < 0:
        return Row(*fixed, None, correlation, before, score_before=scores[0])
    singly = {thing: Exchanged(one.words[unit], other.words[unit]) for thing, (one, other) in found.items()}
    return Row(*fixed, partner, correlation, before, after, *scores, because(before, after, singly), singly)


def because(before: tuple[str, ...], after: tuple[str, ...], singly: Mapping[str, Exchanged]) -> tuple[str, ...]:
    """What changed the words: the things whose exchange alone changes those of both runs; if there is none, those of
    one run; else TOGETHER. () where the words are the same."""
    if set(before) == set(after):
        return ()
    moves = {
        thing: (set(found.before) != set(before)) + (set(found.after) != set(after)) for thing, found in singly.items()
    }
    most = max(moves.values(), default=0)
    return tuple(thing for thing, count in moves.items() if count == most) if most else (TOGETHER,)


def causes(rows: Sequence[Row]) -> Counter[str]:
    """How many neurons changed because of what, by all causes of each joined with "and"."""
    return Counter(" and ".join(row.because) for row in rows if row.changed)
