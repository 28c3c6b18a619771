"""The lookup tables of DICOM films: those of grey values, and the palettes of colours, whole or in segments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from engine.errors import UnreadableImage
from engine.probing.dicom.file import number

Floats = NDArray[np.float64]

_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2
"""Kinds of segments (PS3.3, C.7.9.2)"""


def colour(dataset: Dataset, pixels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Turns stored values [h, w] of a palette film into red, green and blue [h, w, 3], 0 to 255.

    Raises UnreadableImage for damaged tables.
    """
    shades = []
    for name in ("Red", "Green", "Blue"):
        data = f"{name}PaletteColorLookupTableData"
        if data not in dataset:
            data = f"Segmented{data}"
        values, top = lookup(pixels, dataset, f"{name}PaletteColorLookupTableDescriptor", data, dataset)
        shades.append(np.rint(values * (255 / top)).astype(np.uint8))
    return np.stack(shades, axis=-1)


def lookup(
    values: NDArray[np.generic], item: Dataset, descriptor: str, data: str, dataset: Dataset
) -> tuple[Floats, float]:
    """The table's entry for each value, and the greatest value that an entry may have. A value beyond either end of the
    table gets that end's entry.

    Raises UnreadableImage for a damaged table.
    """
    try:
        count, first, bits = (int(part) for part in item[descriptor].value)
        count = count % 65536 or 65536
        if data.startswith("Segmented"):
            entries = _joined(_words(item[data].value, bits <= 8, dataset), 1 if bits <= 8 else 2, count)
        else:
            entries = _entries(item[data].value, count, dataset)
    except (LookupError, TypeError, ValueError):
        raise UnreadableImage(f"damaged: its lookup table ({data})") from None
    if number(dataset, "PixelRepresentation") == 1 and first >= 32768:
        first -= 65536  # a negative number, written as unsigned
    places = np.clip(values.astype(np.int64) - first, 0, len(entries) - 1)
    return entries[places], max((1 << min(max(bits, 1), 16)) - 1, float(entries.max()))


def _entries(value: object, count: int, dataset: Dataset) -> Floats:
    """A table's entries from numbers (VR US) or bytes (VR OW). Bytes are entries of 16 bits, or of 8 bits where there
    are too few for that."""
    words = _words(value, isinstance(value, bytes) and len(value) < 2 * count, dataset)
    entries = np.atleast_1d(np.asarray(words, np.float64))[:count]
    if not entries.size or not np.isfinite(entries).all():
        raise ValueError
    return entries


def _words(value: object, short: bool, dataset: Dataset) -> object:
    """Bytes as numbers of 8 bits if `short`, else of 16 bits in the file's byte order. Numbers stay what they are."""
    if not isinstance(value, bytes):
        return value
    if short:
        return np.frombuffer(value, "u1")
    order = "<" if dataset.original_encoding[1] is not False else ">"
    return np.frombuffer(value, f"{order}u2")


def _joined(words: object, size: int, count: int) -> Floats:
    """At most `count` entries of a table in segments (PS3.3, C.7.9.2), from its words of `size` bytes.

    A discrete segment holds entries; a linear one ends a straight line from the entry before it; an indirect one
    repeats segments that stand elsewhere. Raises ValueError for a damaged table.
    """
    numbers = np.atleast_1d(np.asarray(words, np.int64))
    entries: list[float] = []
    at = 0
    while len(entries) < count and at + 1 < len(numbers):
        kind, length = numbers[at : at + 2].tolist()
        if kind == _INDIRECT:
            parts = numbers[at + 2 : at + 2 + 4 // size].tolist()
            if len(parts) != 4 // size:
                raise ValueError("ends in a segment")
            place = sum(part << (8 * size * number) for number, part in enumerate(parts)) // size
            at += 2 + len(parts)
            while length > 0 and len(entries) < count:
                place = _add_segment(entries, numbers, place)
                length -= 1
        else:
            at = _add_segment(entries, numbers, at)
    if not entries:
        raise ValueError("no segment")
    return np.array(entries[:count], np.float64)


def _add_segment(entries: list[float], numbers: NDArray[np.int64], at: int) -> int:
    """Adds the entries of the discrete or linear segment at this place, and returns the place after it."""
    kind, length = numbers[at : at + 2].tolist()
    end = at + 2 + (length if kind == _DISCRETE else 1)
    held = numbers[at + 2 : end].tolist()
    if kind not in (_DISCRETE, _LINEAR) or length < 1 or len(held) != end - at - 2:
        raise ValueError("not a segment")
    if kind == _DISCRETE:
        entries += held
    else:
        start = entries[-1]  # IndexError where nothing is before it
        entries += np.rint(start + (held[0] - start) * np.arange(1, length + 1) / length).tolist()
    return end
