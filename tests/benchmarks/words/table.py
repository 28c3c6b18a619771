"""The study's table: means over populations with 95 % intervals, and differences to the paper's rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, sqrt

import numpy as np

from tests.benchmarks.words.measure import Score
from tests.benchmarks.words.rules import BASE

WHAT = ("hits", "final_hits", "final_f1")


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over populations, and half the width of its 95 % interval (Student's t); NaN for fewer than two."""

    mean: float
    half: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Interval:
        from scipy.special import stdtrit

        known = [value for value in values if not isnan(value)]
        if not known:
            return cls(float("nan"), float("nan"), 0)
        if len(known) == 1:
            return cls(known[0], float("nan"), 1)
        error = float(np.std(known, ddof=1)) / sqrt(len(known))
        return cls(float(np.mean(known)), float(stdtrit(len(known) - 1, 0.975)) * error, len(known))

    def text(self, *, signed: bool = False) -> str:
        if isnan(self.mean):
            return "–"
        mean = f"{self.mean:+.3f}" if signed else f"{self.mean:.3f}"
        return (mean if isnan(self.half) else f"{mean} ± {self.half:.3f}").replace("-", "−")


@dataclass(frozen=True, slots=True)
class Row:
    """One method with one concept set, over some classifiers."""

    concept_set: str
    method: str
    units: float
    """Hidden units scored for each run, on average"""
    chance: Interval
    values: dict[str, Interval]
    """By WHAT"""
    differences: dict[str, Interval]
    """By WHAT: to BASE, of the same populations and classifiers"""


def rows(scores: Sequence[Score], classifiers: Sequence[str]) -> list[Row]:
    """A row for each concept set and method: the mean over the classifiers for each population, then over these.

    A classifier for which a method has no answer is left out of that method's row, and of its differences.
    """
    found = []
    for concept_set in dict.fromkeys(score.concept_set for score in scores):
        of_set = [score for score in scores if score.concept_set == concept_set and score.classifier in classifiers]
        base = {(score.films, score.classifier): score for score in of_set if score.method == BASE}
        for method in dict.fromkeys(score.method for score in of_set):
            own = [score for score in of_set if score.method == method]
            found.append(_row(concept_set, method, own, base))
    return found


def _row(concept_set: str, method: str, own: list[Score], base: dict[tuple[str, str], Score]) -> Row:
    def against(score: Score, what: str) -> float:
        return getattr(score, what) - getattr(base[score.films, score.classifier], what)

    return Row(
        *(concept_set, method, float(np.mean([score.units for score in own])) if own else 0.0),
        chance=_over_films(own, [score.chance for score in own]),
        values={what: _over_films(own, [getattr(score, what) for score in own]) for what in WHAT},
        differences={what: _over_films(own, [against(score, what) for score in own]) for what in WHAT},
    )


def _over_films(scores: list[Score], values: list[float]) -> Interval:
    by_films: dict[str, list[float]] = {}
    for score, value in zip(scores, values, strict=True):
        if not isnan(value):
            by_films.setdefault(score.films, []).append(value)
    return Interval.of([float(np.mean(each)) for each in by_films.values()])


_HEADS = ("", "hidden units: best word right", "less Eq. 2's", "chance", "classes: best word right", "annotation F1")


def cells(row: Row) -> tuple[str, ...]:
    difference = "" if row.method == BASE else row.differences["hits"].text(signed=True)
    chance = Interval(row.chance.mean, float("nan"), 1).text()
    return (
        *(row.method, row.values["hits"].text(), difference, chance),
        *(row.values["final_hits"].text(), row.values["final_f1"].text()),
    )


def markdown(found: Sequence[Row]) -> str:
    """One table for each concept set."""
    lines = []
    for concept_set in dict.fromkeys(row.concept_set for row in found):
        lines += [f"Concept set: {concept_set}", "", f"| {' | '.join(_HEADS)} |", "| --- |" + " --: |" * 5]
        lines += [f"| {' | '.join(cells(row))} |" for row in found if row.concept_set == concept_set]
        lines.append("")
    return "\n".join(lines)


def by_classifier(parts: Mapping[str, Sequence[Row]]) -> str:
    """The hidden units' hits by classifier, one table for each concept set, as Markdown."""
    lines = []
    first = next(iter(parts.values()))
    for concept_set in dict.fromkeys(row.concept_set for row in first):
        lines += [f"Concept set: {concept_set}", "", f"| | {' | '.join(parts)} |", "| --- |" + " --: |" * len(parts)]
        for method in dict.fromkeys(row.method for row in first):
            found = {
                name: row.values["hits"].text()
                for name, own in parts.items()
                for row in own
                if (row.concept_set, row.method) == (concept_set, method)
            }
            lines.append(f"| {method} | {' | '.join(found.get(name, '–') for name in parts)} |")
        lines.append("")
    return "\n".join(lines)


def text(found: Sequence[Row]) -> str:
    """The same for a terminal."""
    lines = []
    for concept_set in dict.fromkeys(row.concept_set for row in found):
        of_set = [cells(row) for row in found if row.concept_set == concept_set]
        table = [_HEADS, *of_set]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines.append(f"Concept set: {concept_set}")
        for line in table:
            first, *others = (
                cell.ljust(width) if not place else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            lines.append("  ".join([first, *others]).rstrip())
        lines.append("")
    return "\n".join(lines)
