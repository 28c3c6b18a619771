"""The written report of a phantom film. Each sentence carries the tags of its words and the findings that it claims."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.probing.findings import FINDINGS
from engine.probing.phantom import grammar
from engine.probing.phantom.anatomy import Anatomy, Finding
from engine.probing.phantom.finding_words import FINDING_WORDS
from engine.probing.phantom.lexicon import Word, spell

Section = Literal["TECHNIQUE", "FINDINGS", "IMPRESSION"]

PLAIN_NAME_SHARE = 0.75
DENIAL_CHANCE: dict[str, float] = {
    "Pneumothorax": 0.7,
    "Effusion": 0.7,
    "Consolidation": 0.5,
    "Pneumonia": 0.4,
    "Edema": 0.3,
    "Cardiomegaly": 0.15,
    "Nodule": 0.15,
    "Mass": 0.15,
}
"""How often a report denies an absent finding; 0.08 for findings that are not listed"""

KIN: tuple[frozenset[str], ...] = (
    frozenset({"Infiltration", "Pneumonia", "Consolidation"}),
    frozenset({"Mass", "Nodule"}),
)
"""Findings that look alike: a report that states one of a group does not deny another"""


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """One sentence of a report. `present` and `absent` name the findings that it states and denies, if any."""

    section: Section
    words: tuple[Word, ...]
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        text = " ".join(word for word, _ in self.words)
        return text.replace(" .", ".").replace(" ,", ",")


def write_report(anatomy: Anatomy) -> str:
    """A film's report, in sections as radiologists write them. The same anatomy always gives the same report."""
    sections: dict[str, list[str]] = {}
    for sentence in write_sentences(anatomy):
        sections.setdefault(sentence.section, []).append(sentence.text)
    return "\n".join(f"{section}: {' '.join(texts)}" for section, texts in sections.items())


def write_sentences(anatomy: Anatomy) -> list[TaggedSentence]:
    """The report's sentences in order."""
    return _Writer(anatomy).sentences()


