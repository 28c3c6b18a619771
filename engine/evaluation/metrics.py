"""How well annotations name the true labels: hit rate and F1, as the paper's published evaluation computes them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Labels = Sequence[Sequence[str]]
"""One list of strings for each neuron. Strings are compared exactly: lower-case them first if case must not matter.

A string that occurs twice in a list counts once; the published code divides by the list's length."""


def hit_rate(predicted: Labels, truth: Labels) -> float:
    """Share of neurons with at least one true label among their predicted labels, in [0, 1].

    Raises ValueError when there are no neurons, or when the two differ in their number.
    """
    return float(np.mean([bool(set(p) & set(t)) for p, t in _pairs(predicted, truth)]))


def hit_rate_error(predicted: Labels, truth: Labels) -> float:
    """The standard error of `hit_rate` over neurons: the population standard deviation over √n. Raises as it does."""
    rate = hit_rate(predicted, truth)
    return math.sqrt(rate * (1 - rate) / len(predicted))


def f1(predicted: Labels, truth: Labels) -> tuple[float, float]:
    """Mean over neurons of F1 between predicted and true labels, and the mean's standard error.

    F1 is 0 where nothing was predicted or nothing is true. The error is the population standard deviation, rounded to
    four decimals as the published evaluation rounds it, over √n. Raises ValueError as `hit_rate` does.
    """
    return _mean_and_error([_f1(set(p), set(t)) for p, t in _pairs(predicted, truth)])


def precision(predicted: Labels, truth: Labels) -> tuple[float, float]:
    """Mean over neurons of the share of predicted labels that are true, and its standard error. Raises as `f1`."""
    return _mean_and_error([_share(set(p) & set(t), set(p)) for p, t in _pairs(predicted, truth)])


def recall(predicted: Labels, truth: Labels) -> tuple[float, float]:
    """Mean over neurons of the share of true labels that are predicted, and its standard error. Raises as `f1`."""
    return _mean_and_error([_share(set(p) & set(t), set(t)) for p, t in _pairs(predicted, truth)])


def _pairs(predicted: Labels, truth: Labels) -> list[tuple[Sequence[str], Sequence[str]]]:
    if len(predicted) == 0:
        raise ValueError("no neurons to evaluate")
    return list(zip(predicted, truth, strict=True))


def _share(part: set[str], whole: set[str]) -> float:
    return len(part) / len(whole) if whole else 0.0


def _f1(predicted: set[str], truth: set[str]) -> float:
    both = len(predicted & truth)
    return 2 * both / (len(predicted) + len(truth)) if both else 0.0


def _mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    return float(np.mean(values)), round(float(np.std(values)), 4) / math.sqrt(len(values))
