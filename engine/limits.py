"""How much one input may take: a file that is damaged or hostile ends with an error, not with the machine.

Each reader asks `limits()` for its budget, and names the key that raises it where the budget is used up.
"""

from __future__ import annotations

import os
import re
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from engine.errors import ConfigError

VARIABLE = "MAMMI_LIMITS"
"""The environment variable for what reads no configuration, such as `mammi concepts`: "rows=5000000,text_mb=1024" """


class Limits(BaseModel, extra="forbid", frozen=True):
    """The [limits] table. It changes no result."""

    text_mb: int = Field(default=200, ge=1)
    """MB of one text file, unpacked"""
    report_mb: int = Field(default=1, ge=1)
    """MB of one report, and of an XML file of one"""
    config_kb: int = Field(default=256, ge=1)
    """KB of a TOML file"""
    rows: int = Field(default=2_000_000, ge=1)
    """Rows of one table, lines of one list. A text may have eight lines for each, and JSON six values."""
    depth: int = Field(default=64, ge=1, le=500)
    """How deep JSON, XML and TOML may be nested"""
    seconds_per_mb: float = Field(default=10, gt=0, allow_inf_nan=False)
    """Seconds of CPU for each MB of a text file, unpacked, and for its first"""
    film_seconds: float = Field(default=30, gt=0, allow_inf_nan=False)
    """Seconds of processor time in which one film is decoded"""
    film_mb: int = Field(default=2048, ge=256)
    """MB of memory in which it is decoded, where its format can take more than its pixels do"""
    weights_seconds: float = Field(default=60, gt=0, allow_inf_nan=False)
    """Seconds in which the tensors of a file of weights that is no safetensors are listed"""
    weights_mb: int = Field(default=2048, ge=64)
    """MB of memory in which they are listed; their numbers take their own"""


_WRITTEN = re.compile(r"limits\.(\w+) = ([\de+-]+(?:\.\d[\de+-]*)?)")
_held: Limits | None = None
"""Those of the configuration that was loaded last"""


def limits() -> Limits:
    """Those that hold in this process: the configuration's, where it is silent the environment's, else the defaults.

    Raises ConfigError for a faulty environment variable.
    """
    held = _held or Limits()
    said = os.environ.get(VARIABLE, "")
    return _beside(said, held) if said else held


def hold(new: Limits) -> None:
    """From now on these hold in this process: those of the configuration that was loaded last."""
    global _held
    _held = new


def named(key: str) -> str:
    """How a message names a limit and its value: `limits.rows = 2000000`; with the variable where there is no
    configuration."""
    here = _written(key)
    return here if _held else f'{here}, here by {VARIABLE}="{key}=…"'


def another_held(reason: str) -> bool:
    """Whether a reason names a limit with another value than it has now: what it ended may succeed."""
    found = _WRITTEN.search(reason)
    return found is not None and found[1] in Limits.model_fields and found[0] != _written(found[1])


def _written(key: str) -> str:
    value = getattr(limits(), key)
    return f"limits.{key} = {value if isinstance(value, int) else f'{value:g}'}"


def _beside(said: str, held: Limits) -> Limits:
    """The environment's limits, and those that a configuration sets in their place."""
    parts = (part.partition("=") for part in said.split(","))
    given: dict[str, Any] = {name.strip(): value.strip() for name, _, value in parts}
    try:
        return Limits.model_validate(given | held.model_dump(exclude_unset=True))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        key = ".".join(map(str, fault["loc"]))
        raise ConfigError(
            f'{VARIABLE}: {key[:80]!r} is not right: {fault["msg"]}. Write it as "rows=5000000,text_mb=1024"; its '
            f"keys: {', '.join(Limits.model_fields)}."
        ) from None
