"""Similar films: an exact search."""

from __future__ import annotations

import numpy as np

from engine.decisions.similar import similar_films
from engine.store.ladder import inverse_lengths


def test_they_are_those_of_the_highest_cosine_and_never_the_film_itself() -> None:
    embeddings = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32) * 3
    embeddings[7] = embeddings[3] * 2
    embeddings[9] = 0
    unit = embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
    images, cosines = similar_films(embeddings, inverse_lengths(embeddings), 3, 10)
    expected = np.argsort(-(unit @ unit[3]), kind="stable")
    assert images.tolist() == [image for image in expected.tolist() if image != 3][:10]
    assert images[0] == 7
    np.testing.assert_allclose(cosines, (unit @ unit[3])[images], atol=1e-6)


def test_a_run_of_one_film_has_none() -> None:
    images, cosines = similar_films(np.ones((1, 4), np.float32), np.full(1, 0.5), 0, 10)
    assert not len(images)
    assert not len(cosines)


def test_ties_go_by_index() -> None:
    images, _ = similar_films(np.ones((6, 4), np.float32), np.full(6, 0.5), 2, 3)
    assert images.tolist() == [0, 1, 3]
