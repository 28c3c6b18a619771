"""TCAV beside re-enactments of its published code (tensorflow/tcav: tcav.py, cav.py).

The t-test is compared with SciPy's, which the published code calls, in test_concept_vectors.py.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from engine.methods.concept_vectors import Examples, tcav_scores, vectors

Floats = NDArray[np.float64]
UNITS, IMAGES = 24, 60


def published_score(losses: Floats, direction: Floats) -> float:
    """The share of images on which the loss of the class falls along the direction, from its gradients [n, units]."""
    return sum(bool(np.dot(gradient, direction) < 0) for gradient in losses) / len(losses)


def published_direction(concept: Floats, others: Floats, alpha: float = 0.01, epochs: int = 100) -> Floats:
    """A linear support vector machine by stochastic gradient descent, as SGDClassifier(alpha=0.01) is: the hinge loss
    and alpha/2 · |w|², with steps of 1 / (alpha · (t + 100)). The concept is label 0, so its direction is −w."""
    rng = np.random.default_rng(0)
    values = np.concatenate([concept, others])
    labels = np.repeat([-1.0, 1.0], [len(concept), len(others)])
    weights, intercept, step = np.zeros(values.shape[1]), 0.0, 0
    for _ in range(epochs):
        for place in rng.permutation(len(values)):
            step += 1
            rate = 1 / (alpha * (step + 100))
            inside = labels[place] * (values[place] @ weights + intercept) < 1
            weights *= 1 - rate * alpha
            if inside:
                weights += rate * labels[place] * values[place]
                intercept += rate * labels[place]
    return np.asarray(-weights)


def gradients(loss: bool) -> NDArray[np.float32]:
    """By the activations of a layer before a small network with independent outputs: of the logit of class 1, or of its
    loss."""
    torch.manual_seed(0)
    after = nn.Sequential(nn.Linear(UNITS, 16), nn.Tanh(), nn.Linear(16, 3))
    activations = torch.randn(IMAGES, UNITS, generator=torch.Generator().manual_seed(1)).requires_grad_()
    logits = after(activations)[:, 1]
    wanted = nn.functional.binary_cross_entropy_with_logits(logits, torch.ones(IMAGES), reduction="sum")
    (found,) = torch.autograd.grad(wanted if loss else logits.sum(), activations)
    return found.numpy()


def test_scores_equal_the_published_ones() -> None:
    """The logit grows where the loss falls, for outputs that are independent of one another."""
    directions = np.random.default_rng(2).standard_normal((40, UNITS))
    found = tcav_scores(gradients(loss=False), directions)
    expected = [published_score(gradients(loss=True).astype(np.float64), direction) for direction in directions]
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(found)) > 5


@pytest.mark.parametrize("seed", range(3))
def test_vectors_point_as_the_published_ones_do(seed: int) -> None:
    """Ridge regression and the published classifier give other vectors, but similar ones, and similar scores."""
    rng = np.random.default_rng(seed)
    concept = rng.standard_normal((40, UNITS)) + 2 * (np.arange(UNITS) < 4)
    others = rng.standard_normal((40, UNITS))
    examples = Examples(np.arange(40)[None], np.arange(40, 80)[None])
    activations = np.concatenate([concept, others]).astype(np.float32)
    (vector,) = vectors(activations, examples, ridge=1.0)
    direction = published_direction(concept, others)
    assert vector @ direction / np.linalg.norm(direction) > 0.8
    own = tcav_scores(gradients(loss=False), vector[None])[0]
    assert own == pytest.approx(published_score(gradients(loss=True).astype(np.float64), direction), abs=0.25)
