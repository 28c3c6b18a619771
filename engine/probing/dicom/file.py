"""Reads DICOM files with pydicom, whatever they hold, without its warnings and within the size of a film."""

from __future__ import annotations

import decimal
import io
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

from pydicom import Dataset, FileDataset, config, dcmread
from pydicom.dataset import FileMetaDataset
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
MOST_READS = 200_000
"""How often a file is read for what its header says; each of its elements takes two"""
PIXELS = 0x7FE00008
"""The first tag of pixels, of decimal or whole numbers"""

_AT_ONCE = 1 << 24
"""Bytes that are inflated at once"""
_HEADER = 1 << 24
"""Bytes of a deflated data set that are looked through for what it says of its film"""
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

    Raises UnreadableImage when it is not a DICOM file or damaged, and with `tags` when it takes more than MOST_READS.
    """
    whole, wanted = tags is None, None if tags is None else list(tags)
    with damage_as_unreadable():
        read = stream if whole else _FewReads(stream)
        read.seek(MARK_AT)
        if read.read(len(MARK)) != MARK:
            raise UnreadableImage("not a DICOM file: byte 128 lacks the mark DICM")
        header = FileMetaDataset(read_dataset(read, False, True, stop_when=_after_header))
        if header.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
            read.seek(0)
            found: Dataset = dcmread(read, stop_before_pixels=not whole, specific_tags=wanted)
            return found
        inflated: BinaryIO = io.BytesIO(_inflated(read.read(), whole))
        read = inflated if whole else _FewReads(inflated)
        dataset = read_dataset(read, False, True, stop_when=None if whole else _at_pixels, specific_tags=wanted)
        return FileDataset(inflated, dataset, None, header, is_implicit_VR=False, is_little_endian=True)


class _FewReads(io.BufferedReader):
    """A stream that is read MOST_READS times at most."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream)  # type: ignore[arg-type]
        self._reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self._reads += 1
        if self._reads > MOST_READS:
            raise ValueError("too many elements")
        return super().read(size)


def text(dataset: Dataset, keyword: str) -> str:
    """An element's value, or the first of several, as one line that is safe to show; empty if there is none, or where a
    damaged file has other elements in its place."""
    try:
        return shown(_first(dataset.get(keyword)))
    except _BROKEN:
        return ""


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
        value = value[0] if value else None
    return None if isinstance(value, Dataset) else value


def _after_header(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag.group != 2


def _at_pixels(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return int(tag) >= PIXELS


def _inflated(data: bytes, whole: bool) -> bytes:
    """A deflated data set, or what comes before its pixels. Raises UnreadableImage for more than MAX_INFLATED bytes."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    if not whole:
        return inflater.decompress(data, _HEADER)
    pieces, size = [], 0
    while data and not inflater.eof:
        pieces.append(inflater.decompress(data, _AT_ONCE))
        data, size = inflater.unconsumed_tail, size + len(pieces[-1])
        if size > MAX_INFLATED:
            raise UnreadableImage(f"too large: inflates to more than {MAX_INFLATED >> 20} MB")
    return b"".join([*pieces, inflater.flush()])


def _reason(error: BaseException) -> str:
    """The reason in pydicom's error. Where decoders failed, a general first line is followed by a line
    "decoder: reason" for each."""
    lines = str(error).strip().splitlines()
    specific = lines[-1].partition(": ")[2] if len(lines) > 1 else ""
    return shown(_OBJECT.sub("", specific or first_line(error)))
