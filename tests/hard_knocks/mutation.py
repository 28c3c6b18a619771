"""Bytes changed at random: bits, numbers that readers trip over, pieces left out, repeated or from other files."""

from __future__ import annotations

import random
from collections.abc import Sequence

SIZES = (0, 1, 2, 7, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
"""Lengths and counts at which readers go wrong"""
HEAD = 400
"""Bytes at the beginning of a file that are changed more often than the others"""


def mutated(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """The bytes with one to six changes. `others` are files that pieces are taken from."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        place = chance.randrange(min(HEAD, len(changed)) if chance.random() < 0.6 else len(changed))
        match chance.randrange(7):
            case 0:
                changed[place] ^= 1 << chance.randrange(8)
            case 1:
                changed[place] = chance.randrange(256)
            case 2 | 3:
                width = chance.choice((1, 2, 4, 8))
                number = chance.choice(SIZES) & ((1 << 8 * width) - 1)
                changed[place : place + width] = number.to_bytes(width, chance.choice(("big", "little")))
            case 4:
                del changed[place : place + chance.choice((1, 2, 4, chance.randrange(1, 500), len(changed)))]
            case 5:
                changed[place:place] = changed[place : place + chance.randrange(1, 200)] * chance.choice((1, 2, 50))
            case 6:
                other = chance.choice(others)
                start = chance.randrange(len(other))
                piece = other[start : start + chance.randrange(1, 300)]
                changed[place : place + chance.choice((0, len(piece)))] = piece
        changed = changed or bytearray(b"\0")
    return bytes(changed)
