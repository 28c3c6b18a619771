"""States promises, and makes the input that the checks share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.errors import first_line

THREADS = 8
ROUNDS = 4
"""How often several threads ask for each item"""

Item = TypeVar("Item")
Result = TypeVar("Result")


def expect(holds: object, promise: str) -> None:
    """Raises AssertionError with the promise unless it holds."""
    if not holds:
        raise AssertionError(promise)


@contextmanager
def only(allowed: type[Exception], what: str) -> Iterator[None]:
    """Lets the block end, or raise an error of the kind `allowed`; another error breaks the promise."""
    try:
        yield
    except allowed:
        pass
    except Exception as error:
        # The implementation's own code, which may raise anything.
        found = f"{type(error).__name__}: {first_line(error)}"
        raise AssertionError(f"{what} may raise {allowed.__name__} only, not {found}") from error


@contextmanager
def raising(wanted: type[Exception], what: str) -> Iterator[None]:
    """Requires the block to raise an error of the kind `wanted`."""
    ended = False
    with only(wanted, what):
        yield
        ended = True
    expect(not ended, f"{what} must raise {wanted.__name__}")


def from_threads(function: Callable[[Item], Result], items: Sequence[Item]) -> list[list[Result]]:
    """The results for all items, several times over, asked for by several threads at once."""
    with ThreadPoolExecutor(THREADS) as threads:
        results = list(threads.map(function, [*items] * ROUNDS))
    return [results[start : start + len(items)] for start in range(0, len(results), len(items))]


def films() -> list[NDArray[np.uint8]]:
    """Four grey films [h, w] of smooth noise: portrait, landscape, square and small."""
    made = []
    for seed, (height, width) in enumerate([(300, 240), (220, 310), (256, 256), (40, 50)]):
        coarse = np.random.default_rng(seed).integers(0, 256, (7, 7))
        rows, columns = (np.linspace(0, 6, side) for side in (height, width))
        across = np.stack([np.interp(columns, range(7), row) for row in coarse])
        made.append(np.stack([np.interp(rows, range(7), column) for column in across.T], axis=1).astype(np.uint8))
    return made


def narrow_films() -> list[NDArray[np.uint8]]:
    """Films that a model may refuse: of one pixel, and of one column."""
    return [np.full((1, 1), 7, np.uint8), np.arange(48, dtype=np.uint8)[:, None]]
