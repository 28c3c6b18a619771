"""Decodes an image file's bytes to the 8-bit grey film that every model input and thumbnail is made from."""

from __future__ import annotations

import io
import os
import struct
import warnings
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from engine.errors import MammiError, UnreadableImage
from engine.extras import missing
from engine.probing.plain_png import decode_plain
from engine.probing.suffixes import FORMATS, HEAD, PICTURES, begins_like_film

READERS = max(2, min(32, os.cpu_count() or 2))
"""Threads that read and decode films beside the models"""
MAX_PIXELS = 89_478_485
"""Films of more pixels are refused: no radiograph is so large, and it would fill the memory (Pillow's own limit)"""

_ORIENTATION_TAG = 0x0112
_OTHERS = {
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"\x93NUMPY": "a NumPy array",
    b"\x1f\x8b": "a gzip file",
    b"PK\x03\x04": "a zip file",
}
"""How files of other kinds begin"""
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PAGES = 16
"""The most pages of a file that are looked at"""
_PAGE_KIND, _LENGTH, _INVERTED = 254, 257, 262
"""TIFF tags: NewSubfileType, ImageLength, PhotometricInterpretation"""
_DICOM = b"DICM"
_DICOM_AT = 128
_DATA_SET = (b"\x02\x00", b"\x08\x00")
"""How DICOM data begin in a file without the mark: with group 2 or 8"""
_BROKEN_FILE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)
"""What Pillow raises on damaged files, depending on where the damage is"""

warnings.filterwarnings("ignore", module=r"PIL\.")  # of damage, and of bombs, which decode() refuses itself


def decode(data: bytes) -> NDArray[np.uint8]:
    """The film [h, w] of a file in one of FORMATS, upright, in grey levels 0 to 255. The file's name plays no part.

    Grey of more than 8 bits, and grey as decimal numbers, is windowed linearly from its darkest to its brightest value,
    as viewers show a film without a window of its own. Colour becomes luminance (ITU-R 601); 16-bit colour keeps its
    higher 8 bits. Transparent parts become black. decode_dicom in dicom.film says how DICOM's own windows are applied.

    Raises UnreadableImage with the reason, and MammiError when a package that the film needs is missing.
    """
    if data.startswith(_DICOM, _DICOM_AT):
        return _dicom(data)
    if (plain := decode_plain(data, MAX_PIXELS)) is not None:
        return plain
    try:
        with Image.open(io.BytesIO(data), formats=PICTURES) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableImage(f"too large: {image.width} × {image.height} pixels")
            _check(image)
            film = _upright(_grey(image), _orientation(image))
    except UnidentifiedImageError:
        raise UnreadableImage(_unidentified(data)) from None
    except Image.DecompressionBombError:
        raise UnreadableImage(f"too large: more than {2 * MAX_PIXELS} pixels") from None
    except _BROKEN_FILE as error:
        raise UnreadableImage(f"damaged: {error}") from None
    return np.ascontiguousarray(film)


def _dicom(data: bytes) -> NDArray[np.uint8]:
    try:
        from engine.probing.dicom.film import decode_dicom
    except ModuleNotFoundError as error:
        raise MammiError(f"A DICOM film {missing(error.name)}.") from None
    return decode_dicom(data, MAX_PIXELS)


def _unidentified(data: bytes) -> str:
    if not data:
        return "the file is empty"
    if data.startswith(_TIFF):
        return "a TIFF file that is damaged, or whose kind of pixels is not supported: save it as 8-bit or 16-bit grey"
    if begins_like_film(data[:HEAD]):
        return "damaged: its header"
    for start, kind in _OTHERS.items():
        if data.startswith(start):
            return f"{kind}, not a {FORMATS} file"
    if data.startswith(_DATA_SET) and data[3:4] == b"\0":
        return "DICOM data without a file header: convert it to a DICOM file, for example with dcmconv"
    return f"not a {FORMATS} file"


def _check(image: Image.Image) -> None:
    """Raises UnreadableImage for a file of several films, such as an animation, or one that lacks a part of the film.
    Smaller copies of the first page are not films of their own."""
    for page in range(1, _PAGES):
        try:
            image.seek(page)
        except _BROKEN_FILE:  # EOFError: no more pages
            break
        if not (isinstance(image, TiffImageFile) and image.tag_v2.get(_PAGE_KIND, 0) & 1):
            raise UnreadableImage("several pages; save the one to read in a file of its own")
    image.seek(0)
    if isinstance(image, TiffImageFile) and _rows(image) < image.tag_v2.get(
        _LENGTH, 0
    ):  # Pillow would leave them black
        raise UnreadableImage("damaged: rows of pixels are missing")


def _rows(image: TiffImageFile) -> int:
    """How many rows the strips or tiles of a TIFF file hold."""
    return max((extents[3] for _, extents, *_ in image.tile if extents), default=0)


def _grey(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode.startswith(("I", "F")):
        film = _window(np.asarray(image))
        return 255 - film if isinstance(image, TiffImageFile) and image.tag_v2.get(_INVERTED) == 0 else film
    if image.mode in ("LAB", "HSV"):
        raise UnreadableImage(f"its colours are {image.mode}: save it in grey")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
    elif image.mode not in ("L", "RGB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    return np.asarray(image.convert("L"))


def _window(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Scales grey values of any depth, so that the least becomes 0 and the greatest 255. What is not a number becomes
    0."""
    wide: NDArray[Any] = values.astype(np.float64 if values.dtype.itemsize > 2 else np.float32)
    if values.dtype.kind == "f" and not (known := np.isfinite(wide)).all():
        if not known.any():
            raise UnreadableImage("none of its values is a number")
        wide[~known] = wide[known].min()
    low, high = float(wide.min()), float(wide.max())
    wide -= low
    wide *= 255 / ((high - low) or 1)
    film: NDArray[np.uint8] = np.rint(wide).astype(np.uint8)
    return film


def _orientation(image: Image.Image) -> object:
    """The orientation in the file's EXIF block; 1 (upright) where that is damaged."""
    try:
        return image.getexif().get(_ORIENTATION_TAG, 1)
    except _BROKEN_FILE:
        return 1


def _upright(film: NDArray[np.uint8], orientation: object) -> NDArray[np.uint8]:
    """Turns a film of EXIF orientation 1 to 8: 2, 4, 5, 7 are mirrored; 3, 4 upside down; 5 to 8 on their side."""
    match orientation:
        case 2:
            return film[:, ::-1]
        case 3:
            return film[::-1, ::-1]
        case 4:
            return film[::-1]
        case 5:
            return film.T
        case 6:
            return film.T[:, ::-1]
        case 7:
            return film.T[::-1, ::-1]
        case 8:
            return film.T[::-1]
        case _:
            return film
