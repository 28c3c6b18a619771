"""Splits a report into sentences and tokens by rules, without NLTK's data."""

from __future__ import annotations

import re

_ENDS = (".", "!", "?")
_SPACE = re.compile(r"\s+")
_TOKEN = re.compile(
    r"\d+(?:[.,]\d+)+"  # 1.5
    r"|\w+(?:[-'’]\w+)*"  # heart, x-ray, patient's
    r"|[^\w\s]"
)


def split_sentences(text: str) -> list[str]:
    """A text's sentences. A sentence ends at . ! or ? before white space, or at an empty line."""
    parts, start = [], 0
    for space in _SPACE.finditer(text):
        if text[max(space.start() - 1, 0) : space.start()] in _ENDS or space[0].count("\n") > 1:
            parts.append(text[start : space.start()])
            start = space.end()
    return [sentence for part in (*parts, text[start:]) if (sentence := part.strip())]


def tokenize(sentence: str) -> list[str]:
    """Words, numbers and punctuation marks; a hyphenated word is one token."""
    return _TOKEN.findall(sentence)
