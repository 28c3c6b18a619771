"""TIFF files whose pixels Pillow would take for others: they are read in another way, or as the values that they are.

Pillow (13.0) takes 16-bit colours that lie in planes of their own for 8-bit ones, packed signed and decimal numbers of
big-endian files for little-endian ones, signed bytes for unsigned ones, and unsigned numbers of 32 bits for signed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image, TiffImagePlugin
from PIL.TiffImagePlugin import TiffImageFile

_BITS, _PLANES, _FORMAT = 258, 284, 339
"""TIFF tags: BitsPerSample, PlanarConfiguration, SampleFormat"""
_SEPARATE = 2
_UNSIGNED, _SIGNED = 1, 2
_BIG_ENDIAN = ("BS", "BF")
"""How Pillow's names for signed and for decimal numbers of big-endian files end"""


@contextmanager
def as_stored(image: Image.Image, data: bytes) -> Iterator[Image.Image]:
    """The picture, to be read as it is stored. `image` is the file's, not loaded yet, and no TIFF file as a rule."""
    if not isinstance(image, TiffImageFile):
        yield image
    elif image.tag_v2.get(_PLANES) == _SEPARATE and not image.use_load_libtiff:
        with _read_by_libtiff(data) as other:
            yield other
    else:
        _name_order(image)
        yield image


def kind_of_values(image: Image.Image) -> np.dtype[Any] | None:
    """What the picture's values are, where Pillow takes them for others of the same size; else None."""
    if not isinstance(image, TiffImageFile):
        return None
    kind = _first(image, _FORMAT, _UNSIGNED)
    if image.mode == "L" and kind == _SIGNED:
        return np.dtype(np.int8)
    if image.mode == "I" and kind == _UNSIGNED and _first(image, _BITS, 1) == 32:
        return np.dtype(np.uint32)
    return None


@contextmanager
def _read_by_libtiff(data: bytes) -> Iterator[TiffImageFile]:
    """As libtiff reads the file, which Pillow asks for packed ones alone."""
    TiffImagePlugin.READ_LIBTIFF = True
    try:
        image = TiffImageFile(io.BytesIO(data))
    finally:
        TiffImagePlugin.READ_LIBTIFF = False
    with image:
        _name_order(image)
        yield image


def _name_order(image: TiffImageFile) -> None:
    """libtiff gives numbers in this machine's order, whatever the file's."""
    if image.use_load_libtiff:
        image.tile = [
            tile._replace(args=(_native(tile.args[0]), *tile.args[1:])) if isinstance(tile.args, tuple) else tile
            for tile in image.tile
        ]


def _native(kept: str) -> str:
    """Pillow's name for numbers that are kept in this machine's order."""
    return f"{kept[:-2]}N{kept[-1]}" if kept.endswith(_BIG_ENDIAN) else kept


def _first(image: TiffImageFile, tag: int, default: int) -> object:
    value = image.tag_v2.get(tag, default)
    return value[0] if isinstance(value, tuple) and value else value
