"""Whether a neuron's concept scores are higher than those of a random image set of the same size.

z is that of engine.annotation.standing; s_j − μ_j is the centred score.

Images are drawn one by one, whichever patient they come from. Where several films of a patient look alike *and* a unit
responds to patients rather than to findings, its images are fewer independent ones than they seem, and p is too small:
among units that follow a random number of each patient, with three equal films of each, a quarter has p < 0.05 at
α 0.93. The share of one patient and the bootstrap over patients (engine.evidence.trust) catch such units.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rates import q_values
from engine.evidence.details import Floats, Integers
from engine.evidence.population import Population

_SKEWNESS_FROM = 8192
"""Images that the skewness of a concept's scores is taken from; its standard error is then 0.03"""


def skewnesses(population: Population, directions: NDArray[np.float32], deviations: Floats) -> Floats:
    """Skewness of v_o·D_j over the images, or over a seeded sample where there are many, [k].

    Takes directions D_j [k, d] and the standard deviations of v_o·D_j [k]. It is 0 where a deviation is 0.
    """
    chosen = np.random.default_rng(5).permutation(len(population))[:_SKEWNESS_FROM]
    totals = np.zeros(len(directions))
    for part in np.array_split(chosen, -(-len(chosen) // 512)):
        scores = (population.unit_rows(part) - population.mean.astype(np.float32)) @ directions.T
        totals += np.einsum("nk,nk,nk->k", scores, scores, scores)
    cubes = deviations**3
    return np.divide(totals / len(chosen), cubes, out=np.zeros_like(cubes), where=cubes > 0)


def p_values(z: Floats, skewness: Floats, count: int, images: int) -> Floats:
    """One-sided p-value of each concept alone, [k], in random sets of `count` of `images`.

    It comes from the Pearson type III distribution with the same first three moments as the score of such a set
    (Mielke, Berry: Permutation Methods, 2007). The mean of n of N drawn without replacement has the skewness of the
    images times (N − 2n)/(N − 2)·√((N − 1)/(n(N − n))). The type III distribution is a shifted gamma distribution; its
    tails are taken from the normal approximation of the cube root (Wilson, Hilferty 1931). For a skewness of 0 it is
    normal.
    """
    if images < 3 or not 0 < count < images:
        return np.ones_like(z)
    shrink = (images - 2 * count) / (images - 2) * np.sqrt((images - 1) / (count * (images - count)))
    skew = skewness * shrink
    side = np.where(np.abs(skew) < 1e-3, 0.0, np.sign(skew))
    root = 2 / np.where(side == 0, 1.0, np.abs(skew))
    cube = np.cbrt(np.maximum(1 + side * z / root, 0.0))
    normal = np.where(side == 0, z, side * (cube - 1 + 1 / (9 * root**2)) * 3 * root)
    return normal_tail(normal)


def normal_tail(z: Floats) -> Floats:
    """Chance that a standard normal number exceeds each of z, [k]."""
    return np.array([math.erfc(value) for value in z / math.sqrt(2)]) / 2


def q_values_of_units(p: Floats, counts: Integers) -> Floats:
    """The q-values of a layer's units from their p-values and numbers of representative images, [units] each.

    They are corrected over the units of two images or more. A unit of one image has q = 1, one of none has NaN.
    """
    q = q_values(np.where(counts > 1, p, np.nan))
    q[counts == 1] = 1.0
    return q


def q_values_instead(p: Floats, index: int, others: Floats) -> Floats:
    """The q that test `index` would have if its p were each of `others`, [m]; the same as `q_values` gives."""
    rest = np.sort(np.delete(p, index))
    rest = rest[~np.isnan(rest)]
    tests = len(rest) + 1
    beyond = np.append(rest * tests / np.arange(2, tests + 1), np.inf)
    beyond = np.minimum.accumulate(beyond[::-1])[::-1]
    below = np.searchsorted(rest, others, side="left")
    ties = np.searchsorted(rest, others, side="right")
    q: Floats = np.minimum(np.minimum(others * tests / (ties + 1), beyond[below]), 1.0)
    return q
