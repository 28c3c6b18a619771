"""The key of a value is the hash of its JSON, however long its lists are."""

from __future__ import annotations

import hashlib
import json

import pytest

from engine.keys import content_key


@pytest.mark.parametrize("length", [0, 1, 4096, 4097, 10_000])
def test_long_lists_have_the_key_of_their_json(length: int) -> None:
    members = [[f"film {place} ü", {"b": place, "a": None}] for place in range(length)]
    for values in ((), ([],), (members,), (1, members, "x", tuple(members), {"of": members})):
        assert content_key(*values) == hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    assert content_key("x", (member for member in members)) == content_key("x", members)


def test_what_json_cannot_write_has_no_key() -> None:
    with pytest.raises(TypeError):
        content_key(b"bytes")
