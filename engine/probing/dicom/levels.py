"""The grey level that a viewer shows for each stored value of a DICOM film.

This is the pipeline of DICOM PS3.4, figure N.2-1: modality (the measured value), VOI (the values of interest),
presentation. It runs once for each value that can occur, not for each pixel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from engine.probing.dicom.file import number, text
from engine.probing.dicom.lookup import Floats, lookup


def grey(pixels: NDArray[np.integer], dataset: Dataset) -> NDArray[np.uint8]:
    """Turns stored values [h, w] of at most 16 bits into grey levels 0 to 255.

    Raises UnreadableImage for damaged tables.
    """
    low, high = int(pixels.min()), int(pixels.max())
    places = pixels.astype(np.int32) - low
    levels = np.arange(low, high + 1)
    occurs = np.bincount(places.ravel(), minlength=len(levels)) > 0
    return _render(levels, occurs, dataset)[places]


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
        return lookup(levels, item, "LUTDescriptor", "LUTData", dataset)[0]
    slope, intercept = number(dataset, "RescaleSlope") or 1.0, number(dataset, "RescaleIntercept") or 0.0
    return levels.astype(np.float64) * slope + intercept


def _of_interest(measured: Floats, dataset: Dataset) -> Floats | None:
    """Applies the VOI LUT (PS3.3, C.11.2): the first table, else the first window; 0 to 1. None if there is
    neither."""
    item = _item(dataset, "VOILUTSequence")
    if item is not None:
        values, top = lookup(np.rint(measured), item, "LUTDescriptor", "LUTData", dataset)
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
