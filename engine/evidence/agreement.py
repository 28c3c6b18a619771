"""Whether groups of images need a word each, or one word serves them all.

A group's z_j says how far concept j's score over its images lies above that of random image sets of its size
(engine.annotation.standing). As √n_g times a mean, z² is what concept j explains of the group. Words of their own
explain W = Σ_g max_j z_gj²; one word for all explains at most V = max_j Σ_g z_gj², over z above 0. Their difference
is the *gain* of several words. The *agreement* of two groups is 2·V/W − 1. It is 1 where one word explains all that two
do, and 0 where two equally strong words explain nothing of each other's group.

The images of a group are chosen for being alike, so a z is too high for a test of its own: the gain is compared with
that of random image sets that are cut in the same way (engine.evidence.groups).
"""

from __future__ import annotations

import numpy as np

from engine.evidence.details import Floats


def gain(z: Floats) -> float:
    """W − V of the z [g, k] of g groups; 0 where no z is above 0."""
    own, shared = _explained(z)
    return own - shared


def agreement(z: Floats) -> float:
    """2·V/W − 1 of the z [2, k] of two groups, from 0 to 1; 1 where no z is above 0."""
    own, shared = _explained(z)
    return 2 * shared / own - 1 if own > 0 else 1.0


def _explained(z: Floats) -> tuple[float, float]:
    """W and V."""
    squares = np.square(np.maximum(z, 0.0))
    return float(squares.max(axis=1).sum()), float(squares.sum(axis=0).max())
