"""The published functions of MAMMI on arrays, re-enacted: the same arithmetic in the same types, none of their text.

Sources, all in github.com/ailab-kyunghee/MAMMI: example_selection.py (`main`), utils/concept_matching_utils.py
(`compute_concept_similarity`, `concept_discovery`) and utils/med_metric_utils.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cosine_similarity

Words = Sequence[Sequence[str]]


def selected(activations: NDArray[np.float32], adaptive_percent: int) -> NDArray[np.int64]:
    """The images of one neuron, most activating first; equal activations in falling order."""
    high, low = activations.max(), activations.min()
    interval = np.float64(np.float32(high - low))  # NumPy 1.26: float32 scalars, then a Python float in float64
    threshold = np.float64(high) - interval * (1 - adaptive_percent / 100)
    return np.argsort(activations)[::-1][: int((activations > threshold).sum())]


def similarities(
    images: NDArray[np.float32], words: NDArray[np.float32], template: NDArray[np.float32] | None
) -> NDArray[np.float32]:
    """The similarity of each image to each word, [n, m], less that to the template if one is subtracted."""
    texts = torch.from_numpy(words)
    rows = []
    for image in torch.from_numpy(images):
        row = cosine_similarity(image[None], texts)
        rows.append(row if template is None else row - cosine_similarity(image[None], torch.from_numpy(template)[None]))
    return torch.stack(rows).numpy()


def discovered(rows: NDArray[np.float32], counts: Sequence[int], alpha: int) -> list[list[int]]:
    """The concepts of each neuron, best first, from the similarities of all neurons' images, one neuron after another.

    `counts` are the numbers of images, none of them 0: after a dead unit the published loop joins wrong images.
    """
    found = []
    for neuron in np.split(rows, np.cumsum(counts)[:-1]):
        weights = np.zeros(rows.shape[1])
        for row in neuron:
            weights += row
        above = np.flatnonzero(weights > weights.max() * (alpha / 100))
        found.append(above[np.argsort(weights[above])[::-1]].tolist())
    return found


def hits(predicted: Words, truth: Words) -> float:
    """The hit rate."""
    return sum(any(word in labels for word in words) for words, labels in zip(predicted, truth, strict=True)) / len(
        truth
    )


def scores(predicted: Words, truth: Words) -> dict[str, tuple[float, float]]:
    """F1, precision and recall with their standard errors, rounded as published."""
    rows = []
    for words, labels in zip(predicted, truth, strict=True):
        both = len(set(words) & set(labels))
        precision, recall = both / len(words), both / len(labels)
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        rows.append((f1, precision, recall))
    table = np.array(rows)
    errors = np.round(table.std(axis=0), 4) / len(truth) ** 0.5
    return dict(zip(("f1", "precision", "recall"), zip(table.mean(axis=0), errors, strict=True), strict=True))


def text_similarity(
    predicted: Words, truth: Words, encode: Callable[[str], NDArray[np.float32]]
) -> tuple[float, float]:
    """The mean cosine of predicted words and labels with its standard error: over a neuron's pairs, then neurons."""
    means = []
    for words, labels in zip(predicted, truth, strict=True):
        pairs = [
            min(
                float(cosine_similarity(torch.from_numpy(encode(word))[None], torch.from_numpy(encode(label))[None])),
                1.0,
            )
            for word in words
            for label in labels
        ]
        means.append(np.mean(pairs))
    return float(np.mean(means)), float(np.std(means) / len(truth) ** 0.5)
