"""How far readers agree beyond chance: Cohen's κ for two readers, Fleiss' κ for more, with 95 % intervals.

The categories are whatever the readers chose, without an order between them. Sources:

- Cohen (1960), Educ Psychol Meas 20:37; its standard error from Fleiss, Cohen & Everitt (1969), Psychol Bull 72:323,
  formula for κ ≠ 0.
- Fleiss (1971), Psychol Bull 76:378, as Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., ch. 2 and 5, extends
  it to subjects that not all have judged, and its variance. Without gaps it is Fleiss' own κ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammi_tui.text import MINUS

_Z = 1.959963984540054
"""The normal distribution's 97.5 % quantile"""
FEW = 30
"""Neurons below which a large-sample interval is rough"""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far some readers agree on some neurons."""

    readers: tuple[str, ...]
    neurons: int
    """Judged by two readers or more: those that κ counts"""
    differ: int
    """Those among them on which not all say the same"""
    kappa: float | None = None
    interval: tuple[float, float] | None = None
    """95 %, within −1 and 1"""
    lacks: str = ""
    """Why there is no κ, or no interval"""

    @property
    def name(self) -> str:
        return "Fleiss' κ" if len(self.readers) > 2 else "Cohen's κ"

    @property
    def is_rough(self) -> bool:
        """Whether the interval rests on few neurons."""
        return self.interval is not None and self.neurons < FEW

    @property
    def kappa_text(self) -> str:
        """Such as `κ 0.71 (0.55 to 0.87)`, or `κ –` where it is not defined."""
        return self._kappa_text(" to ")

    def _kappa_text(self, to: str) -> str:
        if self.kappa is None:
            return "κ –"
        if self.interval is None:
            return f"κ {_two(self.kappa)}"
        return f"κ {_two(self.kappa)} ({_two(self.interval[0])}{to}{_two(self.interval[1])})"

    @property
    def differ_text(self) -> str:
        """Such as `9 of 62 differ`."""
        return f"{self.differ:,} of {self.neurons:,} differ{'s' if self.differ == 1 else ''}"

    def texts(self) -> Iterator[str]:
        """Both in one line, the longest first: `κ 0.71 (0.55 to 0.87) · 9 of 62 differ`."""
        yield f"{self.kappa_text} · {self.differ_text}"
        short = f"{self.differ}/{self.neurons} differ"
        yield f"{self._kappa_text(', ')} · {short}"
        yield f"{self.kappa_text.partition(' (')[0]} · {short}"


def _two(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", MINUS)


def agreement(readers: Sequence[str], judged: Iterable[Mapping[str, str]]) -> Agreement:
    """How far `readers` agree. `judged` holds each neuron's verdicts by reader; other readers' are ignored.

    A neuron that only one has judged counts for no pair; with three readers or more it still counts for how often each
    verdict is given.
    """
    names = tuple(readers)
    neurons = [[found.get(reader, "") for reader in names] for found in judged]
    pairs = [verdicts for verdicts in neurons if sum(map(bool, verdicts)) > 1]
    differ = sum(len({verdict for verdict in verdicts if verdict}) > 1 for verdicts in pairs)
    found = Agreement(names, len(pairs), differ)
    if len(names) < 2:
        return _lacking(found, "one reader alone has judged" if names else "nobody has judged")
    if len(pairs) < 2:
        return _lacking(found, "fewer than two neurons have been judged by two readers")
    values = {verdict for verdicts in pairs for verdict in verdicts if verdict}
    if len(values) == 1:
        return _lacking(found, f"every verdict is {values.pop()}, so chance alone explains that all agree")
    kappa, error = _cohen(pairs) if len(names) == 2 else _fleiss(neurons)
    if not error > 1e-9:
        return Agreement(names, len(pairs), differ, kappa, None, "no neuron tells how much κ varies")
    interval = max(-1.0, kappa - _Z * error), min(1.0, kappa + _Z * error)
    return Agreement(names, len(pairs), differ, kappa, interval)


def _lacking(found: Agreement, why: str) -> Agreement:
    return Agreement(found.readers, found.neurons, found.differ, lacks=why)


def _places(neurons: Sequence[Sequence[str]]) -> dict[str, int]:
    """A place for each verdict given."""
    given = sorted({verdict for verdicts in neurons for verdict in verdicts if verdict})
    return {verdict: place for place, verdict in enumerate(given)}


def _cohen(pairs: Sequence[Sequence[str]]) -> tuple[float, float]:
    """Cohen's κ and its standard error from pairs of verdicts, not all of them equal."""
    places = _places(pairs)
    shares = np.zeros((len(places), len(places)))
    for first, second in pairs:
        shares[places[first], places[second]] += 1 / len(pairs)
    return cohen(shares, len(pairs))


def cohen(shares: Floats, n: int) -> tuple[float, float]:
    """Cohen's κ and its standard error.

    `shares` [categories, categories] are the shares of `n` subjects: first reader × second reader. Chance must not
    explain everything.
    """
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    observed, expected = float(np.trace(shares)), float(rows @ columns)
    kappa = (observed - expected) / (1 - expected)
    # Fleiss, Cohen & Everitt (1969), eq. 13: A (the diagonal) + B (the rest) − C
    sums = columns[:, None] + rows[None, :]
    diagonal = (np.diag(shares) * (1 - (rows + columns) * (1 - kappa)) ** 2).sum()
    rest = (1 - kappa) ** 2 * ((shares * sums**2).sum() - (np.diag(shares) * np.diag(sums) ** 2).sum())
    excess = (kappa - expected * (1 - kappa)) ** 2
    variance = (diagonal + rest - excess) / (n * (1 - expected) ** 2)
    return kappa, float(np.sqrt(max(0.0, variance)))


def _fleiss(neurons: Sequence[Sequence[str]]) -> tuple[float, float]:
    places = _places(neurons)
    counts = np.zeros((len(neurons), len(places)))
    for row, verdicts in enumerate(neurons):
        for verdict in filter(None, verdicts):
            counts[row, places[verdict]] += 1
    return fleiss(counts[counts.sum(axis=1) > 0])


def fleiss(counts: Floats) -> tuple[float, float]:
    """Fleiss' κ and its standard error.

    `counts` [subjects, categories] says how many readers chose each category; every subject has one reader or more, and
    some have two. Chance must not explain everything.
    """
    readers = counts.sum(axis=1)
    several = readers > 1
    shares = counts / readers[:, None]
    usual = shares.mean(axis=0)
    expected = float((usual**2).sum())
    agreeing = np.zeros(len(counts))
    pairs = (readers * (readers - 1))[several]
    agreeing[several] = (counts * (counts - 1)).sum(axis=1)[several] / pairs
    observed = float(agreeing[several].mean())
    kappa = (observed - expected) / (1 - expected)
    # Gwet (2014): the variance of each subject's share in κ
    of_subject = np.where(several, (agreeing - expected) / (1 - expected), 0.0) * len(counts) / several.sum()
    by_chance = shares @ usual
    of_subject = of_subject - 2 * (1 - kappa) * (by_chance - expected) / (1 - expected)
    variance = ((of_subject - kappa) ** 2).sum() / (len(counts) * (len(counts) - 1))
    return kappa, float(np.sqrt(variance))
