"""The nouns of reports: with NLTK's tagger where ../shared has it, else with taggers made here."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.concepts.filters import NounFilters
from engine.concepts.nouns import Noun, extract_nouns
from engine.concepts.report_files import read_reports
from engine.concepts.tagger import demo_tagger, nltk_tagger
from engine.errors import MammiError
from engine.probing.phantom.population import HELD_OUT_SEEDS, TRAINING_SEEDS, population
from engine.probing.phantom.report import write_report
from engine.training.tagger import accuracy, tagged_sentences, train
from tests.shared import shared_path


class AllNouns:
    def tag(self, tokens: list[str]) -> list[tuple[str, str]]:
        return [(token, "NN") for token in tokens]


def words(report: str, **filters: bool) -> set[str]:
    return {noun.noun for noun in extract_nouns([report], AllNouns(), filters=NounFilters(**filters))}


def test_nouns_are_counted_once_per_report_and_sorted_by_count_then_alphabet() -> None:
    reports = ["Heart heart. Lung.", "HEART, mass", "lung heart"]
    assert extract_nouns(reports, AllNouns()) == [Noun("heart", 3), Noun("lung", 2), Noun("mass", 1)]
    assert extract_nouns(reports, AllNouns(), min_reports=2) == [Noun("heart", 3), Noun("lung", 2)]


def test_each_filter_can_be_turned_off() -> None:
    # Published reports have XXXX and ___ in place of text that could identify a patient.
    report = "Which heart m T12 XXXX x-XXXX ___ , x-ray view"
    assert words(report) == {"heart", "x-ray"}
    assert words(report, stop_words=False) == {"heart", "x-ray", "which"}
    assert words(report, single_letters=False) == {"heart", "x-ray", "m"}
    assert words(report, digits=False) == {"heart", "x-ray", "t12"}
    assert words(report, picture_words=False) == {"heart", "x-ray", "view"}
    assert words(report, deidentified=False) == {"heart", "x-ray", "xxxx", "x-xxxx", "___"}


def test_the_discard_list_takes_out_the_authors_words() -> None:
    discarded = "left right view image show sign cm background"
    assert words(f"{discarded} heart") == {"heart"}
    assert words(discarded, picture_words=False) == set(discarded.split())


def test_hostile_text_gives_plain_nouns() -> None:
    hostile = "heart\x1b[31m \u202emass\u200b lu\x00ng " + "n" * 5000 + " ﬁlm \ud800"
    found = words(hostile)
    assert {"heart", "mass", "lung", "film"} <= found
    assert all(noun.isprintable() and len(noun) <= 100 for noun in found)


def test_demo_tagger_agrees_with_the_grammar_on_held_out_reports() -> None:
    assert accuracy(demo_tagger(), tagged_sentences(HELD_OUT_SEEDS[-1], films=300)) >= 0.98


def test_demo_tagger_is_what_its_script_makes() -> None:
    small = train(tagged_sentences(TRAINING_SEEDS[0], films=100))
    assert small == train(tagged_sentences(TRAINING_SEEDS[0], films=100))
    assert accuracy(small.tagger(), tagged_sentences(HELD_OUT_SEEDS[0], films=50)) >= 0.98


def test_phantom_nouns_are_the_words_radiologists_look_for() -> None:
    nouns = {noun.noun for noun in extract_nouns(map(write_report, population(2000, 1000)), demo_tagger())}
    assert {"heart", "effusion", "pneumothorax", "opacity", "pacemaker", "ribs", "spine", "scarring"} <= nouns
    assert not {"the", "is", "seen", "mild", "pleural", "bilateral", "no"} & nouns


@pytest.mark.slow
def test_real_reports_give_mostly_the_published_nouns() -> None:
    tagger = nltk_tagger(shared_path("data", "nltk_data"))
    published = set(shared_path("data", "nih14", "mimic_nouns.txt").read_text().split())
    reports = list(read_reports([shared_path("data", "reports")]))
    without = extract_nouns(reports, tagger, min_reports=3)
    with_picture_words = extract_nouns(reports, tagger, filters=NounFilters(picture_words=False), min_reports=3)
    shares = [
        sum(noun.noun in published for noun in nouns) / len(nouns)
        for nouns in (with_picture_words, without)
        if len(nouns) > 200
    ]
    assert shares == [pytest.approx(0.934, abs=0.001), pytest.approx(0.954, abs=0.001)]


def test_missing_nltk_tagger_names_the_command_that_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MammiError, match=r"python -m nltk\.downloader averaged_perceptron_tagger_eng") as caught:
        nltk_tagger(tmp_path)
    assert str(tmp_path) in str(caught.value)
    monkeypatch.setattr("nltk.data.path", [str(tmp_path)])
    with pytest.raises(MammiError, match=r"python -m nltk\.downloader averaged_perceptron_tagger_eng"):
        nltk_tagger()


@pytest.mark.parametrize("content", [b"", b"[1, 2]", b'{"bias": "NN"}', b"\xff\xfe", b"[" * 100_000])
def test_damaged_nltk_tagger_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "taggers" / "averaged_perceptron_tagger_eng"
    folder.mkdir(parents=True)
    for part in ("weights", "tagdict", "classes"):
        (folder / f"averaged_perceptron_tagger_eng.{part}.json").write_bytes(content)
    with pytest.raises(MammiError, match="Get it again"):
        nltk_tagger(tmp_path)
