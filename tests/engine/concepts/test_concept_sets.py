"""Every kind of concept set, loaded from its options as a configuration does."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from engine.concepts import KINDS
from engine.concepts.base import ConceptSource
from engine.errors import ConfigError
from engine.probing.phantom.population import population
from engine.probing.phantom.report import write_report
from tests.shared import shared_path


def load(base: Path, reports: list[str], **table: Any) -> list[str]:
    module = importlib.import_module(KINDS[table.pop("kind")])
    concepts: list[str] = module.load(module.Options(**table), base, reports)
    return concepts


def identity(base: Path, **table: Any) -> str:
    module: ConceptSource = importlib.import_module(KINDS[table.pop("kind")])
    found = module.identity(module.Options(**table), base)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_refuses_keys_it_does_not_know(kind: str) -> None:
    options = importlib.import_module(KINDS[kind]).Options
    with pytest.raises(ValidationError, match=r"pth\n.*extra_forbidden"):
        options(path="list.txt", pth="list.txt")


def test_word_list_is_cleaned_and_keeps_its_order(tmp_path: Path) -> None:
    lines = [
        "\ufeff# a comment",
        "mass",
        "",
        "#mass",
        "pleural   effusion ",
        "node # of the lung",
        "ﬁbrosis",
        "mass",
        "a\x1b[31mb\u200b",
        "  ",
        "heart\r",
    ]
    (tmp_path / "list.txt").write_text("\n".join(lines), encoding="utf-8")
    concepts = load(tmp_path, [], kind="word_list", path="list.txt")
    assert concepts == ["mass", "pleural effusion", "node", "fibrosis", "a[31mb", "heart"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"# only a comment\n", "no concepts are left"),
        (b"\n \n\x00\n", "is not text"),
        (b"ok\n" + b"x" * 101, "101 characters"),
        (b"\xff\xfe\xfa", "is not text in utf-16: name its encoding with concepts.encoding"),
    ],
)
def test_unusable_word_list_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        load(tmp_path, [], kind="word_list", path="list.txt")
    assert "list.txt" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("nodule\t12\neffusion, pleural\t3\n", ""),
        ("\ufeffnodule\t12\r\n\r\n# a comment\r\neffusion, pleural\t3\r\n", ""),
        ("concept\tcount\nnodule\t12\neffusion, pleural\t3\n", "line 1, 'concept\\tcount', as their header"),
        ('concept,frequency\nnodule,12\n"effusion, pleural",3\n', "line 1, 'concept,frequency', as their header"),
        ('"nodule";0.5\n"effusion, pleural";12%\n', "numbers beside the concepts are left out."),
        (',concept,count\n0,nodule,12\n1,"effusion, pleural",3\n', "line 1, ',concept,count', as their header"),
        ("12\tnodule\n3\teffusion, pleural\n", "numbers beside the concepts are left out."),
        ("     12 nodule\n      3 effusion, pleural\n", "numbers beside the concepts are left out."),
        ("nodule               12\neffusion, pleural     3\n", "numbers beside the concepts are left out."),
        ("1. nodule\n2. effusion, pleural\n", "numbers beside the concepts are left out."),
        ('"nodule"\n"effusion, pleural"\n', ""),
    ],
)
def test_numbers_beside_the_concepts_are_left_out(
    tmp_path: Path, content: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "list.txt").write_text(content, newline="")
    assert load(tmp_path, [], kind="word_list", path="list.txt") == ["nodule", "effusion, pleural"]
    assert told in caplog.text
    assert bool(told) == bool(caplog.records)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("nodule\t12\nmass\nheart\t3\n", "line 2, 'mass', has no number, unlike the others"),
        ("heart\nnodule,3\nmass,2\n", "line 1, 'heart', has no number, unlike the others"),
        ("nodule\n\npleural\teffusion\n", r"line 3, 'pleural\\teffusion', has text behind a tab"),
        ("concept\tmeaning\nnodule\ta round thing\n", "line 1, .* has text behind a tab"),
    ],
)
def test_a_list_with_columns_that_are_not_understood_is_refused_with_the_line(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "list.txt").write_text(content)
    with pytest.raises(ConfigError, match=rf"list\.txt: {message}.* Write one concept a line\."):
        load(tmp_path, [], kind="word_list", path="list.txt")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('["nodule", "mass"]\n', 1),
        ('[\n  "nodule",\n  "mass"\n]\n', 1),
        ('{"nodule": 12}\n', 1),
        ("nodule\n- mass\n", 2),
        ('nodule\n"mass","lung"\n', 2),
        ('"nodule",\n"mass"\n', 1),
        ("'nodule'; 'mass'\n", 1),
        ('"nodule","12"\n', 1),
    ],
)
def test_a_list_in_another_form_is_refused_with_the_line(tmp_path: Path, content: str, line: int) -> None:
    (tmp_path / "list.txt").write_text(content)
    with pytest.raises(
        ConfigError, match=rf"list\.txt: line {line}, .* is of a list in another form.* one concept a line"
    ):
        load(tmp_path, [], kind="word_list", path="list.txt")


def test_several_concepts_on_the_only_line_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "list.txt").write_text("nodule, mass, effusion\n")
    load(tmp_path, [], kind="word_list", path="list.txt")
    assert "has one line, 'nodule, mass, effusion'. If these are several concepts, write one a line." in caplog.text


def test_concepts_with_numbers_of_their_own_stay(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    concepts = ["20/20", "2 views", "segment 7,8", "T12", "effusion, pleural", "x-ray", "heart"]
    (tmp_path / "list.txt").write_text("\n".join(concepts))
    assert load(tmp_path, [], kind="word_list", path="list.txt") == concepts
    assert caplog.text == ""
    (tmp_path / "list.txt").write_text("nodule 12\nmass 3\n")
    assert load(tmp_path, [], kind="word_list", path="list.txt") == ["nodule 12", "mass 3"]
    assert "2 concepts end with a number. If these are counts, put a tab before them." in caplog.text


def test_concepts_that_differ_only_in_case_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "list.txt").write_text("Nodule\nmass\nnodule\n")
    assert load(tmp_path, [], kind="word_list", path="list.txt") == ["Nodule", "mass", "nodule"]
    assert "differ from another only in case: 1 (Nodule, nodule)" in caplog.text


def test_a_word_list_is_read_in_its_encoding(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "list.txt").write_bytes("Köhler’s disease\n".encode("cp1252"))
    assert load(tmp_path, [], kind="word_list", path="list.txt") == ["Köhler’s disease"]
    assert (
        "not UTF-8, so read as Windows-1252. If it is another encoding, name it with concepts.encoding." in caplog.text
    )
    (tmp_path / "list.txt").write_bytes("Köhler’s disease\n".encode("mac-roman"))
    assert load(tmp_path, [], kind="word_list", path="list.txt", encoding="mac-roman") == ["Köhler’s disease"]
    with pytest.raises(ValidationError, match="'cp1525' is not an encoding of text; did you mean"):
        load(tmp_path, [], kind="word_list", path="list.txt", encoding="cp1525")


def test_the_published_list_is_read_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    path = shared_path("data", "nih14", "mimic_nouns.txt")
    concepts = load(path.parent, [], kind="word_list", path=path.name)
    assert concepts == path.read_text().split()
    assert (len(concepts), caplog.messages) == (1361, [])


def test_missing_word_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"concepts\.path: .*gone\.txt"):
        load(tmp_path, [], kind="word_list", path="gone.txt")


def test_probing_reports_give_their_nouns_the_most_frequent_first(tmp_path: Path) -> None:
    reports = [write_report(anatomy) for anatomy in population(2000, 200)]
    concepts = load(tmp_path, reports, kind="probing_reports")
    assert len(concepts) == len(set(concepts)) > 80
    assert concepts.index("heart") < concepts.index("pacemaker")
    assert set(load(tmp_path, reports, kind="probing_reports", min_reports=20)) < set(concepts)
    with pytest.raises(ConfigError, match="this one has none"):
        load(tmp_path, [], kind="probing_reports")


def test_paths_of_reports_are_relative_to_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "1.txt").write_text("FINDINGS: There is a small pneumothorax. TECHNIQUE: Portable film.")
    nltk_data = str(shared_path("data", "nltk_data"))
    assert load(tmp_path, [], kind="reports", path="reports", nltk_data=nltk_data) == ["pneumothorax"]


def test_the_identity_of_a_word_list_follows_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("mass\n")
    first = identity(tmp_path, kind="word_list", path="list.txt")
    assert first == identity(tmp_path, kind="word_list", path="list.txt")
    (tmp_path / "list.txt").write_text("mass\nheart\n")
    assert first != identity(tmp_path, kind="word_list", path="list.txt")
    with pytest.raises(ConfigError, match=r"concepts\.path: .*gone\.txt"):
        identity(tmp_path, kind="word_list", path="gone.txt")


def test_the_identity_of_reports_follows_their_bytes_the_options_and_the_tagger(tmp_path: Path) -> None:
    tagger = tmp_path / "nltk_data" / "taggers" / "averaged_perceptron_tagger_eng"
    tagger.mkdir(parents=True)
    for part in ("weights", "tagdict", "classes"):
        (tagger / f"averaged_perceptron_tagger_eng.{part}.json").write_text("{}")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "1.txt").write_text("FINDINGS: Clear.")
    table = {"kind": "reports", "path": "reports", "nltk_data": "nltk_data"}
    seen = [identity(tmp_path, **table), identity(tmp_path, **table, min_reports=2)]
    (tmp_path / "reports" / "2.txt").write_text("FINDINGS: Clear.")
    seen.append(identity(tmp_path, **table))
    (tmp_path / "reports" / "2.txt").write_text("FINDINGS: Mass.")
    seen.append(identity(tmp_path, **table))
    (tagger / "averaged_perceptron_tagger_eng.classes.json").write_text('["NN"]')
    seen.append(identity(tmp_path, **table))
    assert len(set(seen)) == 5
    assert identity(tmp_path, **table) == seen[-1]


def test_the_identity_of_probing_reports_follows_options_and_tagger(tmp_path: Path) -> None:
    first = identity(tmp_path, kind="probing_reports")
    assert first == identity(tmp_path, kind="probing_reports")
    assert first != identity(tmp_path, kind="probing_reports", min_reports=2)
