"""Several concept sets in one configuration: their names, their keys, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.settings import RunConfig, load_config
from engine.errors import ConfigError
from tests.support.models import tiny_project

SETS = """
[[concepts]]
name = "findings"
kind = "word_list"
path = "findings.txt"

[[concepts]]
kind = "probing_reports"
min_reports = 2
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return with_sets(tiny_project(tmp_path, films=1), SETS)


def with_sets(path: Path, sets: str) -> Path:
    path.write_text(path.read_text().partition("[concepts]")[0] + sets)
    return path


def told(path: Path, *overrides: str) -> str:
    with pytest.raises(ConfigError) as raised:
        load_config(path, overrides)
    return str(raised.value).replace(str(path), "tiny.toml")


def names(config: RunConfig) -> list[tuple[str, str]]:
    return [(leaf.name, leaf.kind) for leaf in config.concepts]


def test_one_set_is_called_by_its_kind(tmp_path: Path) -> None:
    project = tiny_project(tmp_path, films=1)
    assert names(load_config(project)) == [("word_list", "word_list")]
    assert load_config(project).as_dict()["concepts"] == {
        "name": "word_list",
        "kind": "word_list",
        "path": "concepts.txt",
        "encoding": None,
    }
    assert names(load_config(project, ["concepts.name=my words"])) == [("my words", "word_list")]


def test_several_sets(project: Path) -> None:
    config = load_config(project)
    assert names(config) == [("findings", "word_list"), ("probing_reports", "probing_reports")]
    assert [leaf["name"] for leaf in config.as_dict()["concepts"]] == ["findings", "probing_reports"]


def test_a_set_without_a_name_is_called_by_its_kind(project: Path) -> None:
    project.write_text(project.read_text().replace('name = "findings"', ""))
    assert names(load_config(project)) == [("word_list", "word_list"), ("probing_reports", "probing_reports")]


def test_an_override_names_its_set(project: Path) -> None:
    config = load_config(
        project,
        [
            "concepts.findings.path=others.txt",
            "concepts.probing_reports.min_reports=5",
            "concepts.probing_reports.filters.digits=false",
            "concepts.findings.name=others",
            "concepts.others.path=still others.txt",
        ],
    )
    assert names(config) == [("others", "word_list"), ("probing_reports", "probing_reports")]
    others, reports = config.as_dict()["concepts"]
    assert others["path"] == "still others.txt"
    assert (reports["min_reports"], reports["filters"]["digits"]) == (5, False)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "concepts.min_reports=3",
            "--set concepts.min_reports=3: write it as concepts.NAME.key=value. "
            "Concept sets: findings, probing_reports.",
        ),
        (
            "concepts.finding.path=x",
            "--set concepts.finding.path=x: write it as concepts.NAME.key=value. "
            "Concept sets: findings, probing_reports.",
        ),
        (
            "concepts.probing_reports.min_reports=0",
            "--set concepts.probing_reports.min_reports = 0 is too small: the least is 1.",
        ),
        (
            "concepts.findings.pth=x",
            '--set concepts.findings.pth = "x" is not a key of this configuration. '
            "Did you mean concepts.findings.path?",
        ),
    ],
)
def test_a_mistake_in_an_override(project: Path, override: str, message: str) -> None:
    assert told(project, override) == message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'name = "findings"',
            'name = "probing_reports"',
            'tiny.toml: concepts.#2.name = "probing_reports" is the name of an earlier concept set: give each its own.',
        ),
        (
            'name = "findings"',
            'name = "a.b"',
            'tiny.toml: concepts.#1.name = "a.b" is not right: a name has letters, digits, spaces, - and _, '
            "at most 32 of them.",
        ),
        ('name = "findings"', "name = [1]", "tiny.toml: concepts.#1.name = [1] is not text in quotes."),
        ('path = "findings.txt"', "", "tiny.toml: concepts.findings.path is missing."),
        (
            "min_reports = 2",
            "min_report = 2",
            "tiny.toml: concepts.probing_reports.min_report = 2 is not a key of this configuration. "
            "Did you mean concepts.probing_reports.min_reports?",
        ),
        (
            'kind = "probing_reports"',
            'kind = "probing_report"',
            'tiny.toml: concepts.probing_report.kind = "probing_report" is not a kind: did you mean ',
        ),
        ('kind = "probing_reports"', "", "tiny.toml: concepts.#2.kind is missing. Kinds: "),
    ],
)
def test_a_mistake_in_the_file(project: Path, old: str, new: str, message: str) -> None:
    text = project.read_text()
    assert old in text
    project.write_text(text.replace(old, new))
    assert told(project).startswith(message)


@pytest.mark.parametrize("sets", ["concepts = []", 'concepts = ["a"]', "concepts = 3"])
def test_what_is_no_table(tmp_path: Path, sets: str) -> None:
    project = with_sets(tiny_project(tmp_path, films=1), "")
    project.write_text(f"{sets}\n{project.read_text()}")
    assert told(project) == "tiny.toml: concepts must be a table: write [concepts]."
