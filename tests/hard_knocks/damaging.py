"""Damages of a file such as disks, networks and copying make: bits, runs of bytes, pages, truncation."""

from __future__ import annotations

import random

PAGES = (4096, 32768, 65536)
"""Sizes of pages that are zeroed, swapped, copied or replaced"""


def damaged(data: bytes, foreign: bytes, chance: random.Random) -> tuple[bytes, str]:
    """The bytes after a damage drawn at random, and what it was. `foreign` is another file of the same kind."""
    changed = bytearray(data)
    kind = chance.choice(("bits", "bits", "run", "zeros", "swap", "copy", "foreign", "foreign", "cut", "more"))
    size = chance.choice(PAGES)
    pages = max(1, len(data) // size)
    one, other = chance.randrange(pages), chance.randrange(pages)
    here, there = slice(one * size, (one + 1) * size), slice(other * size, (other + 1) * size)
    if kind == "bits":
        for _ in range(chance.choice((1, 1, 1, 8, 64))):
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    elif kind == "run":
        start, length = chance.randrange(len(changed)), chance.randrange(1, 600)
        changed[start : start + length] = chance.randbytes(len(changed[start : start + length]))
    elif kind == "zeros":
        changed[here] = bytes(len(changed[here]))
    elif kind == "swap":
        changed[here], changed[there] = data[there], data[here]
    elif kind == "copy":
        changed[here] = data[there]
    elif kind == "foreign":
        changed[here] = foreign[here] or foreign[:size]
    elif kind == "cut":
        del changed[chance.randrange(len(changed)) :]
    else:
        changed += chance.randbytes(chance.choice((1, 4096, 40_000)))
    return bytes(changed), f"{kind} {size} {one} {other}"
