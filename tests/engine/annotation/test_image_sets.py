"""Sums of unit embeddings over sets of images."""

from __future__ import annotations

import numpy as np

from engine.annotation.image_sets import ImageSets, sum_sets
from engine.annotation.scoring import unit_rows


def test_sums_of_sets_of_any_size_do_not_depend_on_other_sets() -> None:
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(500, 6)).astype(np.float32)
    embeddings[3] = 0.0
    lengths = np.linalg.norm(embeddings.astype(np.float64), axis=1)
    inverse = np.divide(1.0, lengths, out=np.zeros(500), where=lengths > 0)
    counts = np.array([0, 1, 5, 128, 129, 0, 0, 400, 3, 127, 2, 0])
    starts = np.concatenate([[0], np.cumsum(counts)])
    sets = ImageSets(rng.integers(0, 500, starts[-1]).astype(np.int32), starts)
    found = sum_sets(embeddings, inverse, sets)
    for index in range(len(counts)):
        np.testing.assert_allclose(found[index], unit_rows(embeddings[sets.of(index)]).sum(axis=0), rtol=0, atol=1e-12)
        alone = ImageSets(sets.of(index), np.array([0, counts[index]]))
        np.testing.assert_allclose(sum_sets(embeddings, inverse, alone)[0], found[index], rtol=0, atol=1e-13)
