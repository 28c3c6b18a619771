"""Phantom reports: their claims are true, and their words vary and have tags."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from engine.concepts.tokens import tokenize
from engine.probing.findings import FINDINGS
from engine.probing.phantom.anatomy import DEVICES, Anatomy, Finding
from engine.probing.phantom.finding_words import FINDING_WORDS
from engine.probing.phantom.population import population
from engine.probing.phantom.report import TaggedSentence, write_report, write_sentences

NAMES = {finding: finding.lower().replace("_", " ") for finding in FINDINGS}
DENYING = re.compile(r"^(no|negative for|there is no|normal|unremarkable)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def films() -> list[tuple[Anatomy, list[TaggedSentence]]]:
    return [(anatomy, write_sentences(anatomy)) for anatomy in population(1000, 800, enriched=True)]


def one(finding: Finding, seed: int) -> Anatomy:
    return Anatomy(seed, 0, 50, "F", "PA", {}, (finding,), ())


def named_in(text: str) -> set[str]:
    return {finding for finding, name in NAMES.items() if re.search(rf"\b{name}\b", text.lower())}


def test_no_report_denies_what_its_film_shows_or_states_what_it_does_not(
    films: list[tuple[Anatomy, list[TaggedSentence]]],
) -> None:
    for anatomy, sentences in films:
        present = {finding.name for finding in anatomy.findings}
        assert {name for sentence in sentences for name in sentence.present} == present
        assert not present & {name for sentence in sentences for name in sentence.absent}


def test_a_sentence_claims_the_findings_it_names(films: list[tuple[Anatomy, list[TaggedSentence]]]) -> None:
    for sentence in (sentence for _, sentences in films for sentence in sentences):
        assert not (sentence.present and sentence.absent)
        claimed = set(sentence.absent if DENYING.match(sentence.text) else sentence.present)
        assert named_in(sentence.text) <= claimed, sentence.text


def test_no_report_states_a_thing_that_it_denies_elsewhere(films: list[tuple[Anatomy, list[TaggedSentence]]]) -> None:
    for _, sentences in films:
        stated = {name for sentence in sentences if sentence.present for name in named_in(sentence.text)}
        denied = {name for sentence in sentences if sentence.absent for name in named_in(sentence.text)}
        assert not stated & denied


@pytest.mark.parametrize("name", FINDINGS)
def test_a_report_mostly_uses_a_findings_name_and_sometimes_other_words(name: str) -> None:
    finding = Finding(name, "left", "lower", 0.5, 0.5)
    mentions = [text for seed in range(200) for text in [write_report(one(finding, seed)).split("IMPRESSION:")[1]]]
    by_name = sum(bool(re.search(rf"\b{NAMES[name]}\b", text)) or NAMES[name] in text.lower() for text in mentions)
    assert 0.65 <= by_name / len(mentions) <= 0.9
    assert len(set(mentions)) >= 20


@pytest.mark.parametrize("name", FINDINGS)
@pytest.mark.parametrize("side", ["left", "right", "bilateral", "midline"])
def test_every_place_and_degree_can_be_written(name: str, side: str) -> None:
    for seed, zone in enumerate(("upper", "middle", "lower", "whole") * 8):
        grade = seed % 11 / 10
        report = write_report(one(Finding(name, side, zone, grade, 1 - grade), seed))  # type: ignore[arg-type]
        assert "  " not in report
        assert "{" not in report


def test_side_is_the_patients() -> None:
    texts = [write_report(one(Finding("Effusion", "right", "lower", 0.9, 0.5), seed)) for seed in range(50)]
    assert all("left" not in text for text in texts)
    assert sum("right" in text for text in texts) > 40


def test_every_device_on_the_film_is_reported() -> None:
    for device in DEVICES:
        heads = {device.split()[-1], "catheter"}
        for seed in range(10):
            text = write_report(Anatomy(seed, 0, 70, "M", "AP", {}, (), (device,)))
            assert any(head in text.lower() for head in heads)
            assert "No lines or tubes" not in text


def test_report_has_sections_and_is_the_same_each_time() -> None:
    anatomy = population(1001, 1)[0]
    report = write_report(anatomy)
    assert report == write_report(anatomy)
    assert [line.split(":")[0] for line in report.splitlines()] == ["TECHNIQUE", "FINDINGS", "IMPRESSION"]


def test_tagged_words_are_the_tokens_of_the_text(films: list[tuple[Anatomy, list[TaggedSentence]]]) -> None:
    for sentence in (sentence for _, sentences in films[:200] for sentence in sentences):
        assert tokenize(sentence.text) == [word for word, _ in sentence.words]


def test_vocabulary_is_wide_and_holds_the_template(films: list[tuple[Anatomy, list[TaggedSentence]]]) -> None:
    tags = defaultdict(set)
    for sentence in (sentence for _, sentences in films for sentence in sentences):
        for word, tag in sentence.words:
            tags[word.lower()].add(tag)
    assert 250 <= len(tags) <= 600
    assert {"a", "chest", "x-ray", "image", "of"} <= tags.keys()
    nouns = ("heart", "cardiomegaly", "silhouette", "fluid", "angle", "opacity", "pacemaker", "rib", "spine", "marker")
    assert all("NN" in tags[noun] for noun in nouns)
    assert all(set(name.split()) <= tags.keys() for name in NAMES.values())


def test_every_finding_has_its_words() -> None:
    assert tuple(FINDING_WORDS) == FINDINGS
