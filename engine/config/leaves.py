"""The tables of a configuration that choose a kind: probing set, target model, VLM, concept sets and methods."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel, field_validator

from engine import kinds
from engine.config.faults import Faults, Model
from engine.config.file import SETS, set_name
from engine.extras import missing
from engine.likeness import closest
from engine.names import LONGEST_SET_NAME, is_set_name

METHODS = "methods"
WHAT = {"vlm": "VLM", SETS: "concept set"}
"""Tables that may occur several times, and what each of them describes"""


class Naming(BaseModel, extra="forbid", frozen=True):
    """The key that every kind has if its table may occur several times."""

    name: str | None = None
    """By default the kind"""

    @field_validator("name")
    @classmethod
    def _is_name(cls, name: str | None) -> str | None:
        if name is not None and not is_set_name(name):
            raise ValueError(f"a name has letters, digits, spaces, - and _, at most {LONGEST_SET_NAME} of them")
        return name


@dataclass(frozen=True, slots=True)
class Leaf:
    """A chosen kind of probing set, target model, VLM, concept set or method, with its checked options."""

    kind: str
    module_name: str
    options: BaseModel

    @property
    def module(self) -> ModuleType:
        """The kind's module."""
        return importlib.import_module(self.module_name)

    def identity(self, base: Path) -> str | None:
        """The identity of the target model or VLM that `load` would give; None if only loading gives it.

        Raises MammiError for a file that is missing or cannot be read.
        """
        found: str | None = self.module.identity(self.options, base)
        return found

    def load(self, *arguments: Any) -> Any:
        """What the kind's own `load(options, ...)` gives."""
        return self.module.load(self.options, *arguments)

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, **self.options.model_dump(mode="json")}


@dataclass(frozen=True, slots=True)
class NamedLeaf(Leaf):
    """One of several leaves of a table, under the name that the configuration gives it."""

    name: str
    table: str
    """As messages name it: "concepts", or "concepts.NAME" for one of several"""


class Leaves:
    """Turns tables into leaves.

    Faults in a table's values are collected; an unknown or missing kind, and a name that occurs twice, raise
    ConfigError at once.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def leaf(self, name: str, table: Mapping[str, Any]) -> Leaf | None:
        """The leaf that a table chooses, or None when its values have faults."""
        kind, module_name = self._kind(name, table)
        module = self._module(f"{name}.kind", module_name, kind)
        model: type[BaseModel] = module.Options
        options = self._faults.check(name, model, {key: value for key, value in table.items() if key != "kind"})
        self._faults.may_hold(f"{name}.kind")
        return None if options is None else Leaf(kind, module_name, options)

    def several(self, name: str, tables: Any) -> tuple[NamedLeaf, ...]:
        """The leaves of [concepts], or of each [[concepts]], without those whose values have faults."""
        leaves = [self._named(key, table) for key, table in self._by_key(name, tables).items()]
        return tuple(leaf for leaf in leaves if leaf is not None)

    def methods(self, tables: Mapping[str, Any]) -> tuple[Leaf, ...]:
        """The leaves of the tables [methods.NAME], without those whose values have faults."""
        leaves = [self._method(name, table) for name, table in tables.items()]
        return tuple(leaf for leaf in leaves if leaf is not None)

    def common(self, name: str, model: type[Model], table: Mapping[str, Any]) -> tuple[Model | None, dict[str, Any]]:
        """The keys that every kind of a table has, as the model, and the keys that are the kind's own."""
        common = {key: value for key, value in table.items() if key in model.model_fields}
        return self._faults.check(name, model, common), {k: value for k, value in table.items() if k not in common}

    def _by_key(self, name: str, tables: Any) -> dict[str, dict[str, Any]]:
        """The name of each table in messages -> the table."""
        if isinstance(tables, dict):
            return {name: tables}
        own_names = [set_name(table) for table in tables]
        found = {}
        for number, (own, table) in enumerate(zip(own_names, tables, strict=True), start=1):
            if own in own_names[: number - 1]:
                clash = f"is the name of an earlier {WHAT[name]}: give each its own"
                raise self._faults.error(f"{name}.#{number}.name", clash, own)
            found[f"{name}.{own}" if is_set_name(own) else f"{name}.#{number}"] = table
        return found

    def _named(self, name: str, table: Mapping[str, Any]) -> NamedLeaf | None:
        _, own = self.common(name, Naming, table)
        leaf = self.leaf(name, own)
        return None if leaf is None else NamedLeaf(leaf.kind, leaf.module_name, leaf.options, set_name(table), name)

    def _method(self, name: str, table: Any) -> Leaf | None:
        key = f"{METHODS}.{name}"
        module_name = kinds.module_of(METHODS, name)
        if module_name is None:
            there = kinds.names(METHODS)
            close = closest(name, there, n=1)
            hint = f"Did you mean [{METHODS}.{close[0]}]?" if close else f"Methods: {', '.join(there)}"
            raise self._faults.error(f"[{key}]", f"is not a method. {hint}")
        if not isinstance(table, dict):
            raise self._faults.error(key, f"must be a table: write [{key}]", table)
        options = self._faults.check(key, self._module(f"[{key}]", module_name).Options, table)
        return None if options is None else Leaf(name, module_name, options)

    def _kind(self, name: str, table: Mapping[str, Any]) -> tuple[str, str]:
        """The kind that a table chooses, and its module."""
        of = name.partition(".")[0]
        kind = table.get("kind")
        module_name = kinds.module_of(of, kind) if isinstance(kind, str) else None
        if isinstance(kind, str) and module_name is not None:
            return kind, module_name
        there = sorted(kinds.names(of))
        if kind is None:
            raise self._faults.error(f"{name}.kind", f"is missing. Kinds: {', '.join(there)}")
        close = closest(str(kind), there, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise self._faults.error(f"{name}.kind", f"is not a kind: {hint}Kinds: {', '.join(there)}", kind)

    def _module(self, key: str, module_name: str, *value: str) -> ModuleType:
        """A kind's module. Raises ConfigError, naming `key` and `value`, when a package that it needs is missing."""
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name and error.name.split(".")[0] == "engine":
                raise
            raise self._faults.error(key, missing(error.name), *value) from None
        for package in getattr(module, "NEEDS", ()):
            if find_spec(package) is None:
                raise self._faults.error(key, missing(package), *value)
        return module
