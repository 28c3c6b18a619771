"""How well a concept's similarities to images match a unit's activations on them: CLIP-Dissect's five measures.

Source: Oikarinen, Weng, "CLIP-Dissect: Automatic Description of Neuron Representations in Deep Vision Networks", ICLR
2023, arXiv 2204.10965, section 3.2 and appendix; defaults and details from its code (github.com/
Trustworthy-ML-Lab/CLIP-dissect, similarity.py), which computes in float32 on a GPU. Here it is float64, except for the
last step of the WPMIs, where float32 decides which concepts are equal (`_mutual_information`).

P [p, m] is the similarity of each image to each concept (CLIP's cosine). A [p, n] are the units' activations. D are a
unit's most activating images, the most activating first, ties by index. Every measure is [n, m]; higher values are
better matches. P can be a matrix, or Cosines, which computes rows on request, so that P is never whole; m is then the
number of its columns. A can be a matrix, or Activations, which finds D without the matrix.

All measures raise ValueError where P and A are not matrices over the same images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rows import Rows
from engine.store.ladder import sum_rows

Floats = NDArray[np.float64]
_IMAGES_AT_ONCE = 1024
_UNITS_AT_ONCE = 8
_CONCEPTS_AT_ONCE = 128


@dataclass(frozen=True, slots=True, eq=False)
class Cosines:
    """P from embeddings: the cosine of each image to each concept.

    Concepts with equal embeddings share a column, so that their scores are equal: a matrix product may round equal
    columns differently.
    """

    images: Rows
    """The images' embeddings [p, d], of any length"""
    inverse_lengths: Floats
    """1 / length of each embedding, [p]"""
    texts: Floats
    """The concepts' distinct embeddings, unit vectors [k, d]"""
    sizes: NDArray[np.int64]
    """The number of concepts with each embedding, [k]"""
    columns: NDArray[np.int64]
    """The column of each concept, [m]"""

    @classmethod
    def of(cls, images: Rows, inverse_lengths: Floats, texts: Floats) -> Cosines:
        """Cosines from the concepts' unit vectors [m, d]."""
        distinct, columns, sizes = np.unique(texts, axis=0, return_inverse=True, return_counts=True)
        return cls(images, inverse_lengths, distinct, sizes, columns)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.images), len(self.texts)

    def __getitem__(self, images: NDArray[np.int64] | slice) -> Floats:
        return (self.images[images] * self.inverse_lengths[images, None]) @ self.texts.T

    def mean(self) -> Floats:
        """The mean of each column."""
        everything = np.arange(len(self.images), dtype=np.int32)
        return self.texts @ sum_rows(self.images, self.inverse_lengths, everything) / len(self.images)


