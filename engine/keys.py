"""Content keys: equal keys, equal content."""

from __future__ import annotations

import hashlib
import json


def content_key(*values: object) -> str:
    """The sha256, in hexadecimal, of values that JSON can write.

    The keys of mappings are sorted. Raises TypeError for a value that JSON cannot write.
    """
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
