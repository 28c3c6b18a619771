"""Decodes an image file's bytes to the 8-bit grey film that every model input and thumbnail is made from."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from engine.errors import MammiError, UnreadableImage
from engine.extras import missing
from engine.probing.apart import decode_apart
from engine.probing.picture import decode_picture
from engine.probing.plain import takes_linear_time
from engine.probing.plain_png import decode_plain
from engine.probing.suffixes import DICOM, DICOM_AT

READERS = max(2, min(32, os.cpu_count() or 2))
"""Threads that read and decode films beside the models"""
MAX_PIXELS = 89_478_485
"""Films of more pixels are refused: no radiograph is so large, and it would fill the memory (Pillow's own limit)"""


def decode(data: bytes) -> NDArray[np.uint8]:
    """The film [h, w] of a file in one of FORMATS, upright, in grey levels 0 to 255. The file's name plays no part.

    Grey of more than 8 bits, and grey as decimal numbers, is windowed linearly from its darkest to its brightest value,
    as viewers show a film without a window of its own. Colour becomes luminance (ITU-R 601); 16-bit colour keeps its
    higher 8 bits. Transparent parts become black. decode_dicom in dicom.film says how DICOM's own windows are applied.

    PNG, and JPEG that is not progressive, are decoded here: their decoders take time by the number of pixels. All else
    is decoded in a process of its own (engine.probing.apart), which ends at limits.film_seconds and limits.film_mb.

    Raises UnreadableImage with the reason, and MammiError when a package that the film needs is missing.
    """
    if (plain := decode_plain(data, MAX_PIXELS)) is not None:
        return plain
    return decode_here(data) if takes_linear_time(data) else decode_apart(data)


def decode_here(data: bytes) -> NDArray[np.uint8]:
    """As `decode`, in this process and without its limits."""
    try:
        return _dicom(data) if data.startswith(DICOM, DICOM_AT) else decode_picture(data, MAX_PIXELS)
    except MemoryError:
        raise UnreadableImage("too large for the memory") from None


def _dicom(data: bytes) -> NDArray[np.uint8]:
    try:
        from engine.probing.dicom.film import decode_dicom
    except ModuleNotFoundError as error:
        raise MammiError(f"A DICOM film {missing(error.name)}.") from None
    return decode_dicom(data, MAX_PIXELS)
