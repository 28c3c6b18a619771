"""How each concept of one neuron does against random image sets."""

from __future__ import annotations

import numpy as np

from engine.annotation import standing
from engine.evidence import significance
from engine.evidence.column import LayerUnits
from engine.evidence.columns import BEST, P_VALUE, Z_SCORE
from engine.evidence.details import Floats


def by_concept(table: LayerUnits, unit: int, scores: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """z, the p-value of each concept alone, the p-value that allows for the choice among all, and its q-value.

    Takes the unit's scores [k] by distinct direction. Returns [k] each, NaN without representative images. The best
    concept has the figures that the table has for the unit.
    """
    contest, count = table.contest, int(table.counts[unit])
    if count == 0:
        nothing = np.full(len(scores), np.nan)
        return nothing, nothing, nothing, nothing
    errors = standing.standard_errors(contest.deviations, count, contest.images)
    z = standing.z_scores(scores - contest.means, errors)
    adjusted = contest.null.p_values(z, count)
    best = np.flatnonzero(contest.competing.first == table[BEST][unit])
    # To the last bit: a matrix product rounds differently for one unit than for many.
    z[best], adjusted[best] = table[Z_SCORE][unit], table[P_VALUE][unit]
    if count == 1:
        return z, adjusted, adjusted, adjusted
    alone = np.minimum(significance.p_values(z, contest.skewnesses, count, contest.images), adjusted)
    tests = np.where(table.counts > 1, table[P_VALUE], np.nan)
    return z, alone, adjusted, significance.q_values_instead(tests, unit, adjusted)
