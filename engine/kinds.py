"""The kinds that a configuration's tables may choose: our own, and those that installed packages add.

A package adds a kind by an entry point in its pyproject.toml, such as

    [project.entry-points."mammi.vlms"]
    my_vlm = "my_package.my_vlm"

The name is the kind, and the value is a module. These say what the module must have: VLMKind in engine.vlms.base,
TargetKind in engine.targets.base, ConceptSource in engine.concepts.base, LiveMethod and ComputedMethod in
engine.methods.base, and the docstring of engine.probing.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from pydantic import BaseModel

from engine.errors import MammiError, failing_as

PACKAGES = {
    "probing": "engine.probing",
    "target": "engine.targets",
    "vlm": "engine.vlms",
    "concepts": "engine.concepts",
    "methods": "engine.methods",
}
"""Table of a configuration -> the package whose KINDS are ours, by module"""
_FUNCTIONS = {"probing": ("load",), "methods": ("load",)}
"""The functions that a kind's module must have; `identity` and `load` for a table that is not listed"""
_COMPUTED = ("compute", "check", "follows_vlm", "annotation")
"""The functions of a computed method, in place of `load`"""

log = logging.getLogger(__name__)


def module_of(table: str, kind: str) -> str | None:
    """The module of a kind; None if there is no such kind. Packages are searched only for a kind that is not ours."""
    return own(table).get(kind) or added(table).get(kind)


def names(table: str) -> list[str]:
    """Every kind of a table: ours, then those of packages."""
    return [*own(table), *added(table)]


def own(table: str) -> Mapping[str, str]:
    """Our kinds of a table, with their modules."""
    kinds: Mapping[str, str] = importlib.import_module(PACKAGES[table]).KINDS
    return kinds


@cache
def added(table: str) -> Mapping[str, str]:
    """The kinds that installed packages add to a table, with their modules.

    A kind that cannot be used is left out with a warning that says why.
    """
    group = f"mammi.{PACKAGES[table].rpartition('.')[2]}"
    found: dict[str, str] = {}
    for entry in entry_points(group=group):
        package = entry.dist.name if entry.dist else "?"
        if entry.name in own(table):
            problem = "this is a kind of mammi itself"
        elif entry.name in found:
            problem = f"{found[entry.name]} has this name too"
        else:
            problem = _problem(table, entry)
        if problem:
            log.warning("%s: the kind %r of the package %s is left out: %s.", group, entry.name, package, problem)
        else:
            found[entry.name] = entry.value
    return found


def _problem(table: str, entry: EntryPoint) -> str:
    """Why the kind cannot be used; empty for one that can."""
    try:
        with failing_as(f"importing {entry.value} failed"):
            module = importlib.import_module(entry.value)
    except MammiError as error:
        return str(error).rstrip(".")
    options = getattr(module, "Options", None)
    if not (isinstance(options, type) and issubclass(options, BaseModel)):
        return f"{entry.value} has no pydantic model Options"
    functions = _COMPUTED if hasattr(module, "compute") else _FUNCTIONS.get(table, ("identity", "load"))
    missing = [name for name in functions if not callable(getattr(module, name, None))]
    return f"{entry.value} has no function {missing[0]}" if missing else ""
