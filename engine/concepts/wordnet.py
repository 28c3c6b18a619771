"""A concept set of WordNet's nouns, as WWW takes them (table 1 of the paper); WordNet 3.0 has 117,798, many of phrases.

Read from WordNet's own index of nouns in NLTK's package: a lemma a line, in lower case, `_` for a space; lines that
start with two spaces are the licence (wndb(5WN)).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from engine.concepts.clean import MAX_LENGTH, clean_concepts
from engine.concepts.filters import NounFilters
from engine.concepts.nltk_data import Resource


class Options(BaseModel, extra="forbid"):
    kind: Literal["wordnet"]
    nltk_data: Path | None = None
    """The folder of NLTK's data; by default NLTK's own places."""
    phrases: bool = False
    """Also nouns of several words, such as "pleural effusion"."""
    filters: NounFilters = NounFilters()


def load(options: Options, base: Path, reports: Sequence[str]) -> list[str]:  # noqa: ARG001
    """The nouns by alphabet. Raises MammiError when WordNet is not there, with the command that gets it, or damaged."""
    resource = Resource("corpora", "wordnet", "WordNet", base / options.nltk_data if options.nltk_data else None)
    entries = [line.split(" ") for line in resource.read("index.noun").splitlines() if not line.startswith("  ")]
    if not entries or any(len(entry) < 2 or entry[1] != "n" for entry in entries):
        raise resource.damaged("index.noun is not WordNet's index of nouns")
    nouns = sorted({lemma.replace("_", " ") for lemma, *_ in entries})
    return clean_concepts((noun for noun in nouns if _wanted(noun, options)), str(resource.path))


def _wanted(noun: str, options: Options) -> bool:
    if len(noun) > MAX_LENGTH or (" " in noun and not options.phrases):
        return False
    return options.filters.leaving_out(noun) is None
