"""The [limits] table, checked: the fields of engine.limits.Limits, which imports nothing that takes long."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_type_hints

from pydantic import BaseModel, Field, create_model

from engine.limits import Limits

_TYPES = get_type_hints(Limits)
_FIELDS: dict[str, Any] = {
    each.name: (_TYPES[each.name], Field(each.default, **each.metadata)) for each in fields(Limits)
}


class _Table(BaseModel, extra="forbid", frozen=True):
    """What every table of a configuration is."""


LimitSettings: type[BaseModel] = create_model("LimitSettings", __base__=_Table, **_FIELDS)
"""The model of the [limits] table"""
