"""The nouns of reports, as the paper takes its concept set: words that NLTK tags NN or NNS.

Words are tagged in lower case, so that CT, SVC and a sentence's first word are common nouns too and not names.
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

NOUN_TAGS = frozenset({"NN", "NNS"})


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun in lower case, and in how many reports it was seen."""

    noun: str
    document_frequency: int


@dataclass(frozen=True, slots=True)
class Sifted:
    """Nouns, the most frequent first, ties by alphabet: those that stay and those that do not."""

    kept: list[Noun]
    left_out: dict[str, list[Noun]]
    """By the name of the filter."""
    rare: list[Noun]
    """Those in too few reports."""


def extract_nouns(
    reports: Iterable[str], tagger: Tagger, *, filters: NounFilters | None = None, min_reports: int = 1
) -> list[Noun]:
    """The nouns seen in at least `min_reports` reports, the most frequent first, ties by alphabet."""
    return sift_nouns(count_nouns(reports, tagger), filters or NounFilters(), min_reports).kept


def count_nouns(reports: Iterable[str], tagger: Tagger) -> Counter[str]:
    """In how many reports each noun is, before any filter."""

    @lru_cache(maxsize=100_000)  # reports repeat their sentences
    def nouns_of(sentence: str) -> frozenset[str]:
        tagged = tagger.tag(tokenize(sentence))
        return frozenset(word for word, tag in tagged if tag in NOUN_TAGS and _is_word(word))

    seen: Counter[str] = Counter()
    for report in reports:
        sentences = (clean_text(sentence).lower() for sentence in split_sentences(report))
        seen.update({noun for sentence in sentences for noun in nouns_of(sentence)})
    return seen


def sift_nouns(seen: Mapping[str, int], filters: NounFilters, min_reports: int = 1) -> Sifted:
    """The nouns that pass the filters and are in enough reports, and those that do not."""
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
