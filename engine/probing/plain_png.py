"""Decodes plain PNG films, as most are: 8-bit grey, and nothing in the file that could change how it is shown.

kornia_rs takes under half of Pillow's time for them, and gives equal pixels. Pillow decides about every other file,
also about a damaged one, so that there is one source of reasons for setting a film aside. The sums of the chunks of
pixels (CRC-32) must be right: kornia_rs compares them, and for Pillow, which does not, `pixels_fail_sum` does. That of
the compressed pixels (Adler-32) is not compared by kornia_rs, and by Pillow not always.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_CHUNKS = 1 << 16
"""More chunks than any film has: writers put 8 kB and more into each"""
_HEADER = struct.Struct(">II5s")
"""Width, height, and how the pixels are kept"""
_GREY_BYTES = bytes((8, 0, 0, 0, 0))
"""8 bits, grey, the one compression, the one set of filters, rows in order"""
_CHUNK = struct.Struct(">I4s")
_SUM = struct.Struct(">I")
_WITHOUT_EFFECT = frozenset((b"tIME", b"pHYs", b"gAMA", b"sRGB", b"cHRM"))
"""Chunks before the pixels that Pillow heeds neither. Texts are not among them, as they can turn the film."""


def decode_plain(data: bytes, most_pixels: int) -> NDArray[np.uint8] | None:
    """The film [h, w] of a plain PNG file of at most that many pixels; None for any other file, also a damaged one."""
    size = _size(data) if data.startswith(SIGNATURE) else None
    if size is None or not 0 < size[0] * size[1] <= most_pixels or (decoder := _decoder()) is None:
        return None
    try:
        film = decoder(data, size, "mono")
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001 - it raises Exception itself; a panic of its Rust code is not even that
        return None
    return film.reshape(size)


def _size(data: bytes) -> tuple[int, int] | None:
    """The height and width that a plain PNG file states; None for any other file."""
    (kind, header), *others = _chunks(data)
    if kind != b"IHDR" or len(header) != _HEADER.size:
        return None
    width, height, kept = _HEADER.unpack(header)
    kinds = [kind for kind, _ in others]
    first = kinds.index(b"IDAT") if b"IDAT" in kinds else len(kinds)
    pixels, end = kinds[first:-1], others[-1:]
    plain = _WITHOUT_EFFECT.issuperset(kinds[:first]) and set(pixels) == {b"IDAT"} and end == [(b"IEND", b"")]
    return (height, width) if plain and kept == _GREY_BYTES else None


def stated_size(head: bytes) -> tuple[int, int] | None:
    """The width and height in the beginning of a PNG file, where nothing before the pixels can turn the film; None for
    any other file."""
    pixels = head.find(b"IDAT") - _SUM.size
    chunks = list(chunk_heads(head[:pixels])) if head.startswith(SIGNATURE) and pixels > 0 else []
    if not chunks or chunks[0][0] != b"IHDR" or not _WITHOUT_EFFECT.issuperset(kind for kind, *_ in chunks[1:]):
        return None
    (_, header, length), (_, last, size) = chunks[0], chunks[-1]
    if length != _HEADER.size or last + size + _SUM.size != pixels:
        return None
    width, height, _ = _HEADER.unpack_from(head, header)
    return (width, height) if width and height else None


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kinds of a file's chunks, with the contents of those before and after the pixels. What is cut off, or has
    another sum than it states, has no kind."""
    end = len(SIGNATURE)
    for number, (kind, start, length) in enumerate(chunk_heads(data)):
        end = start + length + _SUM.size
        content = b"" if kind == b"IDAT" else data[start : start + length]
        if number >= MOST_CHUNKS or (
            kind != b"IDAT" and zlib.crc32(content, zlib.crc32(kind)) != _SUM.unpack_from(data, end - _SUM.size)[0]
        ):
            yield b"", b""
            return
        yield kind, content
    if end != len(data) or end == len(SIGNATURE):
        yield b"", b""


def chunk_heads(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each whole chunk of a PNG file, where its content starts and how long it is; MOST_CHUNKS + 1 at
    most."""
    place = len(SIGNATURE)
    for _ in range(MOST_CHUNKS + 1):
        if place + _CHUNK.size > len(data):
            return
        length, kind = _CHUNK.unpack_from(data, place)
        start = place + _CHUNK.size
        place = start + length + _SUM.size
        if place > len(data):
            return
        yield kind, start, length


def pixels_fail_sum(data: bytes) -> bool:
    """Whether the sum of a whole chunk of pixels in a PNG file is wrong, as where a transfer left zeros. Pillow looks
    at none of these, nor at that of all pixels once it has their number. False for any other file."""
    if not data.startswith(SIGNATURE):
        return False
    view = memoryview(data)
    return any(
        zlib.crc32(view[start - len(kind) : start + length]) != _SUM.unpack_from(data, start + length)[0]
        for kind, start, length in chunk_heads(data)
        if kind == b"IDAT"
    )


@cache
def _decoder() -> Callable[..., NDArray[np.uint8]] | None:
    """kornia_rs's decoder; None where it is not installed. Then Pillow decodes every film, which only takes longer."""
    try:
        from kornia_rs import io
    except ImportError:
        return None
    return cast("Callable[..., NDArray[np.uint8]]", io.decode_image_png_u8)
