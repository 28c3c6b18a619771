"""A concept set of WordNet's nouns, as WWW uses (table 1 of the paper). WordNet 3.0 has 117,798, many of them phrases.

They come from WordNet's own index of nouns in NLTK's package. Each line is a lemma in lower case, with `_` for a space;
lines that start with two spaces are the licence (wndb(5WN)).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from engine.concepts.base import source_identity
from engine.concepts.clean import MAX_LENGTH, clean_concepts
from engine.concepts.filters import NounFilters
from engine.concepts.nltk_data import Resource

VERSION = 1
"""Raise it when the same WordNet gives other concepts than before"""

_INDEX = "index.noun"


class Options(BaseModel, extra="forbid", frozen=True):
    """`[concepts]` of a configuration with kind = "wordnet"."""

    nltk_data: Path | None = None
    """The folder of NLTK's data; NLTK's own places by default"""
    phrases: bool = False
    """Whether to include nouns of several words, such as "pleural effusion" """
    filters: NounFilters = NounFilters()


def identity(options: Options, base: Path) -> str:
    index = _resource(options, base).read(_INDEX)
    return source_identity(VERSION, options, [hashlib.sha256(index.encode()).hexdigest()])


def load(options: Options, base: Path, reports: Sequence[str]) -> list[str]:  # noqa: ARG001
    """The nouns in alphabetical order. Raises MammiError, with the command that fetches WordNet, when it is missing or
    damaged."""
    resource = _resource(options, base)
    entries = [line.split(" ") for line in resource.read(_INDEX).splitlines() if not line.startswith("  ")]
    if not entries or any(len(entry) < 2 or entry[1] != "n" for entry in entries):
        raise resource.damaged(f"{_INDEX} is not WordNet's index of nouns")
    nouns = sorted({lemma.replace("_", " ") for lemma, *_ in entries})
    return clean_concepts((noun for noun in nouns if _wanted(noun, options)), str(resource.path))


def _resource(options: Options, base: Path) -> Resource:
    return Resource("corpora", "wordnet", "WordNet", base / options.nltk_data if options.nltk_data else None)


def _wanted(noun: str, options: Options) -> bool:
    if len(noun) > MAX_LENGTH or (" " in noun and not options.phrases):
        return False
    return options.filters.leaving_out(noun) is None
