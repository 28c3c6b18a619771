"""Every regular expression of the project, and how it is used."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.shared import ROOT

_FUNCTIONS = {"match": "match", "fullmatch": "fullmatch"}
"""What is tried at one place of a text; all others look for a place"""
_USES = ("match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")
MADE = {
    "mammi_tui/words.py": "one escaped word",
    "mammi_tui/neurons/filter/scanner.py": "names of fields, each with a sign behind it",
    "engine/decisions/film_index.py": "one escaped text",
}
"""Modules that make patterns of other texts, and why these take linear time"""


class Used(NamedTuple):
    """A pattern, where it stands, and one way in which it is used, as tests.support.regexes counts it."""

    where: str
    pattern: re.Pattern[Any]
    way: str


def patterns() -> Iterator[Used]:
    """All that modules hold as constants, and those that a call spells out. Raises AssertionError for a call whose
    pattern is neither: its text may come from outside."""
    for path in sorted((*ROOT.glob("engine/**/*.py"), *ROOT.glob("mammi_tui/**/*.py"))):
        text = path.read_text("utf-8")
        if "import re\n" in text:
            yield from _of_module(path, ast.parse(text))


def _of_module(path: Path, tree: ast.Module) -> Iterator[Used]:
    where = path.relative_to(ROOT).as_posix()
    held = _held(where)
    uses: dict[str, set[str]] = {}
    outside = {id(each) for node in tree.body if isinstance(node, ast.Assign) for each in ast.walk(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        of, called, place = node.func.value, node.func.attr, f"{where}:{node.lineno}"
        if not isinstance(of, ast.Name) or called not in (*_USES, "compile"):
            continue
        if of.id != "re":
            way = "tokens" if called == "match" and len(node.args) > 1 else _FUNCTIONS.get(called, "search")
            uses.setdefault(of.id, set()).add(way)
        elif id(node) not in outside and where not in MADE:
            assert isinstance(node.args[0], ast.Constant), f"{place}: a pattern that is made of other texts"
            yield Used(place, re.compile(node.args[0].value), _FUNCTIONS.get(called, "search"))
    for name, pattern in held.items():
        for way in sorted(uses.get(name, {"search"})):
            yield Used(f"{where}: {name}", pattern, way)


def _held(where: str) -> dict[str, re.Pattern[Any]]:
    """The patterns among a module's constants, also in its tuples and tables."""
    module = importlib.import_module(where.removesuffix(".py").replace("/", "."))
    found: dict[str, re.Pattern[Any]] = {}
    for name, value in vars(module).items():
        for place, each in enumerate(_parts(value)):
            if isinstance(each, re.Pattern):
                found[name if each is value else f"{name}[{place}]"] = each
    return found


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        for each in value:
            yield from _parts(each)
    else:
        yield value
