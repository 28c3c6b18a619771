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
        "pleural \t effusion ",
        "ﬁbrosis",
        "mass",
        "a\x1b[31mb\u200b",
        "  ",
        "heart\r",
    ]
    (tmp_path / "list.txt").write_text("\n".join(lines), encoding="utf-8")
    concepts = load(tmp_path, [], kind="word_list", path="list.txt")
    assert concepts == ["mass", "pleural effusion", "fibrosis", "a[31mb", "heart"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"# only a comment\n", "no concepts are left"),
        (b"\n \n\x00\n", "no concepts are left"),
        (b"ok\n" + b"x" * 101, "101 characters"),
        (b"\xff\xfe\xfa", "not UTF-8"),
    ],
)
def test_unusable_word_list_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        load(tmp_path, [], kind="word_list", path="list.txt")
    assert "list.txt" in str(caught.value)


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
