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

_DISCARDED = """
    akc angle autofocus available background banner blur blurred blurry bottom br camera caption captioned close closed
    closeup cm color colored come corner cropped cut defocused detail display displayed displaying dont embedded etext
    example extreme figure file fixed focus focusing footage frame free full graphic houzz hq http icon image iphone
    isolated ive jpg left livescience logo looking macro new old open org original overlay panoramic photo photograph
    photography photoshopped pic picture pictures pixelated png portrait preview print pro profile real right royalty
    selective shot show showed showing sign small smaller standard stock stockfoto testing thumbnail tvmdl video view
    vrr wallpaper www year zoom zoomed"""
PICTURE_WORDS = frozenset(_DISCARDED.split())
"""The words that the paper's published code takes out of reports before it looks for nouns (_DISCARD_WORDS in
github.com/ailab-kyunghee/MAMMI, prepare_mimic_nouns.py, MIT licence). Three entries of that list can match no word."""

_DEIDENTIFIED = re.compile(r"x{3,}|_{2,}")
_DIGIT = re.compile(r"\d")


class NounFilters(BaseModel, extra="forbid", frozen=True):
    """The kinds of words to leave out."""

    stop_words: bool = True
    single_letters: bool = True
    digits: bool = True
    """Words that contain a digit"""
    deidentified: bool = True
    """What published reports have in place of names and dates (XXXX in Open-i, ___ in MIMIC-CXR), also inside a word"""
    picture_words: bool = True
    """The discard list of the paper's published code: left, right, view, image, show, sign, cm and 97 more"""

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
        if self.picture_words and word in PICTURE_WORDS:
            return "picture_words"
        return None
