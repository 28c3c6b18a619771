"""The configuration of a run: a TOML file with five tables, typed and checked before anything is computed.

[run] and the layers of [target] are checked here. [probing], [target], [vlm] and [concepts] name a `kind`, found in the
KINDS of engine.probing, engine.targets, engine.vlms or engine.concepts; that module's Options say which other keys the
table may hold. Relative paths start from the file's folder; only `run.out` starts from the current directory.
"""

from __future__ import annotations

import difflib
import importlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeVar, cast

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from engine.errors import ConfigError
from engine.extras import missing
from engine.store.thumbnails import LONGEST_SIDE

Model = TypeVar("Model", bound=BaseModel)
Pooling = Literal["mean", "max", "cls"]
LEAVES = {"probing": "engine.probing", "target": "engine.targets", "vlm": "engine.vlms", "concepts": "engine.concepts"}
TABLES = ("run", *LEAVES)


class RunSettings(BaseModel, extra="forbid", frozen=True):
    """The [run] table."""

    out: Path
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    mixed_precision: bool = False
    batch_size: int = Field(default=32, ge=1, le=4096)
    alpha: float = Field(default=0.93, ge=0, le=1, allow_inf_nan=False)
    beta: float = Field(default=0.95, ge=0, le=1, allow_inf_nan=False)
    template: str = Field(default="A chest x-ray image of a", min_length=1)
    thumbnail_size: int = Field(default=LONGEST_SIDE, ge=160, le=1024)
    """Longest side of a stored thumbnail, in pixels."""


class TapSettings(BaseModel, extra="forbid", frozen=True):
    """The keys of [target] that every kind of target model has."""

    layers: tuple[str, ...] = Field(min_length=1)
    """Module names, globs, or the aliases of engine.targets.taps."""
    pooling: Pooling = "mean"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A chosen kind of probing set, target model, VLM or concept set, with its checked options."""

    kind: str
    module: ModuleType
    options: BaseModel

    def load(self, *arguments: Any) -> Any:
        """What the leaf's own `load(options, ...)` gives."""
        return self.module.load(self.options, *arguments)

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, **self.options.model_dump(mode="json")}


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
    concepts: Leaf

    def as_dict(self) -> dict[str, Any]:
        """Every key with its value, defaults included, as JSON types."""
        return {
            "run": self.run.model_dump(mode="json"),
            "probing": self.probing.as_dict(),
            "target": self.target.as_dict() | self.taps.model_dump(mode="json"),
            "vlm": self.vlm.as_dict(),
            "concepts": self.concepts.as_dict(),
        }


