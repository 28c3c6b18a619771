"""The texts that the dual encoder learns from: a report's sentences, and captions made from what it affirms."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from engine.probing.phantom.anatomy import Anatomy
from engine.probing.phantom.report import TaggedSentence, write_sentences
from engine.store.contents import prompt

TEMPLATE = "A chest x-ray image of a"

DENYING_WORDS = frozenset({"no", "not", "without", "negative", "nor"})
MODIFIER_TAGS = frozenset({"JJ", "JJR", "VBN", "VBG"})
NOUN_TAGS = frozenset({"NN", "NNS", "NNP"})

SENTENCE_SHARE = 0.35
TEMPLATE_SHARE = 0.05
"""Shares of drawn texts that are sentences and the bare template; the others are captions: the template and a phrase"""


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts that describe one film."""

    sentences: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]
    """Each affirmed noun phrase with its shorter endings: left pleural effusion, pleural effusion, effusion"""
    weights: tuple[float, ...]
    """The relative frequency with which each phrase is drawn"""

    def draw(self, rng: random.Random) -> str:
        """A text that is true of the film; rarely the bare template, which is true of every film."""
        share = rng.random()
        if share < TEMPLATE_SHARE or not self.phrases:
            return TEMPLATE
        if share < TEMPLATE_SHARE + SENTENCE_SHARE:
            return rng.choice(self.sentences)
        (phrase,) = rng.choices(self.phrases, self.weights)
        return caption(rng.choice(phrase))

    def all(self) -> frozenset[str]:
        """Every text that can be drawn."""
        captions = (caption(ending) for phrase in self.phrases for ending in phrase)
        return frozenset((TEMPLATE, *self.sentences, *captions))


def caption(phrase: str) -> str:
    return prompt(TEMPLATE, phrase)


def film_texts(anatomies: Sequence[Anatomy]) -> list[Texts]:
    """The texts of each film, from the words of its report and their tags. The findings that the grammar attaches to a
    sentence are not used.

    A phrase's weight is the inverse square root of the count of its last word, so that "chest" does not crowd out the
    rest (word2vec treats frequent words likewise: Mikolov et al., arXiv 1310.4546).
    """
    reports = [write_sentences(anatomy) for anatomy in anatomies]
    phrases = [_affirmed(report) for report in reports]
    said = Counter(phrase[-1] for report in phrases for phrase in report)
    return [
        Texts(
            sentences=tuple(sentence.text for sentence in report),
            phrases=tuple(_endings(phrase) for phrase in affirmed),
            weights=tuple(said[phrase[-1]] ** -0.5 for phrase in affirmed),
        )
        for report, affirmed in zip(reports, phrases, strict=True)
    ]


def _affirmed(report: Sequence[TaggedSentence]) -> list[list[str]]:
    return [phrase for sentence in report if not _denies(sentence) for phrase in _noun_phrases(sentence)]


def _denies(sentence: TaggedSentence) -> bool:
    return any(word.lower() in DENYING_WORDS for word, _ in sentence.words)


def _noun_phrases(sentence: TaggedSentence) -> list[list[str]]:
    """The runs of modifiers and nouns that end in a noun."""
    found: list[list[str]] = []
    run: list[tuple[str, str]] = []
    for word, tag in (*sentence.words, ("", "")):
        if tag in MODIFIER_TAGS or tag in NOUN_TAGS:
            run.append((word.lower(), tag))
            continue
        while run and run[-1][1] not in NOUN_TAGS:
            run.pop()
        if run:
            found.append([word for word, _ in run])
        run = []
    return found


def _endings(phrase: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(phrase[start:]) for start in range(len(phrase)))