class _Writer:
    def __init__(self, anatomy: Anatomy) -> None:
        self.anatomy = anatomy
        self.random = random.Random(f"report {anatomy.seed}")
        self.present = {finding.name for finding in anatomy.findings}
        kin = {name for group in KIN if group & self.present for name in group}
        self.deniable = [name for name in FINDINGS if name not in self.present | kin]

    def sentences(self) -> list[TaggedSentence]:
        body = [self._state(finding, grammar.STATED, "FINDINGS") for finding in self.anatomy.findings]
        body += self._devices() + self._observed() + self._normal() + self._denials()
        self.random.shuffle(body)
        return [self._technique(), *body, *self._impression()]

    def _say(
        self, phrase: str, section: Section = "FINDINGS", present: tuple[str, ...] = (), absent: tuple[str, ...] = ()
    ) -> TaggedSentence:
        return TaggedSentence(section, spell(phrase), present, absent)

    def _technique(self) -> TaggedSentence:
        age = "young" if self.anatomy.age < 35 else "elderly" if self.anatomy.age >= 65 else "adult"
        people = ("woman", "female patient") if self.anatomy.sex == "F" else ("man", "male patient")
        phrase = self.random.choice(grammar.TECHNIQUE[self.anatomy.view])
        return self._say(phrase.format(person=f"{age} {self.random.choice(people)}"), "TECHNIQUE")

    def _state(self, finding: Finding, carriers: Sequence[str], section: Section) -> TaggedSentence:
        words = FINDING_WORDS[finding.name]
        slots = self._slots(finding, words.place)
        if self.random.random() < PLAIN_NAME_SHARE:
            phrase = self.random.choice(words.plain)
        else:
            phrase = self.random.choice((*words.synonyms, *words.statements))
        phrase = phrase.format(**slots)
        if not phrase.endswith("."):
            bare = phrase.removeprefix("a ").removeprefix("an ")
            be = "are" if _is_plural(bare) else "is"
            phrase = self.random.choice(carriers).format(np=phrase, bare=bare, be=be)
        return self._say(phrase, section, present=(finding.name,))

    def _slots(self, finding: Finding, place: str) -> dict[str, str]:
        graded = ("mild minimal slight", "moderate", "severe extensive marked")[_third(finding.severity)].split()
        sized = ("small tiny", "moderate", "large")[_third(finding.size)].split()
        degree = ("mildly slightly", "moderately", "severely markedly")[_third(finding.severity)].split()
        at, where = self._place(finding, place)
        return {
            "severity": self.random.choice([*graded, ""]),
            "size": self.random.choice([*sized, sized[0], ""]),
            "degree": self.random.choice([*degree, ""]),
            "side": finding.side if finding.side != "midline" else "",
            "at": at,
            "where": where,
        }

    def _place(self, finding: Finding, place: str) -> tuple[str, str]:
        """A finding's place, as an adjective before the noun and as a phrase after it."""
        if place == "none" or finding.side == "midline":
            return "", ""
        side, zone = finding.side, finding.zone
        if place == "pleura":
            apical = zone == "upper" and finding.name != "Effusion" and self.random.random() < 0.5
            return f"{side} apical" if apical else side, "on both sides" if side == "bilateral" else f"on the {side}/NN"
        if side == "bilateral":
            return self.random.choice(grammar.AT_BOTH[zone]), self.random.choice(grammar.WHERE_BOTH[zone])
        at, where = self.random.choice(grammar.AT[zone]), self.random.choice(grammar.WHERE[zone])
        return at.format(side=side), where.format(side=side)

    def _devices(self) -> list[TaggedSentence]:
        if not self.anatomy.devices and self.random.random() < 0.1:
            return [self._say(self.random.choice(grammar.NO_DEVICES))]
        return [self._say(self.random.choice(grammar.DEVICE_WORDS[device])) for device in self.anatomy.devices]

    def _observed(self) -> list[TaggedSentence]:
        """Sentences for half of the anatomical parameters that are worth one."""
        values = self.anatomy.parameters
        fitting = [
            texts for name, low, high, texts in grammar.OBSERVED if name in values and low <= values[name] < high
        ]
        return [self._say(self.random.choice(texts)) for texts in fitting if self.random.random() < 0.5]

    def _normal(self) -> list[TaggedSentence]:
        """Normal sentences. None denies a finding that is present, looks like a present one, or was denied before."""
        sentences = [self._say(text) for text in self.random.sample(grammar.NEUTRAL, self.random.randint(1, 2))]
        for text, absent in self.random.sample(grammar.NORMAL, self.random.randint(4, 10)):
            if set(absent) <= set(self.deniable):
                sentences.append(self._say(text, absent=absent))
                self.deniable = [name for name in self.deniable if name not in absent]
        return sentences

    def _denials(self) -> list[TaggedSentence]:
        denied = [name for name in self.deniable if self.random.random() < DENIAL_CHANCE.get(name, 0.08)]
        self.random.shuffle(denied)
        sentences = []
        while denied:
            count = self.random.randint(1, 3)
            together, denied = denied[:count], denied[count:]
            names = [self.random.choice(FINDING_WORDS[name].denied) for name in together]
            listed = " , ".join(names[:-1]) + (" or " if len(names) > 1 else "") + names[-1]
            phrase = self.random.choice(grammar.DENIED).format(all=listed)
            sentences.append(self._say(phrase, absent=tuple(together)))
        return sentences

    def _impression(self) -> list[TaggedSentence]:
        if not self.present:
            return [self._say(self.random.choice(grammar.ALL_NORMAL), "IMPRESSION", absent=FINDINGS)]
        concluded = self.anatomy.findings[: self.random.randint(2, 4)]
        return [self._state(finding, grammar.CONCLUDED, "IMPRESSION") for finding in concluded]


def _is_plural(phrase: str) -> bool:
    """Whether the head noun of a noun phrase, the last word before its preposition, is plural."""
    head = ""
    for _, tag in spell(phrase):
        if tag == "IN":
            break
        head = tag
    return head == "NNS"


def _third(fraction: float) -> int:
    return min(2, int(fraction * 3))
