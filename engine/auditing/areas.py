"""How well a value tells films with a trait from films without it among films of the same kind.

Of two films of the same stratum, one with the trait and one without, A is the chance that the one with the trait has
the higher value (ties count half): a mean of the strata's AUROC A_s, weighted by n₁n₀/(N + 1) as van Elteren's test
weighs them (Bulletin of the International Statistical Institute 37, 1960), which is the inverse of their variance
where the trait is irrelevant. The variance is that of DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988), with
the placements summed within patients (Obuchowski, Biometrics 53, 1997) over all strata. Placements are taken from A
rather than from A_s, so strata that differ widen it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]

FEWEST = 10
"""Films with a trait, and without it, that must have a film of the other side in their stratum; as many patients"""
FEWEST_LABELLED = 5
"""Films of a finding that a value may follow. A finding of few films may seem followed by chance, which only keeps an
attribute from being called followed more"""
_NORMAL = 1.959963984540054
"""The 97.5 % point of the standard normal distribution"""


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """T traits over n films in strata. Films that are alone in their stratum, for every trait, are left out."""

    places: Integers
    """Where each of the run's p images stands among the n films, [p]; −1 where it does not"""
    codes: NDArray[np.unsignedinteger]
    """The stratum of each film, [n]"""
    members: Flags
    """[T, n]"""
    having: Integers
    """Films with each trait in each stratum, [T, S]"""
    sizes: Integers
    """Films of each stratum, [S]"""
    clusters: Integers
    """The patient of each film, [n], from 0"""
    patients: int
    alone: bool
    """Whether each film is of a patient of its own"""
    freedom: Integers
    """The number of patients on the smaller side of each trait, less one, [T]; −1 where films are too few"""
    sorted_codes: Integers
    """The strata of the films in order of their strata, [n], and where each film's stratum starts in this order, [n]"""
    firsts: Integers
    shares: Floats
    """The weight of a pair of films in a film's stratum, 1/(N + 1), for films with the trait; else 0, [T, n]"""
    least_sums: Floats
    """What Σ shares·rank is where every film with the trait is below those without, [T]"""
    totals: Floats
    """The sum of the weights of all pairs, [T]"""

    @classmethod
    def of(cls, members: Flags, known: Flags, strata: Integers, clusters: NDArray[np.integer]) -> Self:
        """Of T traits [T, p] that are known of the same images [p], the images' strata [p] and patients [p]."""
        films = np.flatnonzero(known)
        _, codes = np.unique(strata[films], return_inverse=True)
        having = _by_stratum(members[:, films], codes)
        sizes = np.bincount(codes, minlength=having.shape[1])
        mixed: Flags = np.any((having > 0) & (having < sizes), axis=0)
        films = films[mixed[codes]]
        _, codes = np.unique(strata[films], return_inverse=True)
        _, patients = np.unique(clusters[films], return_inverse=True)
        some, count = members[:, films], int(patients.max(initial=-1)) + 1
        having = _by_stratum(some, codes)
        sizes = np.bincount(codes, minlength=having.shape[1])
        places = np.full(len(known), -1, dtype=np.int64)
        places[films] = np.arange(len(films))
        usable = ((having > 0) & (having < sizes))[:, codes]
        freedom = [min(_held(some[t] & use, patients), _held(~some[t] & use, patients)) for t, use in enumerate(usable)]
        small: NDArray[np.unsignedinteger] = codes.astype(np.min_scalar_type(len(sizes)))
        lacking = sizes - having
        ordered = np.sort(codes).astype(np.int64)
        shares = np.where(some & (lacking > 0)[:, codes], 1 / (sizes + 1)[codes], 0.0)
        return cls(
            *(places, small, some, having, sizes, patients.astype(np.int64), count, count == len(films)),
            *(np.array(freedom, dtype=np.int64) - 1, ordered, (np.cumsum(sizes) - sizes)[ordered], shares),
            (np.where(lacking > 0, having * (having + 1) / 2, 0.0) / (sizes + 1)).sum(axis=1),
            (having * lacking / (sizes + 1)).sum(axis=1),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """A for each of T traits, with its 95 % interval and a two-sided p against 0.5; NaN where films are too few."""

    values: Floats
    lows: Floats
    highs: Floats
    p_values: Floats


def areas(values: NDArray[np.floating], ascending: NDArray[np.integer], design: Design, least: float = 0.0) -> Areas:
    """Of values [p] without NaN, whose order from the lowest to the highest is known, [p]. What is less than `least`
    from 0.5 is not tested: it has no interval and a p of 1."""
    found = np.full((4, len(design.members)), np.nan)
    enough = design.freedom >= FEWEST - 1
    if not enough.any():
        return Areas(*found)
    order = design.places[ascending]
    used = order >= 0
    order, sorted_values = order[used], values[ascending][used]
    by_stratum = np.argsort(design.codes[order], kind="stable")
    order, sorted_values = order[by_stratum], sorted_values[by_stratum]
    starts, ends = _ties(design.sorted_codes, sorted_values)
    ranks = np.empty(len(order), dtype=np.float32)
    ranks[order] = (starts + ends + 1) / 2 - design.firsts
    found[0, enough] = (design.shares @ ranks.astype(np.float64) - design.least_sums)[enough] / design.totals[enough]
    found[3, enough] = 1.0
    for trait in np.flatnonzero(enough & (np.abs(found[0] - 0.5) >= least)).tolist():
        errors = _errors(design, trait, order, starts, ends, found[0, trait])
        sums = errors if design.alone else np.bincount(design.clusters[order], errors, design.patients)
        freedom, value = int(design.freedom[trait]), float(found[0, trait])
        variance = float(sums @ sums) * (freedom + 1) / freedom
        found[1:, trait] = *interval(value, variance, freedom), p_value(value - 0.5, variance, freedom)
    return Areas(*found)


def _errors(design: Design, trait: int, order: Integers, starts: Integers, ends: Integers, value: float) -> Floats:
    """What each film adds to A less its expected part, [n], in order of stratum and value.

    A film stands rightly to some films of the other side in its stratum, where A of all of them are expected.
    """
    codes, firsts = design.sorted_codes, design.firsts
    member = design.members[trait, order]
    counted = np.concatenate([[0], np.cumsum(member)])
    having_below, having_equal = counted[starts] - counted[firsts], counted[ends] - counted[starts]
    having, sizes = design.having[trait][codes], design.sizes[codes]
    lacking_right = starts - firsts - having_below + (ends - starts - having_equal) / 2
    right = np.where(member, lacking_right, having - having_below - having_equal / 2)
    most = np.where(member, sizes - having, having)
    errors: Floats = (right - value * most) / ((sizes + 1) * design.totals[trait])
    return errors


def _ties(codes: Integers, values: NDArray[np.floating]) -> tuple[Integers, Integers]:
    """Where the run of films with the same stratum and value starts and ends, for each film in order, [n] each."""
    new = np.concatenate([[True], (codes[1:] != codes[:-1]) | (values[1:] != values[:-1])])
    starts = np.flatnonzero(new)
    lengths = np.diff(np.append(starts, len(codes)))
    return np.repeat(starts, lengths), np.repeat(starts + lengths, lengths)


def _by_stratum(members: Flags, codes: Integers) -> Integers:
    """Films with each trait in each stratum, [T, S]."""
    count = int(codes.max(initial=-1)) + 1
    rows = [np.bincount(codes[row], minlength=count) for row in members]
    return np.array(rows, dtype=np.int64).reshape(len(members), count)


def _held(films: Flags, patients: Integers) -> int:
    """The patients of some films; 0 where the films are fewer than FEWEST."""
    return len(np.unique(patients[films])) if int(films.sum()) >= FEWEST else 0


def marginal(values: NDArray[np.floating], ascending: NDArray[np.integer], carried: Floats) -> Floats:
    """The plain AUROC of values [p] for each of L labels [p, L], given their order from the lowest, [p]; NaN for
    a label of fewer than FEWEST_LABELLED films on a side."""
    ranks = np.empty(len(values))
    ranks[ascending] = _ranks(values[ascending])
    having = carried.sum(axis=0)
    return _area(ranks @ carried, having, len(values) - having, FEWEST_LABELLED)


def area_in_order(values: NDArray[np.floating], members: Flags) -> float:
    """The plain AUROC of ascending values [n] for the films in `members`, [n]; NaN with fewer than FEWEST on a side."""
    having = int(members.sum())
    if min(having, len(values) - having) < FEWEST:
        return float("nan")
    return float(_area(_ranks(values)[members].sum(), np.array(having), np.array(len(values) - having), FEWEST))


def _ranks(ascending: NDArray[np.floating]) -> Floats:
    """Ranks from 1 of ascending values, [n]; equal values get the mean of their ranks."""
    starts, ends = _ties(np.zeros(len(ascending), dtype=np.int64), ascending)
    ranks: Floats = (starts + ends + 1) / 2
    return ranks


def _area(sums: NDArray[np.floating], having: NDArray[Any], lacking: NDArray[Any], fewest: int) -> Floats:
    """Areas from the sums of the ranks of the films that have something."""
    pairs = np.where((having >= fewest) & (lacking >= fewest), having * lacking, np.nan)
    found: Floats = (sums - having * (having + 1) / 2) / pairs
    return found


def interval(value: float, variance: float, freedom: int) -> tuple[float, float]:
    """The 95 % interval of an area, symmetric in its logit; NaN at 0 and 1, and without a variance."""
    if not 0 < value < 1 or not variance > 0:
        return float("nan"), float("nan")
    middle = math.log(value / (1 - value))
    width = quantile(freedom) * math.sqrt(variance) / (value * (1 - value))
    return 1 / (1 + math.exp(width - middle)), 1 / (1 + math.exp(-width - middle))


def quantile(freedom: int) -> float:
    """The 97.5 % point of Student's t, by its first three terms (Fisher, Cornish, Technometrics 2, 1960)."""
    z = _NORMAL
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def p_value(difference: float, variance: float, freedom: int) -> float:
    """Two-sided p of a difference from 0 by Student's t, through its normal equivalent (Abramowitz and Stegun, Handbook
    of Mathematical Functions, 26.7.8). 0 where the difference has no variance, 1 where there is no difference."""
    if difference == 0 or not variance >= 0:
        return 1.0
    if variance == 0:
        return 0.0
    t = abs(difference) / math.sqrt(variance)
    normal = t * (1 - 1 / (4 * freedom)) / math.sqrt(1 + t * t / (2 * freedom))
    return math.erfc(normal / math.sqrt(2))
