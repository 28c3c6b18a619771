"""How much one input may take: a file that is damaged or hostile ends with an error, not with the machine.

Each reader asks `limits()` for its budget, and names the key that raises it where the budget is used up.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from engine.errors import ConfigError

VARIABLE = "MAMMI_LIMITS"
"""The environment variable for what reads no configuration, such as `mammi concepts`: "rows=5000000,text_mb=1024" """


def _from(least: int, default: int, most: int | None = None) -> Any:
    """A whole number that is no smaller than the least, and no larger than the most."""
    return field(default=default, metadata={"ge": least, **({} if most is None else {"le": most})})


def _above_zero(default: float) -> Any:
    return field(default=default, metadata={"gt": 0, "allow_inf_nan": False})


@dataclass(frozen=True, slots=True)
class Limits:
    """The [limits] table. It changes no result. The metadata of a field are arguments of pydantic.Field."""

    text_mb: int = _from(1, 200)
    """MB of one text file, unpacked"""
    report_mb: int = _from(1, 1)
    """MB of one report, and of an XML file of one"""
    config_kb: int = _from(1, 256)
    """KB of a TOML file"""
    rows: int = _from(1, 2_000_000)
    """Rows of one table, lines of one list. A text may have eight lines for each, and JSON six values."""
    depth: int = _from(1, 64, 500)
    """How deep JSON, XML and TOML may be nested"""
    seconds_per_mb: float = _above_zero(10)
    """Seconds of CPU for each MB of a text file, unpacked, and for its first"""
    film_seconds: float = _above_zero(30)
    """Seconds of processor time in which one film is decoded"""
    film_mb: int = _from(256, 2048)
    """MB of memory in which it is decoded, where its format can take more than its pixels do"""
    arrays_mb: int = _from(1, 2048)
    """MB of one array of embeddings: of an .npy or .npz file, or a column of Parquet"""
    weights_seconds: float = _above_zero(60)
    """Seconds in which the tensors of a file of weights that is no safetensors are listed"""
    weights_mb: int = _from(64, 2048)
    """MB of memory in which they are listed; their numbers take their own"""


KEYS = tuple(each.name for each in fields(Limits))
_WRITTEN = re.compile(r"limits\.(\w+) = ([\de+-]+(?:\.\d[\de+-]*)?)")
_held: Mapping[str, Any] | None = None
"""What the configuration that was loaded last says of them"""


def limits() -> Limits:
    """Those that hold in this process: the configuration's, where it is silent the environment's, else the defaults.

    Raises ConfigError for a faulty environment variable.
    """
    return _made(os.environ.get(VARIABLE, ""), tuple((_held or {}).items()))


@lru_cache(maxsize=16)
def _made(said: str, held: tuple[tuple[str, Any], ...]) -> Limits:
    """Kept, as it is asked for with each line of a file that may have millions."""
    return Limits(**((_of_environment(said) if said else {}) | dict(held)))


def hold(**given: Any) -> None:
    """From now on these hold in this process: what a configuration gives of [limits], checked."""
    global _held
    _held = given


def named(key: str) -> str:
    """How a message names a limit and its value: `limits.rows = 2000000`; with the variable where there is no
    configuration."""
    here = _written(key)
    return here if _held is not None else f'{here}, here by {VARIABLE}="{key}=…"'


def another_held(reason: str) -> bool:
    """Whether a reason names a limit with another value than it has now: what it ended may succeed."""
    found = _WRITTEN.search(reason)
    return found is not None and found[1] in KEYS and found[0] != _written(found[1])


def _written(key: str) -> str:
    value = getattr(limits(), key)
    return f"limits.{key} = {value if isinstance(value, int) else f'{value:g}'}"


def _of_environment(said: str) -> dict[str, Any]:
    """What the environment variable gives. Raises ConfigError for a faulty one."""
    return dict(_pair(*part.partition("=")[::2]) for part in said.split(","))


def _pair(name: str, text: str) -> tuple[str, int | float]:
    """A limit and its value."""
    key = name.strip()
    limit = next((each for each in fields(Limits) if each.name == key), None)
    if limit is None:
        raise _fault(key, "there is no such limit")
    whole = "gt" not in limit.metadata
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        raise _fault(key, f"{text.strip()[:80]!r} is no {'whole ' * whole}number") from None
    if not limit.metadata.get("ge", 0) <= value <= limit.metadata.get("le", math.inf) or not math.isfinite(value):
        raise _fault(key, f"{value:g} is too small or too large")
    if value <= limit.metadata.get("gt", -1):
        raise _fault(key, f"{value:g} is too small")
    return key, value


def _fault(key: str, why: str) -> ConfigError:
    return ConfigError(
        f'{VARIABLE}: {key[:80]!r} is not right: {why}. Write it as "rows=5000000,text_mb=1024"; its keys: '
        f"{', '.join(KEYS)}."
    )
