"""The orders of the films that a search finds."""

from __future__ import annotations

from typing import Literal

Order = Literal["fitting", "run", "output", "sure"]
"""`fitting` is by sureness where the search asks what is wrong, by output where it names one, else as in the run"""
