"""Which pictures are decoded in time that grows with their pixels alone, whatever their files say."""

from __future__ import annotations

from engine.probing.plain_png import MOST_CHUNKS, SIGNATURE, chunk_heads

JPEG = b"\xff\xd8"
_MOST_SEGMENTS = 64
"""The most segments of a JPEG file before its first scan: Pillow's time grows with their number squared"""
_MOST_SCANS = 8
"""The most scans of a JPEG file, with those of the small pictures in its segments; each goes over all pixels"""
_SCAN = b"\xff\xda"
_SEQUENTIAL = (0xC0, 0xC1)
"""Markers of frames whose scans each hold some of the colours, whole"""
_FRAMES = (0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)


def takes_linear_time(data: bytes) -> bool:
    """True for a PNG file of not too many chunks, and for a JPEG file that is sequential and has few scans."""
    if data.startswith(SIGNATURE):
        return sum(1 for _ in chunk_heads(data)) <= MOST_CHUNKS
    return data.startswith(JPEG) and data.count(_SCAN) <= _MOST_SCANS and _frame(data) in _SEQUENTIAL


def _frame(data: bytes) -> int:
    """The marker of a JPEG file's frame; 0 where there is none before its first scan, or too much."""
    place, frame = len(JPEG), 0
    for _ in range(_MOST_SEGMENTS):
        if data[place : place + 1] != b"\xff" or place + 4 > len(data):
            return 0
        if data.startswith(_SCAN, place):
            return frame
        if data[place + 1] in _FRAMES:
            if frame:
                return 0
            frame = data[place + 1]
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return 0
