"""The rows of `image_embeddings`: an embedding in float32, or of length 1 in float16; and the inverse of its length.

A float16 keeps 11 bits: of a unit vector v it leaves v + e with |e| ≤ 2^−11·|v| + 2^−25·√d, so that a score, a mean of
products with t_j − t_tem, moves by at most |e|·|t_j − t_tem|. DuckDB has no float16: a USMALLINT holds its bits.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.annotation.scoring import unit_rows
from engine.store.ladder import inverse_lengths

Precision = Literal["f32", "f16"]
TYPES: dict[str, str] = {"f32": "FLOAT", "f16": "USMALLINT"}
"""The type of a number in DuckDB"""
_HALVES = "f16 of "


def rounded(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """Embeddings [n, d] scaled to length 1 and rounded to float16. Only once: rounded again they would be others."""
    return unit_rows(embeddings).astype(np.float16).astype(np.float32)


def rounded_key(key: str) -> str:
    """The key of the part that holds the rounded embeddings of the part `key`."""
    return f"{_HALVES}{key}"


def is_rounded(key: str) -> bool:
    """Whether `key` is one that rounded_key has made."""
    return key.startswith(_HALVES)


def columns(
    images: NDArray[np.int32], embeddings: NDArray[np.float32], precision: Precision
) -> dict[str, NDArray[Any]]:
    """The rows of some images, by column. Raises ValueError for numbers that this precision does not hold."""
    stored: NDArray[Any] = embeddings
    if precision == "f16":
        halves = embeddings.astype("<f2")
        if not np.array_equal(halves, embeddings):
            raise ValueError("image embeddings are stored in float16 and are not rounded to it")
        stored = halves.view("<u2")
    return {"image": images, "embedding": stored, "inverse_length": inverse_lengths(embeddings)}
