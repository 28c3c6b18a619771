"""Finds texts by words: each word that is typed must begin a word of the text, whatever its case and accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

_SPELLED = str.maketrans({"α": "alpha", "β": "beta", "τ": "tau"})
LIKE = 1000
"""Texts that are compared with one another"""
_PLAIN_LENGTH = 40
"""Characters of a text that is neither short nor long"""


def folded(text: str) -> str:
    """The text as it is compared."""
    if not text.isascii():
        letters = unicodedata.normalize("NFKD", text)
        text = "".join(letter for letter in letters if not unicodedata.combining(letter))
        text = text.casefold().translate(_SPELLED)
    return text.casefold()


class Words:
    """What a reader has typed."""

    def __init__(self, typed: str) -> None:
        self.words: Sequence[str] = folded(typed).split()
        self._starts = [_start_of(word) for word in self.words]

    def score(self, text: str) -> float:
        """How well a folded text has the words: 0 where one of them is missing, else more than 0 and at most 1.

        Whole words, words at the beginning and short texts score higher.
        """
        found = [start.search(text) for start in self._starts]
        if not all(found) or not found:
            return 0.0
        points = sum(
            1 + (match.start() == 0) + (match.end() == len(text) or not text[match.end()].isalnum())
            for match in found
            if match
        )
        return (points + _PLAIN_LENGTH / (_PLAIN_LENGTH + len(text))) / (3 * len(found) + 1)

    def among(self, texts: Sequence[str], most: int) -> list[int]:
        """The places of at most `most` of the folded texts that have the words, the best first of the first LIKE."""
        places: Sequence[int] = range(len(texts))
        for word in self.words:
            places = [place for place in places if word in texts[place]]
        scores = ((place, self.score(texts[place])) for place in places)
        found = islice(((place, score) for place, score in scores if score), LIKE)
        return [place for place, _ in sorted(found, key=lambda one: -one[1])[:most]]


@lru_cache(maxsize=64)
def _start_of(word: str) -> re.Pattern[str]:
    """Finds the word where no letter or digit stands before it."""
    return re.compile(rf"(?<![^\W_]){re.escape(word)}" if word[0].isalnum() else re.escape(word))
