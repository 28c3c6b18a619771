"""Whether a neuron's best concept is the same under the run's other templates.

A concept's text embedding depends on the sentence around it; an ensemble of templates is the usual remedy (Radford et
al. 2021, CLIP, section 3.1.4). Each other template scores the same representative images again, with its own
prompted concepts and its own bare template, and ranks the concepts as the cuts say.
"""

from __future__ import annotations

import numpy as np

from engine.annotation import scoring, standing
from engine.annotation.competing import Competing
from engine.evidence.details import Floats, Integers
from engine.evidence.population import Population
from engine.store.reader import RunReader


def best_concepts(
    reader: RunReader, population: Population, competing: Competing, means: Floats, counts: Integers
) -> Integers:
    """The best concept of each unit under each of the run's T other templates, [units, T]; −1 without images.

    Takes the means of the representative images' unit embeddings [units, d] and the numbers of these images [units].
    """
    bests = np.full((len(means), len(reader.other_templates)), -1)
    some = np.flatnonzero(counts > 0)
    for position in range(bests.shape[1]):
        texts, template = reader.arrays.other_template(position)
        scores = means[some] @ (directions := scoring.concept_directions(texts[competing.first], template)).T
        if competing.offsets is not None:
            found = standing.moments(population.mean, population.covariance, directions, len(population))
            scores = found.z_scores(scores, counts[some])
        bests[some, position] = competing.first[scores.argmax(axis=1)]
    return bests


def agreement(bests: Integers, best: Integers) -> Floats:
    """Share of the other templates [n, T] with the run's own best concept [n]; NaN without templates or concept."""
    if bests.shape[1] == 0:
        return np.full(len(best), np.nan)
    return np.where(best < 0, np.nan, np.mean(bests == best[:, None], axis=1))
