"""The grey level that a viewer shows for each stored value of a DICOM film.

This is the pipeline of DICOM PS3.4, figure N.2-1: modality (the measured value), VOI (the values of interest),
presentation. It runs once for each value that can occur, not for each pixel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from engine.errors import UnreadableImage
from engine.probing.dicom.file import number, text

Floats = NDArray[np.float64]


def grey(pixels: NDArray[np.integer], dataset: Dataset) -> NDArray[np.uint8]:
    """Turns stored values [h, w] of at most 16 bits into grey levels 0 to 255.

    Raises UnreadableImage for damaged tables.
    """
    low, high = int(pixels.min()), int(pixels.max())
    places = pixels.astype(np.int32) - low
    levels = np.arange(low, high + 1)
    occurs = np.bincount(places.ravel(), minlength=len(levels)) > 0
    return _render(levels, occurs, dataset)[places]


def colour(dataset: Dataset, pixels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Turns stored values [h, w] of a palette film into red, green and blue [h, w, 3], 0 to 255.

    Raises UnreadableImage for damaged tables.
    """
    shades = [
        _lookup(
            pixels, dataset, f"{name}PaletteColorLookupTableDescriptor", f"{name}PaletteColorLookupTableData", dataset
        )
        for name in ("Red", "Green", "Blue")
    ]
    return np.rint(np.stack([values * (255 / top) for values, top in shades], axis=-1)).astype(np.uint8)


def _render(levels: NDArray[np.int64], occurs: NDArray[np.bool_], dataset: Dataset) -> NDArray[np.uint8]:
    measured = _measured(levels, dataset)
    light = _of_interest(measured, dataset)
    if light is None:
        light = _whole_range(levels, measured, occurs, dataset)
    if (
        text(dataset, "PhotometricInterpretation") == "MONOCHROME1"
        or text(dataset, "PresentationLUTShape") == "INVERSE"
    ):
        light = 1 - light
    return np.rint(255 * light).astype(np.uint8)


def _measured(levels: NDArray[np.int64], dataset: Dataset) -> Floats:
    """Applies the modality LUT (PS3.3, C.11.1): the table where there is one, else slope and intercept."""
    item = _item(dataset, "ModalityLUTSequence")
    if item is not None:
        return _lookup(levels, item, "LUTDescriptor", "LUTData", dataset)[0]
    slope, intercept = number(dataset, "RescaleSlope") or 1.0, number(dataset, "RescaleIntercept") or 0.0
    return levels.astype(np.float64) * slope + intercept


def _of_interest(measured: Floats, dataset: Dataset) -> Floats | None:
    """Applies the VOI LUT (PS3.3, C.11.2): the first table, else the first window; 0 to 1. None if there is
    neither."""
    item = _item(dataset, "VOILUTSequence")
    if item is not None:
        values, top = _lookup(np.rint(measured), item, "LUTDescriptor", "LUTData", dataset)
        return values / top
    centre, width = number(dataset, "WindowCenter"), number(dataset, "WindowWidth")
    function = text(dataset, "VOILUTFunction").upper()
    if centre is None or width is None or width <= 0:
        return None
    if function == "SIGMOID":
        return 1 / (1 + np.exp(np.clip(-4 * (measured - centre) / width, -500, 500)))
    if function == "LINEAR_EXACT":
        return np.clip((measured - centre) / width + 0.5, 0, 1)
    if width < 1:
        return None
    if width == 1:
        return np.where(measured > centre - 0.5, 1.0, 0.0)
    return np.clip((measured - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)


def _whole_range(levels: NDArray[np.int64], measured: Floats, occurs: NDArray[np.bool_], dataset: Dataset) -> Floats:
    """Maps values without a window to 0 to 1. 8-bit values stay as they are, as in any 8-bit picture; others span the
    range from the least to the greatest that is not padding."""
    if number(dataset, "BitsStored") == 8 and np.array_equal(measured, levels) and levels[0] >= 0:
        return measured / 255
    film = measured[occurs & ~_padding(levels, dataset)]
    if not film.size:
        film = measured[occurs]
    low, high = float(film.min()), float(film.max())
    return np.clip((measured - low) / (high - low or 1), 0, 1)


def _padding(levels: NDArray[np.int64], dataset: Dataset) -> NDArray[np.bool_]:
    """Which stored values lie outside the film, such as those of the collimator (PS3.3, C.7.5.1.1.2)."""
    value = number(dataset, "PixelPaddingValue")
    if value is None:
        return np.zeros(len(levels), np.bool_)
    limit = number(dataset, "PixelPaddingRangeLimit")
    ends = sorted((value, value if limit is None else limit))
    return (levels >= ends[0]) & (levels <= ends[1])


def _item(dataset: Dataset, sequence: str) -> Dataset | None:
    items = dataset.get(sequence)
    return items[0] if items else None


def _lookup(
    values: NDArray[np.generic], item: Dataset, descriptor: str, data: str, dataset: Dataset
) -> tuple[Floats, float]:
    """The table's entry for each value, and the greatest value that an entry may have. A value beyond either end of the
    table gets that end's entry."""
    try:
        count, first, bits = (int(part) for part in item[descriptor].value)
        entries = _entries(item[data].value, count % 65536 or 65536, dataset)
    except (KeyError, TypeError, ValueError):
        raise UnreadableImage(f"damaged: its lookup table ({data})") from None
    if number(dataset, "PixelRepresentation") == 1 and first >= 32768:
        first -= 65536  # a negative number, written as unsigned
    places = np.clip(values.astype(np.int64) - first, 0, len(entries) - 1)
    return entries[places], max((1 << min(max(bits, 1), 16)) - 1, float(entries.max()))


def _entries(value: object, count: int, dataset: Dataset) -> Floats:
    """A table's entries from numbers (VR US) or bytes (VR OW). Bytes are entries of 16 bits, or of 8 bits where there
    are too few for that."""
    if isinstance(value, bytes):
        order = "<" if dataset.original_encoding[1] is not False else ">"
        value = np.frombuffer(value, "u1" if len(value) < 2 * count else f"{order}u2")
    entries = np.atleast_1d(np.asarray(value, np.float64))[:count]
    if not entries.size or not np.isfinite(entries).all():
        raise ValueError
    return entries
