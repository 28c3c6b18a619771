"""Faults of a configuration, each reported in one line: file, key, value, and the nearest key that exists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.errors import ConfigError
from engine.likeness import closest
from engine.probing.remote.options import SECRETS
from engine.text_files import short

Model = TypeVar("Model", bound=BaseModel)
MOVED = {("vlm", "parity"): "run.parity, which holds for every VLM"}
"""Table and key, as earlier versions took them -> where the key is now"""


class Faults:
    """Checks tables against models and collects the faults until `raise_first`."""

    def __init__(self, path: Path, tables: Iterable[str], overridden: Iterable[str]) -> None:
        self._path = path
        self._tables = ", ".join(tables)
        self._overridden = set(overridden)
        self._keys: dict[str, None] = {}
        """Every key that this configuration may hold, dotted, in order"""
        self._found: list[tuple[str, ErrorDetails]] = []

    def may_hold(self, *keys: str) -> None:
        """Adds keys that are allowed beside those of the models."""
        self._keys |= dict.fromkeys(keys)

    def check(self, table: str, model: type[Model], values: Mapping[str, Any]) -> Model | None:
        """The values as the model; None if they have faults, which are collected."""
        self.may_hold(*_keys(table, model))
        try:
            return model.model_validate_json(json.dumps(values, default=str), strict=True)
        except ValidationError as error:
            self._found += [(table, fault) for fault in error.errors(include_url=False)]
            return None

    def raise_first(self) -> None:
        """Raises ConfigError for the first fault, if there is one."""
        if not self._found:
            return
        table, fault = self._found[0]
        key = ".".join([table, *map(str, fault["loc"])])
        if fault["type"] == "extra_forbidden":
            raise self.unknown(key, fault["input"])
        if fault["type"] == "missing":
            raise self.error(key, "is missing")
        raise self.error(key, _wording(fault), fault["input"])

    def unknown(self, key: str, value: Any) -> ConfigError:
        table, _, name = key.rpartition(".")
        moved = MOVED.get((table.partition(".")[0], name))
        if moved:
            return self.error(key, f"is a key of another table: write it as {moved}", value)
        return self.error(key, f"is not a key of this configuration. {self._nearest(key)}", value)

    def error(self, key: str, wording: str, *value: Any) -> ConfigError:
        """The error `file: key = value wording.`, which names --set in place of the file if that gave the key."""
        table = f"{key.strip('[]')}." if key.startswith("[") else None
        given = any(each == key or (table and each.startswith(table)) for each in self._overridden)
        place = f"--set {short(key)}" if given else f"{self._path}: {short(key)}"
        secret = key.rpartition(".")[2].lower() in SECRETS
        shown = "".join(f" = {_shown(item)}" for item in value if not secret)
        return ConfigError(f"{place}{shown} {wording}{'' if wording.endswith('?') else '.'}")

    def _nearest(self, key: str) -> str:
        table, _, name = key.rpartition(".")
        beside = [each.rpartition(".")[2] for each in self._keys if each.rpartition(".")[0] == table]
        close = [f"{table}.{match}" for match in closest(name, beside, n=1, cutoff=0.7)]
        elsewhere = [each for each in self._keys if each.rpartition(".")[2] == name]
        for match in close + elsewhere:
            return f"Did you mean {match}?"
        return f"Keys of [{table}]: {', '.join(beside)}" if beside else f"Tables: {self._tables}"


_LONGEST = 600
"""Characters of a reason"""


def _keys(table: str, model: type[BaseModel]) -> Iterator[str]:
    """The dotted keys of a table, and of the tables inside it."""
    for name, field in model.model_fields.items():
        yield f"{table}.{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(f"{table}.{name}", field.annotation)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        value = {name: "…" if name.lower() in SECRETS else each for name, each in value.items()}
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _wording(fault: ErrorDetails) -> str:
    context = fault.get("ctx", {})
    match fault["type"]:
        case "literal_error":
            return f"is not one of {context['expected']}"
        case "greater_than_equal":
            return f"is too small: the least is {context['ge']}"
        case "greater_than":
            return f"is too small: it must be above {context['gt']}"
        case "less_than_equal":
            return f"is too large: the most is {context['le']}"
        case "less_than":
            return f"is too large: it must be below {context['lt']}"
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
        case "model_type" | "dict_type":
            return "is not a table"
        case "too_short" | "string_too_short":
            return "is empty"
        case _:
            return f"is not right: {fault['msg'].removeprefix('Value error, ')[:_LONGEST]}"
