"""How alike a unit's activations and a concept's similarities to the same images are: CLIP-Dissect's five measures.

Source: Oikarinen, Weng, "CLIP-Dissect: Automatic Description of Neuron Representations in Deep Vision Networks", ICLR
2023, arXiv 2204.10965, section 3.2 and appendix; defaults and details from its code (github.com/
Trustworthy-ML-Lab/CLIP-dissect, similarity.py), which computes in float32 on a GPU what this computes in float64.

P [p, m] is the similarity of each image to each concept (CLIP's cosine), A [p, n] are the units' activations, and D are
a unit's most activating images, most activating first, ties by index. Every measure is [n, m], the higher the more
alike. P may be a matrix, or Cosines, which computes its rows when they are asked for: P is never whole then, and m are
its columns. A may be a matrix, or Activations, which finds D without it.

All raise ValueError where P and A are no matrices over the same images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.store.ladder import sum_rows

Floats = NDArray[np.float64]
_IMAGES_AT_ONCE = 1024
_UNITS_AT_ONCE = 8
_CONCEPTS_AT_ONCE = 128


@dataclass(frozen=True, slots=True, eq=False)
class Cosines:
    """P from embeddings: cosine of each image to each concept.

    Concepts with equal embeddings have one column together, so that they score equal: matrix products may round equal
    columns differently.
    """

    images: NDArray[np.float32]
    """[p, d], of any length"""
    inverse_lengths: Floats
    """Theirs, [p]"""
    texts: Floats
    """The concepts' distinct embeddings, unit vectors [k, d]"""
    sizes: NDArray[np.int64]
    """How many concepts have each, [k]"""
    columns: NDArray[np.int64]
    """The column of each concept, [m]"""

    @classmethod
    def of(cls, images: NDArray[np.float32], inverse_lengths: Floats, texts: Floats) -> Cosines:
        """From the concepts' unit vectors [m, d]."""
        distinct, columns, sizes = np.unique(texts, axis=0, return_inverse=True, return_counts=True)
        return cls(images, inverse_lengths, distinct, sizes, columns)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.images), len(self.texts)

    def __getitem__(self, images: NDArray[np.int64] | slice) -> Floats:
        return (self.images[images] * self.inverse_lengths[images, None]) @ self.texts.T

    def mean(self) -> Floats:
        """Of each column."""
        everything = np.arange(len(self.images), dtype=np.int32)
        return self.texts @ sum_rows(self.images, self.inverse_lengths, everything) / len(self.images)


class Activations(Protocol):
    """A, kept elsewhere."""

    @property
    def shape(self) -> tuple[int, int]: ...

    def top(self, count: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """D of each unit and the activations on them, [n, count] each; all images where there are fewer."""
        ...

    def whole(self) -> NDArray[Any]:
        """[p, n]"""
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

    P(D|t) = Π_i (1 + p_i·(softmax_t(a·P)_i − 1)) over D, the `top_k` images, where p_i, the chance that the i-th image
    belongs to D, falls evenly from `p_start` towards `p_end`. P(D) is the mean of P(D|t) over the units. The published
    code refuses fewer than `top_k` images; D is all of them then.
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
    """Cosine of each column of A and each of P; 0 for a column that is all 0, where the published code gives NaN."""
    return _cosine(similarity, _whole(similarity, activations), lambda rows: rows, lambda rows: rows, 0.0)


def cos_similarity_cubed(similarity: Similarity, activations: Activity, min_norm: float = 1e-3) -> Floats:
    """Cosine of (A − mean A)³ and (P − mean P)³ by columns, where a length below `min_norm` is taken for it."""
    whole = _whole(similarity, activations)
    middle = whole.mean(axis=0, dtype=np.float64)
    centre = similarity.mean() if isinstance(similarity, Cosines) else similarity.mean(axis=0, dtype=np.float64)
    return _cosine(similarity, whole, lambda rows: _cube(rows - centre), lambda rows: _cube(rows - middle), min_norm)


def rank_reorder(
    similarity: Similarity, activations: Activity, p: float = 3.0, top_fraction: float = 0.05, scale_p: float = 0.5
) -> Floats:
    """Minus the error of ordering D by a concept instead: −mean |q − q_t|^p / baseline / (mean of P over D)^scale_p.

    D are the `top_fraction` of all images, at least one; q are a unit's activations on them, descending, and q_t the
    same ones given out in the order of P's column. The baseline is the error of a random order: the published code
    estimates it by five draws, so that its figures differ from call to call; this is what it estimates, the mean over
    all pairs of images. Where all activations are equal, and so no order better than another, the first quotient is 1,
    not 0/0. A mean of P that is not positive, of which the published code takes a root and gets NaN, scores −∞.
    """
    tops = _top(similarity, activations, max(int(similarity.shape[0] * top_fraction), 1))
    return np.stack(
        [
            _order_scores(_rows(similarity, images), np.asarray(values, dtype=np.float64), p, scale_p)
            for images, values in zip(*tops, strict=True)
        ]
    )


def _order_scores(rows: Floats, activations: Floats, p: float, scale_p: float) -> Floats:
    """Rank reorder's score of each concept for one unit, [m], from P's rows [k, m] and the activations [k] of its D."""
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
    """log P(D|t) − λ·log P(D) from log P(D|t) [n, m]."""
    highest = logs.max(axis=0)
    information: Floats = logs - lam * (highest + np.log(np.exp(logs - highest).mean(axis=0)))
    return information


def _shares(similarity: Similarity, images: NDArray[np.int64], a: float) -> Iterator[Floats]:
    """Of each unit softmax_t(a·P) on its D [n, k], over all concepts."""
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
    """Cosine of each column of A and each of P, some rows of both at once, each changed by its function."""
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
            f"similarity [p, m] and activations [p, n] are of the same images, got {shapes[0]}, {shapes[1]}"
        )
