"""Masks that a table gives as run lengths: their boxes and outlines.

Source: the code that comes with SIIM-ACR Pneumothorax (Kaggle, 2019). Numbers alternate: how many pixels to skip since
the end of the run before, and how many belong to the mask. Pixels are counted down each column, columns from the left.
"""

from __future__ import annotations

from collections.abc import Iterator

Run = tuple[int, int, int]
"""A column, and the rows from the first to before the last, of pixels that belong to a mask"""
Corner = tuple[float, float]


def runs(text: str, side: int) -> list[Run]:
    """The runs of a mask on `side` × `side` pixels, none of which goes on in another column.

    Raises ValueError for what is not a list of run lengths within the film.
    """
    numbers = [int(number) for number in text.split()]
    if not numbers or len(numbers) % 2 or min(numbers) < 0 or sum(numbers) > side * side:
        raise ValueError
    found: list[Run] = []
    place = 0
    for skipped, length in zip(numbers[::2], numbers[1::2], strict=True):
        place += skipped
        end = place + length
        while place < end:
            column, row = divmod(place, side)
            stop = min(side, row + end - place)
            found.append((column, row, stop))
            place += stop - row
    if not found:
        raise ValueError
    return found


def box(found: list[Run]) -> tuple[int, int, int, int]:
    """The box around runs: left, top, width, height."""
    left, top = min(run[0] for run in found), min(run[1] for run in found)
    return left, top, max(run[0] for run in found) + 1 - left, max(run[2] for run in found) - top


def outlines(found: list[Run]) -> Iterator[tuple[Corner, ...]]:
    """Closed outlines that enclose just the pixels of the runs: one for each chain of runs that touch, column by
    column."""
    chains: list[list[Run]] = []
    open_chains: list[list[Run]] = []
    column = -1
    going_on: list[list[Run]] = []
    for run in found:
        if run[0] != column:
            open_chains = going_on if run[0] == column + 1 else []
            going_on, column = [], run[0]
        chain = next((each for each in open_chains if each[-1][1] < run[2] and run[1] < each[-1][2]), None)
        if chain is None:
            chain = []
            chains.append(chain)
        else:
            open_chains = [each for each in open_chains if each is not chain]
        chain.append(run)
        going_on.append(chain)
    for chain in chains:
        tops = [corner for x, top, _ in chain for corner in ((x, top), (x + 1, top))]
        bottoms = [corner for x, _, end in reversed(chain) for corner in ((x + 1, end), (x, end))]
        yield (*tops, *bottoms)
