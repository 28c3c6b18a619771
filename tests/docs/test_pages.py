"""The documents agree with the repository: links, limits of length, floors, commands and the citation."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import click
import pytest

from engine.config.limits import LimitSettings
from engine.config.settings import KeepSettings, LabelSettings, RunSettings, TapSettings
from engine.kinds import own
from engine.probing.table_options import TableOptions
from mammi_tui.cli import cli
from tests.shared import ROOT

README = ROOT / "README.md"
PAGES = [README, *sorted(ROOT.glob("docs/*.md")), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
TABLES = ("probing", "target", "vlm", "concepts")
CODE = re.compile(r"`([^`\n]+)`|^    (.+)$", re.MULTILINE)
"""In backticks, or indented"""
MAMMI = re.compile(r"\bmammi ([a-z]+)")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text("utf-8")):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}"


def test_every_command_that_is_named_exists() -> None:
    commands = cli.list_commands(click.Context(cli))
    for page in PAGES:
        if page.name != "commands.md":
            code = "\n".join(map("".join, CODE.findall(page.read_text("utf-8"))))
            assert set(MAMMI.findall(code)) <= set(commands), page.name


def test_the_readme_is_short_and_fits_a_terminal() -> None:
    lines = README.read_text("utf-8").splitlines()
    assert len(lines) <= 150
    assert [line for line in lines if len(line) > 120] == []


def test_the_readme_names_a_test_line_that_ci_can_take() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "-m pytest" in script
    lines = [line for line in README.read_text("utf-8").splitlines() if re.match(r"^ {4}.*-m pytest", line)]
    assert len(lines) == 1


def test_the_floors_are_those_of_the_contracts() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    floors = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert [drawn.splitlines() for drawn in re.findall(r"```text\n(.*?)```", page, re.DOTALL)] == floors


def test_the_guide_lists_every_sample_configuration() -> None:
    guide = (ROOT / "docs" / "guide.md").read_text("utf-8")
    assert [path.name for path in ROOT.glob("sample_configs/*.toml") if f"/{path.name})" not in guide] == []


def test_the_guide_lists_every_kind_and_every_key_of_a_run() -> None:
    guide = (ROOT / "docs" / "guide.md").read_text("utf-8")
    tables = (RunSettings, KeepSettings, LabelSettings, TapSettings, TableOptions, LimitSettings)
    named = [*(key for table in tables for key in table.model_fields), *(kind for name in TABLES for kind in own(name))]
    assert [name for name in named if f"`{name}`" not in guide] == []


def test_the_guide_gives_each_limit_its_default() -> None:
    guide = (ROOT / "docs" / "guide.md").read_text("utf-8")
    assert [
        name for name, limit in LimitSettings.model_fields.items() if f"| `{name}` | {limit.default} |" not in guide
    ] == []


def test_contributing_lists_every_benchmark() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    names = [path.stem for path in ROOT.glob("tests/benchmarks/*.py") if path.stem != "__init__"]
    names += [path.parent.name for path in ROOT.glob("tests/benchmarks/*/__main__.py")]
    assert [name for name in names if f"tests.benchmarks.{name} " not in page] == []


def test_the_citation_has_what_the_format_requires() -> None:
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    keys = re.findall(r"^([\w-]+):", citation, re.MULTILINE)
    assert {"cff-version", "message", "title", "authors"} <= set(keys)
    assert f"version: {version}" in citation
    assert "arXiv:2407.11375" in citation
