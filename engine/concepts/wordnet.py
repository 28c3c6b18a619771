"""A concept set of WordNet's nouns. By default they are those that WWW takes (table 1 of the paper): the first lemma of
each noun synset, phrases and capitals included. WordNet 3.0 has 82,115 noun synsets.

They come from WordNet's own file of noun synsets in NLTK's package. A synset's line has its lemmas, with `_` for a
space; lines that start with two spaces are the licence (wndb(5WN)). WWW reads the same file through NLTK
(github.com/ailab-kyunghee/WWW, concept_matching.py). It keeps a lemma that several synsets start with several times;
here a concept is in a set once, which changes no score.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from engine.concepts.base import source_identity
from engine.concepts.clean import clean_concepts
from engine.concepts.filters import NounFilters
from engine.concepts.nltk_data import Resource

VERSION = 2
"""Raise it when the same WordNet gives other concepts than before"""

_SYNSETS = "data.noun"
_FIRST_LEMMA = 4
"""The place of the first lemma in a line. Before it: offset, file, part of speech, number of lemmas in hexadecimal. An
identifier follows each lemma."""


class WordNetFilters(NounFilters, frozen=True):
    """The filters of nouns from reports. WWW has none of them, so all are off by default."""

    stop_words: bool = False
    single_letters: bool = False
    digits: bool = False
    deidentified: bool = False
    picture_words: bool = False


class Options(BaseModel, extra="forbid", frozen=True):
    """`[concepts]` of a configuration with kind = "wordnet"."""

    nltk_data: Path | None = None
    """The folder of NLTK's data; NLTK's own places by default"""
    lemmas: Literal["first", "all"] = "first"
    """"first" takes the first lemma of each synset, as WWW does; "all" its synonyms too"""
    phrases: bool = True
    """Whether to include nouns of several words, such as "pleural effusion" """
    capitals: bool = True
    """Whether to include nouns with a capital letter, such as names"""
    filters: WordNetFilters = WordNetFilters()

    def as_published(self) -> bool:
        """Whether these are the nouns that WWW takes."""
        return self == Options(nltk_data=self.nltk_data)


def identity(options: Options, base: Path) -> str:
    synsets = _resource(options, base).read(_SYNSETS)
    return source_identity(VERSION, options, [hashlib.sha256(synsets.encode()).hexdigest()])


def load(options: Options, base: Path, reports: Sequence[str]) -> list[str]:  # noqa: ARG001
    """The nouns in the order of WordNet's synsets. Raises MammiError, with the command that fetches WordNet, when it is
    missing or damaged."""
    resource = _resource(options, base)
    lines = [line for line in resource.read(_SYNSETS).splitlines() if not line.startswith("  ")]
    if not lines:
        raise resource.damaged(f"{_SYNSETS} has no synset")
    last = 1 if options.lemmas == "first" else None
    nouns = (lemma.replace("_", " ") for line in lines for lemma in _lemmas(line, resource)[:last])
    return clean_concepts((noun for noun in nouns if _wanted(noun, options)), str(resource.path))


def _resource(options: Options, base: Path) -> Resource:
    return Resource("corpora", "wordnet", "WordNet", base / options.nltk_data if options.nltk_data else None)


def _lemmas(line: str, resource: Resource) -> list[str]:
    """The lemmas of a synset. Raises MammiError for another line."""
    fields = line.split(" ")
    try:
        count = int(fields[3], 16)
        lemmas = fields[_FIRST_LEMMA : _FIRST_LEMMA + 2 * count : 2]
        if fields[2] == "n" and 0 < count == len(lemmas):
            return lemmas
    except (IndexError, ValueError):
        pass
    raise resource.damaged(f"{_SYNSETS} is not WordNet's file of noun synsets: it has the line {line[:40]!r}")


def _wanted(noun: str, options: Options) -> bool:
    if (" " in noun and not options.phrases) or (noun != noun.lower() and not options.capitals):
        return False
    return options.filters.leaving_out(noun.lower()) is None
