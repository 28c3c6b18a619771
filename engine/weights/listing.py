"""What a file of torch holds, as one process tells it to another."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

KINDS = {
    "FloatStorage": ("float32", 4),
    "DoubleStorage": ("float64", 8),
    "HalfStorage": ("float16", 2),
    "BFloat16Storage": ("bfloat16", 2),
    "LongStorage": ("int64", 8),
    "IntStorage": ("int32", 4),
    "ShortStorage": ("int16", 2),
    "CharStorage": ("int8", 1),
    "ByteStorage": ("uint8", 1),
    "BoolStorage": ("bool", 1),
    "ComplexFloatStorage": ("complex64", 8),
    "ComplexDoubleStorage": ("complex128", 16),
    "UntypedStorage": ("uint8", 1),
}
"""torch's name of each kind of memory -> its name of the numbers in it, and the bytes of one"""

Place = tuple[int, int, int | None]
"""Where a tensor's memory stands in the file: its first byte, its bytes, and their CRC-32 where the file has one"""


@dataclass(frozen=True, slots=True)
class View:
    """A tensor, as numbers in a part of the file."""

    storage: str
    """The key of its memory in the file"""
    dtype: str
    """In torch's words, such as float32"""
    place: Place
    offset: int
    """In numbers, as are the strides"""
    shape: tuple[int, ...]
    stride: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """What a file of torch holds, of types that JSON can write."""

    tensors: list[View | str] = field(default_factory=list)
    """Each tensor in the file, or the reason why it cannot be read"""
    dicts: list[dict[str, int]] = field(default_factory=list)
    """Each state dict: name -> place in `tensors`"""
    entries: list[tuple[str, int]] = field(default_factory=list)
    """The key of each state dict, dotted where it is nested, "" for the outermost, and its place in `dicts`"""
    hostile: tuple[str, ...] = ()
    """Names of functions that no checkpoint needs, which the file asks for"""
    top: tuple[str, ...] = ()
    """The first of the outermost keys, or the type of what the file holds instead"""

    def as_json(self) -> str:
        views = [
            [each.storage, each.dtype, *each.place, each.offset, each.shape, each.stride]
            if isinstance(each, View)
            else each
            for each in self.tensors
        ]
        return json.dumps([views, self.dicts, self.entries, self.hostile, self.top])

    @classmethod
    def of_json(cls, text: bytes) -> Listing:
        views, dicts, entries, hostile, top = json.loads(text)
        return cls([each if isinstance(each, str) else _view(*each) for each in views], dicts, entries, hostile, top)


def _view(
    storage: str,
    dtype: str,
    start: int,
    size: int,
    crc: int | None,
    offset: int,
    shape: list[int],
    stride: list[int],
) -> View:
    return View(storage, dtype, (start, size, crc), offset, tuple(shape), tuple(stride))
