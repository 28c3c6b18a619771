"""The configuration of a run: a TOML file with five tables, typed and checked before anything is computed.

[run], the layers of [target] and the names of concept sets are checked here. [probing], [target], [vlm] and [concepts]
name a `kind`, found in the KINDS of engine.probing, engine.targets, engine.vlms or engine.concepts; that module's
Options say which other keys the table may hold. For several concept sets [[concepts]] stands once for each. Comparison
methods are tables [methods.NAME], with names from engine.methods.KINDS; a run needs none. Relative paths start from the
file's folder; only `run.out` starts from the current directory.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from engine.concept_set_name import LONGEST, is_set_name
from engine.config_faults import Faults, Model
from engine.config_file import SETS, override, read, set_name
from engine.extras import missing
from engine.methods import KINDS as METHODS
from engine.store.thumbnails import LONGEST_SIDE

Pooling = Literal["mean", "max", "cls"]
LEAVES = {"probing": "engine.probing", "target": "engine.targets", "vlm": "engine.vlms", SETS: "engine.concepts"}
TABLES = ("run", *LEAVES, "methods")


class RunSettings(BaseModel, extra="forbid", frozen=True):
    """The [run] table."""

    out: Path
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    mixed_precision: bool = False
    batch_size: int = Field(default=32, ge=1, le=4096)
    alpha: float = Field(default=0.93, ge=0, le=1, allow_inf_nan=False)
    beta: float = Field(default=0.95, ge=0, le=1, allow_inf_nan=False)
    template: str = Field(default="A chest x-ray image of a", min_length=1)
    other_templates: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Under which the annotations are looked at as well: how far do they depend on the template?"""
    thumbnail_size: int = Field(default=LONGEST_SIDE, ge=160, le=1024)
    """Longest side of a stored thumbnail, in pixels."""

    @field_validator("other_templates")
    @classmethod
    def _are_others(cls, others: tuple[str, ...], run: ValidationInfo) -> tuple[str, ...]:
        known = [run.data.get("template"), *others]
        for place, other in enumerate(others, start=1):
            if other in known[:place]:
                raise ValueError(f"{other!r} is a template of the run already")
        return others


class TapSettings(BaseModel, extra="forbid", frozen=True):
    """The keys of [target] that every kind of target model has."""

    layers: tuple[str, ...] = Field(min_length=1)
    """Module names, globs, or the aliases of engine.targets.taps."""
    pooling: Pooling = "mean"
    channels: Literal["auto", "first", "last"] = "auto"
    """Where maps have their units (engine.targets.taps.unit_axis)."""


class SetSettings(BaseModel, extra="forbid", frozen=True):
    """The keys of [concepts] that every kind of concept set has."""

    name: str | None = None
    """By default the kind."""

    @field_validator("name")
    @classmethod
    def _is_name(cls, name: str | None) -> str | None:
        if name is not None and not is_set_name(name):
            raise ValueError(f"a name has letters, digits, spaces, - and _, at most {LONGEST} of them")
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
class SetLeaf(Leaf):
    """A chosen kind of concept set, under the name that the run gives it."""

    name: str
    table: str
    """As messages name it: "concepts", or one of several "concepts.NAME"."""


@dataclass(frozen=True, slots=True)
class RunConfig:
    """A whole configuration. `base` is the folder that relative paths start from."""

    path: Path
    base: Path
    run: RunSettings
    taps: TapSettings
    probing: Leaf
    target: Leaf
    vlm: Leaf
    concepts: tuple[SetLeaf, ...]
    """At least one."""
    methods: tuple[Leaf, ...]

    def as_dict(self) -> dict[str, Any]:
        """Every key with its value, defaults included, as JSON types; of several concept sets a list."""
        sets = [{"name": leaf.name, **leaf.as_dict()} for leaf in self.concepts]
        return {
            "run": self.run.model_dump(mode="json"),
            "probing": self.probing.as_dict(),
            "target": self.target.as_dict() | self.taps.model_dump(mode="json"),
            "vlm": self.vlm.as_dict(),
            "concepts": sets if len(sets) > 1 else sets[0],
            "methods": {leaf.kind: leaf.options.model_dump(mode="json") for leaf in self.methods},
        }


