"""`mammi audit RUN.duckdb`: which classes and units follow an attribute of the images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import MammiError


def audit_run(run: Path, *, attributes: Sequence[str], classes: Sequence[str], as_json: bool, fail: bool) -> int:
    """Prints the audit of a run file, and returns the exit status: 1 where a class reads an attribute and `fail`."""
    raise MammiError(f"{run}: runs cannot be audited yet ({attributes}, {classes}, {as_json}, {fail}).")