def load(path: Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Reads and checks a configuration; each override is `table.key=value`, the value in TOML or a bare word.

    Raises ConfigError naming the file, the key, the value, and the nearest key or kind that exists.
    """
    tables = _read(path)
    for override in overrides:
        _override(tables, override)
    return _Checker(path, tables, {override.partition("=")[0].strip() for override in overrides}).config()


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not text in UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}.") from None


def _override(tables: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    *parents, name = (part.strip() for part in key.split("."))
    if not equals or not parents or not name or not all(parents):
        raise ConfigError(f"--set {override}: write it as table.key=value, such as --set target.pooling=max.")
    table = tables
    for depth, parent in enumerate(parents, start=1):
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {override}: {'.'.join(parents[:depth])} is not a table.")
    table[name] = _toml_value(text.strip())


def _toml_value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return parsed["value"] if len(parsed) == 1 else text


class _Checker:
    """Turns tables into a RunConfig, and what is wrong with them into one ConfigError."""

    def __init__(self, path: Path, tables: dict[str, Any], overridden: set[str]) -> None:
        self.path = path
        self.tables = tables
        self.overridden = overridden
        self.keys: list[str] = []
        """Every key that this configuration may hold, dotted."""
        self.faults: list[tuple[str, ErrorDetails]] = []

    def config(self) -> RunConfig:
        for name in self.tables:
            if name not in TABLES and isinstance(self.tables[name], dict):
                close = difflib.get_close_matches(name, TABLES, n=1)
                hint = f"Did you mean [{close[0]}]?" if close else f"Tables: {', '.join(TABLES)}"
                raise self._error(f"[{name}]", f"is not a table of this configuration. {hint}")
        for name in TABLES:
            if not isinstance(self.tables.setdefault(name, {}), dict):
                raise self._error(name, f"must be a table: write [{name}]")
        unknown = [name for name in self.tables if name not in TABLES]
        modules = {name: self._module(name) for name in LEAVES}
        run = self._check("run", RunSettings, self.tables["run"])
        target, layers = self._split_target()
        taps = self._check("target", TapSettings, layers)
        tables = self.tables | {"target": target}
        options = {name: self._check(name, module.Options, tables[name]) for name, module in modules.items()}
        if unknown:
            raise self._unknown(unknown[0], self.tables[unknown[0]])
        if self.faults:
            raise self._fault(*self.faults[0])
        leaves = {
            name: Leaf(self.tables[name]["kind"], modules[name], checked)
            for name, checked in options.items()
            if checked
        }
        return RunConfig(
            path=self.path,
            base=self.path.absolute().parent,
            run=cast(RunSettings, run),
            taps=cast(TapSettings, taps),
            **leaves,
        )

    def _split_target(self) -> tuple[dict[str, Any], dict[str, Any]]:
        table = self.tables["target"]
        layers = {key: value for key, value in table.items() if key in TapSettings.model_fields}
        return {key: value for key, value in table.items() if key not in layers}, layers

    def _module(self, name: str) -> ModuleType:
        kinds: Mapping[str, str] = importlib.import_module(LEAVES[name]).KINDS
        known = ", ".join(sorted(kinds))
        kind = self.tables[name].get("kind")
        if kind is None:
            raise self._error(f"{name}.kind", f"is missing. Kinds: {known}")
        if not isinstance(kind, str) or kind not in kinds:
            close = difflib.get_close_matches(str(kind), kinds, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise self._error(f"{name}.kind", f"is not a kind: {hint}Kinds: {known}", kind)
        try:
            return importlib.import_module(kinds[kind])
        except ModuleNotFoundError as error:
            if error.name and error.name.split(".")[0] == "engine":
                raise
            raise self._error(f"{name}.kind", missing(error.name), kind) from None

    def _check(self, name: str, model: type[Model], table: Mapping[str, Any]) -> Model | None:
        """The table as the model, or None and its faults kept. Only a model with such a field sees the `kind`."""
        self.keys += _keys(name, model)
        values = {
            key: value for key, value in table.items() if key != "kind" or key in model.model_fields or name == "run"
        }
        try:
            return model.model_validate_json(json.dumps(values, default=str), strict=True)
        except ValidationError as error:
            self.faults += [(name, fault) for fault in error.errors(include_url=False)]
            return None

    def _fault(self, name: str, fault: ErrorDetails) -> ConfigError:
        key = ".".join([name, *map(str, fault["loc"])])
        if fault["type"] == "extra_forbidden":
            return self._unknown(key, fault["input"])
        if fault["type"] == "missing":
            return self._error(key, "is missing")
        return self._error(key, _wording(fault), fault["input"])

    def _unknown(self, key: str, value: Any) -> ConfigError:
        return self._error(key, f"is not a key of this configuration. {self._nearest(key)}", value)

    def _nearest(self, key: str) -> str:
        table, _, name = key.rpartition(".")
        keys = dict.fromkeys([*self.keys, *(f"{leaf}.kind" for leaf in LEAVES)])
        beside = [known.rpartition(".")[2] for known in keys if known.rpartition(".")[0] == table]
        close = [f"{table}.{match}" for match in difflib.get_close_matches(name, beside, n=1, cutoff=0.7)]
        elsewhere = [known for known in keys if known.rpartition(".")[2] == name]
        for match in close + elsewhere:
            return f"Did you mean {match}?"
        return f"Keys of [{table}]: {', '.join(beside)}" if beside else f"Tables: {', '.join(TABLES)}"

    def _error(self, key: str, wording: str, *value: Any) -> ConfigError:
        place = f"--set {key}" if key in self.overridden else f"{self.path}: {key}"
        shown = "".join(f" = {_shown(item)}" for item in value)
        return ConfigError(f"{place}{shown} {wording}{'' if wording.endswith('?') else '.'}")


def _keys(table: str, model: type[BaseModel]) -> Iterator[str]:
    """The dotted keys of a table, and of the tables inside it."""
    for name, field in model.model_fields.items():
        yield f"{table}.{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(f"{table}.{name}", field.annotation)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _wording(fault: ErrorDetails) -> str:
    context = fault.get("ctx", {})
    match fault["type"]:
        case "literal_error":
            return f"is not one of {context['expected']}"
        case "greater_than_equal" | "greater_than":
            return f"is too small: the least is {context.get('ge', context.get('gt'))}"
        case "less_than_equal" | "less_than":
            return f"is too large: the most is {context.get('le', context.get('lt'))}"
        case "int_type" | "int_from_float":
            return "is not a whole number"
        case "float_type" | "finite_number":
            return "is not a number"
        case "bool_type":
            return "is neither true nor false"
        case "string_type" | "path_type":
            return "is not text in quotes"
        case "list_type" | "tuple_type":
            return 'is not a list: write ["…", "…"]'
        case "too_short" | "string_too_short":
            return "is empty"
        case _:
            return f"is not right: {fault['msg'].removeprefix('Value error, ')}"
