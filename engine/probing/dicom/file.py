"""Reads DICOM files with pydicom, whatever they hold, without its warnings and within the size of a film."""

from __future__ import annotations

import decimal
import logging
import math
import re
import struct
import unicodedata
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from pydicom import Dataset, config, dcmread
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from engine.errors import UnreadableImage, first_line

MARK = b"DICM"
MARK_AT = 128
"""Bytes before the mark, which may hold anything (DICOM PS3.10, section 7.1)"""
MAX_INFLATED = 1 << 29
"""The most bytes that a deflated data set may inflate to: twice the limit of a file"""

_LONGEST = 80
"""The most characters of a text from a file that a message shows"""
_BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,  # with RecursionError: sequences nested without end
    TypeError,
    ValueError,
    decimal.InvalidOperation,
    struct.error,
    zlib.error,
)
"""What pydicom and its decoders raise on damaged files, depending on where the damage is"""

_OBJECT = re.compile(r" <\S+ object at 0x[0-9a-f]+>")
"""An address in memory, which differs each time"""

config.settings.reading_validation_mode = config.IGNORE  # else its warnings show values, such as patients' names
warnings.filterwarnings("ignore", module=r"pydicom\.")
logging.getLogger("pydicom").addHandler(logging.NullHandler())
logging.getLogger("pydicom").propagate = False


@contextmanager
def damage_as_unreadable() -> Iterator[None]:
    """Turns whatever pydicom raises in the block into UnreadableImage, with the reason in one line."""
    try:
        yield
    except _BROKEN as error:
        raise UnreadableImage(f"damaged: {_reason(error)}") from None


def read_file(stream: BinaryIO, tags: Sequence[int] | None = None) -> Dataset:
    """The data set of a DICOM file, with its header. With `tags`: these elements only, and no pixels.

    Raises UnreadableImage when it is not a DICOM file or is damaged.
    """
    with damage_as_unreadable():
        stream.seek(MARK_AT)
        if stream.read(len(MARK)) != MARK:
            raise UnreadableImage("not a DICOM file: byte 128 lacks the mark DICM")
        header = read_dataset(stream, False, True, stop_when=_after_header)
        if header.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
            _check_inflated(stream.read())
        stream.seek(0)
        wanted = None if tags is None else list(tags)
        dataset: Dataset = dcmread(stream, stop_before_pixels=tags is not None, specific_tags=wanted)
        return dataset


def text(dataset: Dataset, keyword: str) -> str:
    """An element's value, or the first of several, as one line that is safe to show; empty if there is none."""
    try:
        value = dataset.get(keyword)
    except _BROKEN:
        return ""
    return shown(_first(value))


def number(dataset: Dataset, keyword: str) -> float | None:
    """An element's number, or the first of several; None if it is missing, empty, infinite or damaged."""
    try:
        value = float(_first(dataset.get(keyword)))  # type: ignore[arg-type]
    except _BROKEN:
        return None
    return value if math.isfinite(value) else None


def shown(value: object) -> str:
    """Text from a DICOM file as one line, cut to _LONGEST, without control and invisible characters."""
    folded = " ".join(("" if value is None else str(value)).replace("\0", " ").split())
    cleaned = "".join("�" if unicodedata.category(char).startswith("C") else char for char in folded)
    return cleaned if len(cleaned) <= _LONGEST else f"{cleaned[: _LONGEST - 1]}…"


def _first(value: object) -> object:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return value[0] if value else None
    return value


def _after_header(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag.group != 2


def _check_inflated(data: bytes) -> None:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflater.decompress(data, MAX_INFLATED)
    if inflater.unconsumed_tail:
        raise UnreadableImage(f"too large: inflates to more than {MAX_INFLATED >> 20} MB")


def _reason(error: BaseException) -> str:
    """The reason in pydicom's error. Where decoders failed, a general first line is followed by a line
    "decoder: reason" for each."""
    lines = str(error).strip().splitlines()
    specific = lines[-1].partition(": ")[2] if len(lines) > 1 else ""
    return shown(_OBJECT.sub("", specific or first_line(error)))
