"""Comparison methods and other templates in a configuration, and their mistakes told in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.settings import load_config
from engine.errors import ConfigError
from tests.support.models import tiny_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path, films=1)


def with_tables(project: Path, text: str) -> Path:
    project.write_text(f"{project.read_text()}\n{text}\n")
    return project


def test_a_run_needs_no_methods(project: Path) -> None:
    config = load_config(project)
    assert (config.methods, config.run.other_templates) == ((), ())
    assert config.as_dict()["methods"] == {}


def test_methods_with_their_options(project: Path) -> None:
    config = load_config(with_tables(project, "[methods.mammi]\n[methods.www]\ncount = 20"))
    assert [leaf.kind for leaf in config.methods] == ["mammi", "www"]
    assert config.as_dict()["methods"] == {"mammi": {}, "www": {"count": 20}}


def test_methods_on_the_command_line(project: Path) -> None:
    for overrides in (["methods.www.count=20"], ["methods.www={}", "methods.www.count=20"]):
        assert load_config(project, overrides).as_dict()["methods"] == {"www": {"count": 20}}
    with_tables(project, "[methods.www]\ncount = 3")
    assert load_config(project, ["methods.www.count=20"]).as_dict()["methods"] == {"www": {"count": 20}}


def test_other_templates(project: Path) -> None:
    config = load_config(project, ['run.other_templates=["a film of a", "findings:"]'])
    assert config.run.other_templates == ("a film of a", "findings:")
    assert config.as_dict()["run"]["other_templates"] == ["a film of a", "findings:"]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ("[methods.ww]", "[methods.ww] is not a method. Did you mean [methods.www]?"),
        (
            "[methods.birds]",
            "[methods.birds] is not a method. Methods: mammi, mammi_z, www, clip_dissect, falcon, falcon_crops, "
            "netdissect, tsi, tcav.",
        ),
        ("[method.www]", "[method] is not a table of this configuration. Did you mean [methods]?"),
        ("[methods]\nwww = 3", "methods.www = 3 must be a table: write [methods.www]."),
        (
            "[methods.www]\ncuont = 3",
            "methods.www.cuont = 3 is not a key of this configuration. Did you mean methods.www.count?",
        ),
        ("[methods.www]\ncount = 0", "methods.www.count = 0 is too small: the least is 1."),
        ("[methods.falcon]\nthreshold = -2", "methods.falcon.threshold = -2 is too small: the least is -1.0."),
        (
            "[methods.falcon]\nthreshold = 0.3\nlimit = 1",
            'methods.falcon = {"threshold": 0.3, "limit": 1} is not right: limit and threshold both say where '
            "the high set begins: leave one of them out.",
        ),
        ("[methods.tsi]\nquantile = 1", "methods.tsi.quantile = 1 is too large: it must be below 1.0."),
    ],
)
def test_a_mistake_in_methods(project: Path, tables: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(with_tables(project, tables))
    assert str(raised.value) == f"{project}: {message}"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("methods.www.cuont=3", "--set methods.www.cuont = 3 is not a key of this configuration. Did you mean "),
        ("methods.ww.count=3", "--set [methods.ww] is not a method. Did you mean [methods.www]?"),
        ("methods.www=3", "--set methods.www = 3 must be a table: write [methods.www]."),
        ('run.other_templates=["a", "a"]', "is not right: 'a' is a template of the run already."),
        ('run.other_templates=["A chest x-ray image of a"]', "is a template of the run already."),
        ('run.other_templates=[""]', 'run.other_templates.0 = "" is empty.'),
        ("run.other_templates=a", '--set run.other_templates = "a" is not a list: write ["…", "…"].'),
        ('run.other_template=["a"]', "Did you mean run.other_templates?"),
    ],
)
def test_a_mistake_on_the_command_line(project: Path, override: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(project, [override])
    assert message in str(raised.value)
