"""Values of Parquet as cells of a table."""

from __future__ import annotations

import json
import math
from typing import Any

ROW = "row"
"""The column of a row's own name, where films are held in the file"""


def cell(value: Any) -> str:
    """A value as text: "" for none, 1 or 0 for truths, a list as JSON writes it, 61 for 61.0."""
    if value is None or isinstance(value, (bytes, dict)):
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.0f}" if value.is_integer() else repr(value)
    if isinstance(value, list):
        return json.dumps([text for item in value if (text := cell(item))], ensure_ascii=False) if value else ""
    return str(value)
