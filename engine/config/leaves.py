"""The tables of a configuration that choose a kind: probing set, target model, VLM, concept sets and methods."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from pydantic import BaseModel, field_validator

from engine.config.faults import Faults, Model
from engine.config.file import SETS, set_name
from engine.extras import missing
from engine.methods import KINDS as METHODS
from engine.names import LONGEST_SET_NAME, is_set_name

LEAVES = {"probing": "engine.probing", "target": "engine.targets", "vlm": "engine.vlms", SETS: "engine.concepts"}
WHAT = {"vlm": "VLM", SETS: "concept set"}
"""Tables of which there may be several, and what each of them is."""


class Naming(BaseModel, extra="forbid", frozen=True):
    """The key that every kind has where a table stands once for each of several."""

    name: str | None = None
    """By default the kind."""

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
    module: ModuleType
    options: BaseModel

    def load(self, *arguments: Any) -> Any:
        """What the leaf's own `load(options, ...)` gives."""
        return self.module.load(self.options, *arguments)

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, **self.options.model_dump(mode="json")}


@dataclass(frozen=True, slots=True)
class NamedLeaf(Leaf):
    """A chosen kind of which there may be several, under the name that the configuration gives it."""

    name: str
    table: str
    """As messages name it: "concepts", or one of several "concepts.NAME"."""


class Leaves:
    """Turns tables into leaves. What is wrong with a table's values is kept in the faults; an unknown or missing kind,
    and two of one name, raise ConfigError at once."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def leaf(self, name: str, table: Mapping[str, Any]) -> Leaf | None:
        """What a table chooses, or None and its faults kept. Only Options with such a field see the `kind`."""
        module = self._module(name, table)
        model: type[BaseModel] = module.Options
        values = {key: value for key, value in table.items() if key != "kind" or key in model.model_fields}
        options = self._faults.check(name, model, values)
        self._faults.may_hold(f"{name}.kind")
        return None if options is None else Leaf(table["kind"], module, options)

    def several(self, name: str, tables: Any) -> tuple[NamedLeaf, ...]:
        """Of [concepts], or of [[concepts]] which stands once for each; those without faults."""
        leaves = [self._named(key, table) for key, table in self._by_key(name, tables).items()]
        return tuple(leaf for leaf in leaves if leaf is not None)

    def methods(self, tables: Mapping[str, Any]) -> tuple[Leaf, ...]:
        """Of the tables [methods.NAME]; those without faults."""
        leaves = [self._method(name, table) for name, table in tables.items()]
        return tuple(leaf for leaf in leaves if leaf is not None)

    def common(self, name: str, model: type[Model], table: Mapping[str, Any]) -> tuple[Model | None, dict[str, Any]]:
        """The keys of a table that every kind has, as the model, and those that are the kind's own."""
        common = {key: value for key, value in table.items() if key in model.model_fields}
        return self._faults.check(name, model, common), {k: value for k, value in table.items() if k not in common}

    def _by_key(self, name: str, tables: Any) -> dict[str, dict[str, Any]]:
        """The tables of that name, by how messages name each."""
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
        return None if leaf is None else NamedLeaf(leaf.kind, leaf.module, leaf.options, set_name(table), name)

    def _module(self, name: str, table: Mapping[str, Any]) -> ModuleType:
        kinds: Mapping[str, str] = importlib.import_module(LEAVES[name.partition(".")[0]]).KINDS
        known = ", ".join(sorted(kinds))
        kind = table.get("kind")
        if kind is None:
            raise self._faults.error(f"{name}.kind", f"is missing. Kinds: {known}")
        if not isinstance(kind, str) or kind not in kinds:
            close = difflib.get_close_matches(str(kind), kinds, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise self._faults.error(f"{name}.kind", f"is not a kind: {hint}Kinds: {known}", kind)
        try:
            return importlib.import_module(kinds[kind])
        except ModuleNotFoundError as error:
            if error.name and error.name.split(".")[0] == "engine":
                raise
            raise self._faults.error(f"{name}.kind", missing(error.name), kind) from None

    def _method(self, name: str, table: Any) -> Leaf | None:
        key = f"methods.{name}"
        if name not in METHODS:
            close = difflib.get_close_matches(name, METHODS, n=1)
            hint = f"Did you mean [methods.{close[0]}]?" if close else f"Methods: {', '.join(METHODS)}"
            raise self._faults.error(f"[{key}]", f"is not a method. {hint}")
        if not isinstance(table, dict):
            raise self._faults.error(key, f"must be a table: write [{key}]", table)
        module = importlib.import_module(METHODS[name])
        options = self._faults.check(key, module.Options, table)
        return None if options is None else Leaf(name, module, options)