def load(path: Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Reads and checks a configuration; each override is `table.key=value`, the value in TOML or a bare word.

    Raises ConfigError naming the file, the key, the value, and the nearest key or kind that exists.
    """
    tables = read(path)
    overridden = [override(tables, text) for text in overrides]
    return _Checker(path, tables, overridden).config()


class _Checker:
    """Turns tables into a RunConfig, and what is wrong with them into one ConfigError."""

    def __init__(self, path: Path, tables: dict[str, Any], overridden: Sequence[str]) -> None:
        self.path = path
        self.tables = tables
        self.faults = Faults(path, TABLES, overridden)

    def config(self) -> RunConfig:
        self._check_tables()
        run = self.faults.check("run", RunSettings, self.tables["run"])
        taps, own = self._common("target", TapSettings, self.tables["target"])
        probing = self._leaf("probing", self.tables["probing"])
        target = self._leaf("target", own)
        vlm = self._leaf("vlm", self.tables["vlm"])
        concepts = [self._concept_set(name, table) for name, table in self._concept_tables().items()]
        methods = [self._method(name, table) for name, table in self.tables["methods"].items()]
        for name in [name for name in self.tables if name not in TABLES][:1]:
            raise self.faults.unknown(name, self.tables[name])
        self.faults.raise_first()
        return RunConfig(
            path=self.path,
            base=self.path.absolute().parent,
            run=cast(RunSettings, run),
            taps=cast(TapSettings, taps),
            probing=cast(Leaf, probing),
            target=cast(Leaf, target),
            vlm=cast(Leaf, vlm),
            concepts=tuple(cast(SetLeaf, leaf) for leaf in concepts),
            methods=tuple(cast(Leaf, leaf) for leaf in methods),
        )

    def _check_tables(self) -> None:
        for name in self.tables:
            if name not in TABLES and isinstance(self.tables[name], dict):
                close = difflib.get_close_matches(name, TABLES, n=1)
                hint = f"Did you mean [{close[0]}]?" if close else f"Tables: {', '.join(TABLES)}"
                raise self.faults.error(f"[{name}]", f"is not a table of this configuration. {hint}")
        for name in TABLES:
            table = self.tables.setdefault(name, {})
            several = name == SETS and isinstance(table, list) and table
            if not all(isinstance(part, dict) for part in (table if several else [table])):
                raise self.faults.error(name, f"must be a table: write [{name}]")

    def _concept_tables(self) -> dict[str, dict[str, Any]]:
        """The tables of the concept sets, by how messages name them."""
        tables = self.tables[SETS]
        if isinstance(tables, dict):
            return {SETS: tables}
        names = [set_name(table) for table in tables]
        found = {}
        for number, (name, table) in enumerate(zip(names, tables, strict=True), start=1):
            if name in names[: number - 1]:
                clash = "is the name of an earlier concept set: give each its own"
                raise self.faults.error(f"{SETS}.#{number}.name", clash, name)
            found[f"{SETS}.{name}" if is_set_name(name) else f"{SETS}.#{number}"] = table
        return found

    def _module(self, name: str, table: Mapping[str, Any]) -> ModuleType:
        kinds: Mapping[str, str] = importlib.import_module(LEAVES[name.partition(".")[0]]).KINDS
        known = ", ".join(sorted(kinds))
        kind = table.get("kind")
        if kind is None:
            raise self.faults.error(f"{name}.kind", f"is missing. Kinds: {known}")
        if not isinstance(kind, str) or kind not in kinds:
            close = difflib.get_close_matches(str(kind), kinds, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise self.faults.error(f"{name}.kind", f"is not a kind: {hint}Kinds: {known}", kind)
        try:
            return importlib.import_module(kinds[kind])
        except ModuleNotFoundError as error:
            if error.name and error.name.split(".")[0] == "engine":
                raise
            raise self.faults.error(f"{name}.kind", missing(error.name), kind) from None

    def _method(self, name: str, table: Any) -> Leaf | None:
        key = f"methods.{name}"
        if name not in METHODS:
            close = difflib.get_close_matches(name, METHODS, n=1)
            hint = f"Did you mean [methods.{close[0]}]?" if close else f"Methods: {', '.join(METHODS)}"
            raise self.faults.error(f"[{key}]", f"is not a method. {hint}")
        if not isinstance(table, dict):
            raise self.faults.error(key, f"must be a table: write [{key}]", table)
        module = importlib.import_module(METHODS[name])
        options = self.faults.check(key, module.Options, table)
        return None if options is None else Leaf(name, module, options)

    def _leaf(self, name: str, table: Mapping[str, Any]) -> Leaf | None:
        """What a table chooses, or None and its faults kept. Only Options with such a field see the `kind`."""
        module = self._module(name, table)
        model: type[BaseModel] = module.Options
        values = {key: value for key, value in table.items() if key != "kind" or key in model.model_fields}
        options = self.faults.check(name, model, values)
        self.faults.may_hold(f"{name}.kind")
        return None if options is None else Leaf(table["kind"], module, options)

    def _concept_set(self, name: str, table: Mapping[str, Any]) -> SetLeaf | None:
        _, own = self._common(name, SetSettings, table)
        leaf = self._leaf(name, own)
        return None if leaf is None else SetLeaf(leaf.kind, leaf.module, leaf.options, set_name(table), name)

    def _common(self, name: str, model: type[Model], table: Mapping[str, Any]) -> tuple[Model | None, dict[str, Any]]:
        """The keys of a table that every kind has, as the model, and those that are the kind's own."""
        common = {key: value for key, value in table.items() if key in model.model_fields}
        return self.faults.check(name, model, common), {k: value for k, value in table.items() if k not in common}
