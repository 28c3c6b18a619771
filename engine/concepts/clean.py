"""Concepts are text from outside: one normal form for all of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from engine.errors import ConfigError

MAX_LENGTH = 100
"""Characters in a concept, at most."""


def clean_concepts(concepts: Iterable[str], origin: str) -> list[str]:
    """Concepts in their first order: NFKC, white space folded, no control or invisible characters, none empty or twice.

    `origin` says where they come from, for the message. Raises ConfigError when one is too long or none is left.
    """
    cleaned: dict[str, None] = {}
    for concept in concepts:
        text = clean_text(concept)
        if len(text) > MAX_LENGTH:
            raise ConfigError(
                f"{origin}: the concept {text[:30]!r}… has {len(text)} characters; at most {MAX_LENGTH} are allowed."
            )
        if text:
            cleaned[text] = None
    if not cleaned:
        raise ConfigError(f"{origin}: no concepts are left. A concept set needs at least one.")
    return list(cleaned)


def clean_text(text: str) -> str:
    """NFKC, white space folded to single spaces, control, format and unassigned characters removed."""
    normal = unicodedata.normalize("NFKC", text)
    folded = " ".join(normal.split())
    return "".join(char for char in folded if not unicodedata.category(char).startswith("C"))