class Activations(Protocol):
    """A that is not held as a matrix."""

    @property
    def shape(self) -> tuple[int, int]: ...

    def top(self, count: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """D of each unit and the activations on D, [n, count] each; all images if there are fewer than `count`."""
        ...

    def whole(self) -> NDArray[Any]:
        """The matrix [p, n]."""
        ...


Similarity = NDArray[Any] | Cosines
Activity = NDArray[Any] | Activations


def soft_wpmi(
    similarity: Similarity,
    activations: Activity,
    top_k: int = 100,
    a: float = 10.0,
    lam: float = 1.0,
    min_prob: float = 1e-7,
    p_start: float = 0.998,
    p_end: float = 0.97,
) -> Floats:
    """Soft weighted pointwise mutual information: log P(D|t) − λ·log P(D).

    P(D|t) = Π_i (1 + p_i·(softmax_t(a·P)_i − 1)) over D, the `top_k` images. p_i is the chance that the i-th image
    belongs to D; it falls evenly from `p_start` towards `p_end`. P(D) is the mean of P(D|t) over the units. If there
    are fewer than `top_k` images, which the published code refuses, D is all of them.
    """
    images, _ = _top(similarity, activations, top_k)
    count = images.shape[1]
    belongs = p_start - np.arange(count)[:, None] / count * (p_start - p_end)
    shares = _shares(similarity, images, a)
    logs = [np.log(1 - belongs + belongs * share + min_prob).sum(axis=0) for share in shares]
    return _mutual_information(np.stack(logs), lam)


def wpmi(
    similarity: Similarity,
    activations: Activity,
    top_k: int = 28,
    a: float = 2.0,
    lam: float = 0.6,
    min_prob: float = 1e-7,
) -> Floats:
    """Weighted pointwise mutual information: as `soft_wpmi`, with P(D|t) = Π_i softmax_t(a·P)_i."""
    images, _ = _top(similarity, activations, top_k)
    logs = [np.log(share + min_prob).sum(axis=0) for share in _shares(similarity, images, a)]
    return _mutual_information(np.stack(logs), lam)


def cos_similarity(similarity: Similarity, activations: Activity) -> Floats:
    """The cosine between each column of A and each of P; 0 for a column of zeros, where the published code gives
    NaN."""
    return _cosine(similarity, _whole(similarity, activations), lambda rows: rows, lambda rows: rows, 0.0)


def cos_similarity_cubed(similarity: Similarity, activations: Activity, min_norm: float = 1e-3) -> Floats:
    """The cosine between columns of (A − mean A)³ and (P − mean P)³; lengths below `min_norm` count as `min_norm`."""
    whole = _whole(similarity, activations)
    middle = whole.mean(axis=0, dtype=np.float64)
    centre = similarity.mean() if isinstance(similarity, Cosines) else similarity.mean(axis=0, dtype=np.float64)
    return _cosine(similarity, whole, lambda rows: _cube(rows - centre), lambda rows: _cube(rows - middle), min_norm)


def rank_reorder(
    similarity: Similarity, activations: Activity, p: float = 3.0, top_fraction: float = 0.05, scale_p: float = 0.5
) -> Floats:
    """Minus the error of ordering D by a concept: −mean |q − q_t|^p / baseline / (mean of P over D)^scale_p.

    D is the share `top_fraction` of all images, at least one image. q are a unit's activations on D, descending; q_t
    are the same activations, assigned in the order of P's column. The baseline is the error of a random order. The
    published code estimates it from five draws, so that its figures vary from call to call; here it is the expected
    value, the mean over all pairs of images. Where all activations are equal, no order is better than another, and the
    first quotient is 1 instead of 0/0. A mean of P that is not positive scores −∞; the published code takes its root
    and gets NaN.
    """
    tops = _top(similarity, activations, max(int(similarity.shape[0] * top_fraction), 1))
    return np.stack(
        [
            _order_scores(_rows(similarity, images), np.asarray(values, dtype=np.float64), p, scale_p)
            for images, values in zip(*tops, strict=True)
        ]
    )


def _order_scores(rows: Floats, activations: Floats, p: float, scale_p: float) -> Floats:
    """Rank reorder's score of each concept for one unit, [m], from P's rows [k, m] and the activations [k] on its D."""
    baseline = float(np.mean([(np.abs(activations - value) ** p).mean() for value in activations]))
    ascending = activations[::-1]
    errors = np.empty(rows.shape[1])
    for start in range(0, len(errors), _CONCEPTS_AT_ONCE):
        columns = rows[:, start : start + _CONCEPTS_AT_ONCE].T
        given = np.empty_like(columns)
        orders = np.argsort(columns, axis=1, kind="stable")
        np.put_along_axis(given, orders, np.broadcast_to(ascending, columns.shape), axis=1)
        errors[start : start + len(columns)] = (np.abs(activations - given) ** p).mean(axis=1)
    ratios = errors / baseline if baseline > 0 else np.ones_like(errors)
    means = rows.mean(axis=0)
    lengths = np.maximum(means, 0) ** scale_p
    scores: Floats = np.divide(-ratios, lengths, out=np.full_like(ratios, -np.inf), where=means > 0)
    return scores


def _mutual_information(logs: Floats, lam: float) -> Floats:
    """log P(D|t) − λ·log P(D), from log P(D|t) [n, m], with each step rounded to float32 as in the published code.

    A log P(D|t) of −500 has steps of 3e-5 there. Concepts that differ by less are equal, and the first is told.
    """
    given = logs.astype(np.float32)
    highest = given.max(axis=0)
    total = highest + np.log(np.exp(given - highest).sum(axis=0, dtype=np.float32))
    information: Floats = (given - np.float32(lam) * (total - np.log(np.float32(len(given))))).astype(np.float64)
    return information


def _shares(similarity: Similarity, images: NDArray[np.int64], a: float) -> Iterator[Floats]:
    """For each unit, softmax_t(a·P) over all concepts on its D, the images [n, k]."""
    sizes = similarity.sizes if isinstance(similarity, Cosines) else np.ones(similarity.shape[1])
    for start in range(0, len(images), _UNITS_AT_ONCE):
        some = images[start : start + _UNITS_AT_ONCE]
        for rows in _rows(similarity, some.reshape(-1)).reshape(*some.shape, -1):
            exponentials = np.exp(a * (rows - rows.max(axis=1, keepdims=True)))
            yield exponentials / (exponentials @ sizes)[:, None]


def _cosine(
    similarity: Similarity,
    activations: NDArray[Any],
    of_rows: Callable[[Floats], Floats],
    of_activations: Callable[[Floats], Floats],
    min_norm: float,
) -> Floats:
    """The cosine between each column of A and each of P. Some rows of both are taken at once, and changed by `of_rows`
    and `of_activations`."""
    images, concepts = similarity.shape
    products = np.zeros((activations.shape[1], concepts))
    unit_squares, concept_squares = np.zeros(activations.shape[1]), np.zeros(concepts)
    for start in range(0, images, _IMAGES_AT_ONCE):
        piece = slice(start, start + _IMAGES_AT_ONCE)
        rows = of_rows(_rows(similarity, piece))
        values = of_activations(np.asarray(activations[piece], dtype=np.float64))
        products += values.T @ rows
        unit_squares += np.einsum("pn,pn->n", values, values)
        concept_squares += np.einsum("pm,pm->m", rows, rows)
    lengths = np.maximum(np.sqrt(unit_squares), min_norm)[:, None] * np.maximum(np.sqrt(concept_squares), min_norm)
    cosines: Floats = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return cosines


def _cube(values: Floats) -> Floats:
    cubes: Floats = values * values * values  # a power of 3 takes seven times as long
    return cubes


def _rows(similarity: Similarity, images: NDArray[np.int64] | slice) -> Floats:
    return np.asarray(similarity[images], dtype=np.float64)


def _top(similarity: Similarity, activations: Activity, count: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """As Activations.top."""
    _check(similarity, activations)
    if count < 1:
        raise ValueError(f"top_k must be at least 1, got {count}")
    if not isinstance(activations, np.ndarray):
        return activations.top(count)
    images = np.argsort(-activations, axis=0, kind="stable")[:count].T
    return images, np.take_along_axis(activations.T, images, axis=1)


def _whole(similarity: Similarity, activations: Activity) -> NDArray[Any]:
    _check(similarity, activations)
    return activations if isinstance(activations, np.ndarray) else activations.whole()


def _check(similarity: Similarity, activations: Activity) -> None:
    shapes = similarity.shape, activations.shape
    if [len(shape) for shape in shapes] != [2, 2] or shapes[0][0] != shapes[1][0] or 0 in (*shapes[0], *shapes[1]):
        raise ValueError(
            f"similarity [p, m] and activations [p, n] must be of the same images, got {shapes[0]}, {shapes[1]}"
        )
