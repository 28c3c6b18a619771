"""Concept scores and the annotation of a neuron: Eq. 2 of MAMMI (MICCAI 2024, arXiv 2407.11375) and its β cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.annotation.selection import check_cut


def unit_rows(vectors: ArrayLike) -> NDArray[np.float64]:
    """Vectors [..., d] scaled to length 1, in float64. A zero vector stays zero: its cosine to anything is 0."""
    values = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(values, axis=-1, keepdims=True)
    scaled: NDArray[np.float64] = np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0)
    return scaled


def concept_directions(text_embeddings: ArrayLike, template: ArrayLike) -> NDArray[np.float64]:
    """t_j − t_tem for each prompted concept, [m, d], from text embeddings [m, d] and that of the bare template [d].

    With a template of zeros nothing is subtracted: the published code's `--adaptive no`.
    """
    return unit_rows(text_embeddings) - unit_rows(template)


def score_mean(mean: NDArray[np.float64], directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores [m] of a mean of unit image embeddings [d]: s_j = mean(v)·(t_j − t_tem).

    Every row is summed in the same order, so equal directions get scores that are equal to the last bit.
    """
    scores: NDArray[np.float64] = np.einsum("jd,d->j", directions, mean)
    return scores


def concept_scores(image_embeddings: ArrayLike, text_embeddings: ArrayLike, template: ArrayLike) -> NDArray[np.float64]:
    """Eq. 2: s_j = mean over the representative images o of cos(v_o, t_j) − cos(v_o, t_tem); float64 [m].

    `image_embeddings` [n, d] are those of the representative images, n ≥ 1; `text_embeddings` [m, d] those of the
    prompted concepts; `template` [d] that of the bare template, or zeros, so that s_j = mean cos(v_o, t_j). They need
    not have length 1. Raises ValueError when
    there is no image or the dimensions differ.
    """
    images = np.asarray(image_embeddings)
    texts = np.asarray(text_embeddings)
    if images.ndim != 2 or len(images) == 0:
        raise ValueError(f"the representative images' embeddings are a matrix of at least one row, got {images.shape}")
    if texts.ndim != 2 or texts.shape[1] != images.shape[1] or np.shape(template) != images.shape[1:]:
        raise ValueError(
            f"dimensions differ: images {images.shape}, texts {texts.shape}, template {np.shape(template)}"
        )
    return score_mean(unit_rows(images).mean(axis=0), concept_directions(texts, template))


def cut(scores: NDArray[np.float64], beta: float) -> float:
    """β·max(s). It is 0 when no score is positive: then nothing is annotated."""
    best = float(scores.max(initial=0.0))
    return beta * best if best > 0 else 0.0


def rank(scores: ArrayLike) -> NDArray[np.int64]:
    """All concept indices, score descending, ties by index."""
    return np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")


def annotate(scores: ArrayLike, beta: float) -> NDArray[np.int64]:
    """Indices of the concepts with s > β·max(s), score descending, ties by index; int64 [k].

    Empty when max(s) ≤ 0. Raises ValueError for a β outside [0, 1] or a NaN score.
    """
    values = np.asarray(scores, dtype=np.float64)
    check_cut("beta", beta)
    if np.isnan(values).any():
        raise ValueError("scores must not be NaN")
    if values.max(initial=0.0) <= 0:
        return np.empty(0, dtype=np.int64)
    ranking = rank(values)
    return ranking[values[ranking] > cut(values, beta)]
