"""Filters for words of a report that are not concepts. Each can be turned off; none needs a tagger."""

from __future__ import annotations

import re

from pydantic import BaseModel

_FUNCTION_WORDS = """
    a about above after again against all also am an and any are as at be because been before being below between
    both but by can cannot could did do does doing done down during each either etc few for from further had has have
    having he her here hers herself him himself his how however i if in into is it its itself just may me might more
    most must my myself neither no none nor not now of off on once one only or other our ours ourselves out over own
    per same shall she should since so some such than that the their theirs them themselves then there therefore these
    they this those though through thus to too toward towards under until up upon us very via was we were what when
    where whether which while who whom why will with within without would yet you your yours yourself"""
STOP_WORDS = frozenset(_FUNCTION_WORDS.split())
"""English function words, which a tagger sometimes mistakes for nouns"""

_DEIDENTIFIED = re.compile(r"x{3,}|_{2,}")
_DIGIT = re.compile(r"\d")


class NounFilters(BaseModel, extra="forbid", frozen=True):
    """The kinds of words to leave out."""

    stop_words: bool = True
    single_letters: bool = True
    digits: bool = True
    """Words that contain a digit"""
    deidentified: bool = True
    """The marks XXXX and ___ that published reports have in place of names, also inside a word (x-XXXX)"""

    def leaving_out(self, word: str) -> str | None:
        """The name of the filter that leaves the word out; None if the word stays."""
        if self.stop_words and word in STOP_WORDS:
            return "stop_words"
        if self.single_letters and len(word) == 1:
            return "single_letters"
        if self.digits and _DIGIT.search(word):
            return "digits"
        if self.deidentified and _DEIDENTIFIED.search(word):
            return "deidentified"
        return None
