"""The normal form of concepts, which are text from outside."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from engine.errors import ConfigError

MAX_LENGTH = 100
"""The longest concept, in characters"""
_LONGEST_WORD = 1000


def clean_concepts(concepts: Iterable[str], origin: str) -> list[str]:
    """The concepts in normal form (see clean_text), each once, in the order of their first appearance; none is empty.

    `origin` names their source in messages. Raises ConfigError when a concept is too long or none is left.
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
    """The text in NFKC, each run of white space one space, without control, format and unassigned characters."""
    folded = " ".join(" ".join(map(_normal, text.split())).split())
    return "".join(char for char in folded if not unicodedata.category(char).startswith("C"))


def _normal(word: str) -> str:
    """A word in NFKC. What is too long for a word stays as it is: the time grows with the square of its marks."""
    return unicodedata.normalize("NFKC", word) if len(word) <= _LONGEST_WORD else word
