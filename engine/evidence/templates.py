"""Whether a neuron's best concept is the same in the run's other templates.

A concept's text embedding depends on the sentence around it; an ensemble of templates is the usual remedy (Radford et
al. 2021, CLIP, section 3.1.4). Each other template scores the same representative images anew (Eq. 2), with its own
prompted concepts and its own bare template.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.annotation import scoring
from engine.annotation.competing import Competing
from engine.evidence.answers import Floats
from engine.store.reader import RunReader


def best_concepts(reader: RunReader, competing: Competing, means: Floats) -> NDArray[np.int64]:
    """Of each unit the best concept in each of the run's T other templates: means of the representative images [n, d]
    to concept indices [n, T]."""
    bests = np.empty((len(means), len(reader.other_templates)), dtype=np.int64)
    for position in range(bests.shape[1]):
        texts, template = reader.arrays.other_template(position)
        directions = scoring.concept_directions(texts[competing.first], template)
        bests[:, position] = competing.first[(means @ directions.T).argmax(axis=1)]
    return bests


def agreement(bests: NDArray[np.int64], best: NDArray[np.int64]) -> Floats:
    """Share of the other templates [n, T] with the same best concept as the run's own [n]; NaN without any."""
    if bests.shape[1] == 0:
        return np.full(len(best), np.nan)
    shares: Floats = np.mean(bests == best[:, None], axis=1)
    return shares
