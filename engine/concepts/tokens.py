"""Splits a report into sentences and tokens by rules, without NLTK's data."""

from __future__ import annotations

import re

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\s*\n\s*\n\s*")
_TOKEN = re.compile(
    r"\d+(?:[.,]\d+)+"  # 1.5
    r"|\w+(?:[-'’]\w+)*"  # heart, x-ray, patient's
    r"|[^\w\s]"
)


def split_sentences(text: str) -> list[str]:
    """A text's sentences. A sentence ends at . ! or ? before white space, or at an empty line."""
    return [sentence for part in _SENTENCE_END.split(text) if (sentence := part.strip())]


def tokenize(sentence: str) -> list[str]:
    """Words, numbers and punctuation marks; a hyphenated word is one token."""
    return _TOKEN.findall(sentence)
