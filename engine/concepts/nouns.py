"""The nouns of reports, which are the paper's concept set: words that NLTK tags NN or NNS.

Words are tagged in lower case, so that CT, SVC and the first word of a sentence are tagged as common nouns, not as
names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from engine.concepts.clean import MAX_LENGTH, clean_text
from engine.concepts.filters import NounFilters
from engine.concepts.tagger import Tagger
from engine.concepts.tokens import split_sentences, tokenize

VERSION = 2
"""Raise it when the same reports and tagger give other nouns than before, such as after a change in tokens, clean,
filters, sections or report_formats"""

NOUN_TAGS = frozenset({"NN", "NNS"})


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun in lower case, and the number of reports that contain it."""

    noun: str
    document_frequency: int


@dataclass(frozen=True, slots=True)
class Sifted:
    """Nouns that stay and nouns that do not; in each list the most frequent first, ties in alphabetical order."""

    kept: list[Noun]
    left_out: dict[str, list[Noun]]
    """Nouns that a filter leaves out, by the name of the filter"""
    rare: list[Noun]
    """Nouns in too few reports"""


def extract_nouns(
    reports: Iterable[str], tagger: Tagger, *, filters: NounFilters | None = None, min_reports: int = 1
) -> list[Noun]:
    """The nouns that pass the filters and are in at least `min_reports` reports, the most frequent first, ties in
    alphabetical order."""
    return sift_nouns(count_nouns(reports, tagger), filters or NounFilters(), min_reports).kept


def count_nouns(reports: Iterable[str], tagger: Tagger) -> Counter[str]:
    """The number of reports that contain each noun, before any filter."""

    @lru_cache(maxsize=100_000)  # reports repeat their sentences
    def nouns_of(sentence: str) -> frozenset[str]:
        tagged = tagger.tag(tokenize(sentence))
        return frozenset(word for word, tag in tagged if tag in NOUN_TAGS and _is_word(word))

    seen: Counter[str] = Counter()
    for report in reports:
        sentences = (clean_text(sentence).lower().replace("’", "'") for sentence in split_sentences(report))
        seen.update({noun for sentence in sentences for noun in nouns_of(sentence)})
    return seen


def sift_nouns(seen: Mapping[str, int], filters: NounFilters, min_reports: int = 1) -> Sifted:
    """Divides the nouns into those that pass the filters and are in enough reports, and the others."""
    nouns = sorted((Noun(noun, count) for noun, count in seen.items()), key=lambda n: (-n.document_frequency, n.noun))
    sifted = Sifted([], {name: [] for name in NounFilters.model_fields}, [])
    for noun in nouns:
        if (name := filters.leaving_out(noun.noun)) is not None:
            sifted.left_out[name].append(noun)
        elif noun.document_frequency < min_reports:
            sifted.rare.append(noun)
        else:
            sifted.kept.append(noun)
    return sifted


def _is_word(word: str) -> bool:
    return len(word) <= MAX_LENGTH and any(char.isalnum() or char == "_" for char in word)
