"""Decodes pictures in one of PICTURES with Pillow, in this process."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from engine.errors import UnreadableImage, first_line
from engine.probing.plain_png import pixels_fail_sum
from engine.probing.suffixes import FORMATS, HEAD, PICTURES, begins_like_film
from engine.probing.tiff import as_stored, kind_of_values

_BAND = 1 << 22
"""Pixels that are turned into grey at once: what that takes is bounded, however large the film"""
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
_DATA_SET = (b"\x02\x00", b"\x08\x00")
"""How DICOM data begin in a file without the mark: with group 2 or 8"""
_BROKEN_FILE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Pillow raises on damaged files, depending on where the damage is"""

warnings.filterwarnings("ignore", module=r"PIL\.")  # of damage, and of bombs, which are refused here


def decode_picture(data: bytes, most_pixels: int) -> NDArray[np.uint8]:
    """The film [h, w] of a picture of at most that many pixels, as engine.probing.decoding.decode gives it.

    Raises UnreadableImage with the reason, and MemoryError.
    """
    try:
        with Image.open(io.BytesIO(data), formats=PICTURES) as image:
            if image.width * image.height > most_pixels:
                raise UnreadableImage(f"too large: {image.width} × {image.height} pixels")
            _check(image)
            if pixels_fail_sum(data):
                raise UnreadableImage("damaged: the sum of its pixels is wrong")
            with as_stored(image, data) as stored:
                film = _upright(_grey(stored), _orientation(stored))
    except UnidentifiedImageError:
        raise UnreadableImage(_unidentified(data)) from None
    except Image.DecompressionBombError:
        raise UnreadableImage(f"too large: more than {2 * most_pixels} pixels") from None
    except _BROKEN_FILE as error:
        raise UnreadableImage(f"damaged: {first_line(error)}") from None
    return np.ascontiguousarray(film)


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
    kind = kind_of_values(image)
    if kind is not None or image.mode.startswith(("I", "F")):
        film = _window(image, kind)
        return 255 - film if isinstance(image, TiffImageFile) and image.tag_v2.get(_INVERTED) == 0 else film
    if image.mode in ("LAB", "HSV"):
        raise UnreadableImage(f"its colours are {image.mode}: save it in grey")
    film = np.empty((image.height, image.width), np.uint8)
    for rows, band in _bands(image):
        film[rows] = _luminance(band)
    return film


def _bands(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """The film from top to bottom, some rows at a time; a film of the usual size is one band."""
    image.load()
    height = max(1, _BAND // image.width)
    if height >= image.height:
        yield slice(None), image
        return
    for top in range(0, image.height, height):
        bottom = min(top + height, image.height)
        yield slice(top, bottom), image.crop((0, top, image.width, bottom))


def _luminance(image: Image.Image) -> NDArray[np.uint8]:
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
    elif image.mode not in ("L", "RGB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    return np.asarray(image.convert("L"))


def _window(image: Image.Image, kind: np.dtype[Any] | None) -> NDArray[np.uint8]:
    """Scales grey values of any depth, so that the least becomes 0 and the greatest 255. What is not a number becomes
    0. `kind` is that of engine.probing.tiff.kind_of_values."""
    lowest, highest = [], []
    for _, band in _bands(image):
        values = _known(_values(band, kind))
        if values.size:
            lowest.append(float(values.min()))
            highest.append(float(values.max()))
    if not lowest:
        raise UnreadableImage("none of its values is a number")
    low, high = min(lowest), max(highest)
    film = np.empty((image.height, image.width), np.uint8)
    for rows, band in _bands(image):
        film[rows] = _scaled(_values(band, kind), low, high)
    return film


def _values(band: Image.Image, kind: np.dtype[Any] | None) -> NDArray[Any]:
    values = np.asarray(band)
    return values if kind is None else values.view(kind)


def _known(values: NDArray[Any]) -> NDArray[Any]:
    """The values that are numbers."""
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values


def _scaled(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    wide: NDArray[Any] = values.astype(np.float64 if values.dtype.itemsize > 2 else np.float32)
    if values.dtype.kind == "f":
        wide[~np.isfinite(wide)] = low
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
