"""The worked examples of docs/extending.md, each as a reader would try it: in a folder and a process of its own.

A block whose first line is `# FILE` is that file, and a `diff` block with such a line changes it. A TOML block without
a file replaces its table in my_run.toml. What a pyproject.toml declares is installed. All other Python blocks are one
program, which is run. An example that adds to the packages of this project works on a copy of them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.shared import ROOT

PAGE = ROOT / "docs" / "extending.md"
RUN = "my_run.toml"
PACKAGES = ("engine", "mammi_tui")
SECONDS = 300


class Block(NamedTuple):
    language: str
    file: str
    """ "" for a block that is no file"""
    text: str


def blocks(section: str) -> list[Block]:
    found = re.findall(r"^```(\w+)\n(?:# ([\w./]+\.\w+)\n)?(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return [Block(*block) for block in found]


_, *SECTIONS = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
EXAMPLES = {section.partition("\n")[0]: blocks(section) for section in SECTIONS}
SHARED = EXAMPLES.pop("How a kind is found")


@pytest.mark.slow
@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_works_as_it_stands(title: str, tmp_path: Path) -> None:
    example = [*SHARED, *EXAMPLES[title]]
    if any(block.file.startswith(PACKAGES) for block in example):
        for package in PACKAGES:
            shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    script = ""
    for block in example:
        if block.language == "diff":
            change(tmp_path / block.file, block.text)
        elif block.file:
            write(tmp_path, block)
        elif block.language == "toml":
            replace_table(tmp_path / RUN, block.text)
        else:
            script += block.text
    (tmp_path / "example.py").write_text(script, "utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    ended = subprocess.run(
        [sys.executable, "example.py"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr


def write(folder: Path, block: Block) -> None:
    """Writes a file of an example; what a pyproject.toml declares is then installed."""
    (folder / block.file).write_text(block.text)
    if block.file == "pyproject.toml":
        project = tomllib.loads(block.text)["project"]
        facts = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1.0\n")
        groups = (
            "\n".join([f"[{group}]", *(f"{name} = {module}" for name, module in entries.items())])
            for group, entries in project["entry-points"].items()
        )
        (facts / "entry_points.txt").write_text("\n".join(groups))


def change(path: Path, diff: str) -> None:
    """Changes a file as a diff of one place says: its lines with " " and "-" must stand there once."""
    before, after = (
        "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] in f" {sign}") for sign in "-+"
    )
    text = path.read_text("utf-8")
    assert text.count(before) == 1, f"{path.name} has no place for\n{diff}"
    path.write_text(text.replace(before, after), "utf-8")


def replace_table(path: Path, table: str) -> None:
    """Puts a table of TOML in the place of the one with its name."""
    name = re.match(r"\[\w+\]", table)
    assert name, table
    tables = re.split(r"^(?=\[)", path.read_text("utf-8"), flags=re.MULTILINE)
    assert sum(old.startswith(name[0]) for old in tables) == 1
    path.write_text("".join(f"{table}\n" if old.startswith(name[0]) else old for old in tables), "utf-8")
