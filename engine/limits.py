"""How much one input may take: a file that is damaged or hostile ends with an error, not with the machine.

Each reader asks `limits()` for its budget, and names the key that raises it where the budget is used up.
"""

from __future__ import annotations

import re

from pydantic import BaseModel, Field


class Limits(BaseModel, extra="forbid", frozen=True):
    """The [limits] table. It changes no result."""

    text_mb: int = Field(default=1024, ge=1)
    """MB of one text file, unpacked"""
    rows: int = Field(default=20_000_000, ge=1)
    """Rows of one table"""
    depth: int = Field(default=64, ge=1, le=500)
    """How deep JSON, XML and TOML may be nested"""
    seconds_per_mb: float = Field(default=10, gt=0, allow_inf_nan=False)
    """Seconds for each MB of a text file, unpacked, and for its first"""
    film_seconds: float = Field(default=30, gt=0, allow_inf_nan=False)
    """Seconds of processor time in which one film is decoded"""
    film_mb: int = Field(default=2048, ge=256)
    """MB of memory in which it is decoded, where its format can take more than its pixels do"""
    weights_seconds: float = Field(default=600, gt=0, allow_inf_nan=False)
    """Seconds in which a file of weights that is no safetensors is read"""
    weights_mb: int = Field(default=16_384, ge=1)
    """MB of memory in which it is read"""


_NAMED = re.compile(r"limits\.(\w+) = [\w.+-]+")
_limits = Limits()


def limits() -> Limits:
    """Those that hold in this process."""
    return _limits


def hold(new: Limits) -> None:
    """From now on these hold in this process: those of the configuration that was loaded last."""
    global _limits
    _limits = new


def named(key: str) -> str:
    """How a message names a limit and its value: `limits.rows = 20000000`."""
    return f"limits.{key} = {getattr(_limits, key):g}"


def another_held(reason: str) -> bool:
    """Whether a reason names a limit (`named`) with another value than it has now: what it ended may succeed."""
    found = _NAMED.search(reason)
    return found is not None and found[1] in Limits.model_fields and found[0] != named(found[1])
