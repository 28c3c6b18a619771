"""Content keys: equal keys, equal content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator
from itertools import islice

_TOGETHER = 4096
"""Members of a list that are written at once: a run's lists have one for each of its films"""


def content_key(*values: object) -> str:
    """The sha256, in hexadecimal, of values that JSON can write; a generator counts as the list of what it gives.

    The keys of mappings are sorted. Raises TypeError for a value that JSON cannot write.
    """
    digest = hashlib.sha256(b"[")
    for number, value in enumerate(values):
        digest.update(b", " if number else b"")
        for piece in _pieces(value):
            digest.update(piece.encode())
    digest.update(b"]")
    return digest.hexdigest()


def _pieces(value: object) -> Iterator[str]:
    """The value as json.dumps writes it, a long list piece by piece."""
    if not isinstance(value, Generator) and not (isinstance(value, list | tuple) and len(value) > _TOGETHER):
        yield json.dumps(value, sort_keys=True)
        return
    yield "["
    before, left = "", iter(value)
    while some := list(islice(left, _TOGETHER)):
        yield before + json.dumps(some, sort_keys=True)[1:-1]
        before = ", "
    yield "]"
