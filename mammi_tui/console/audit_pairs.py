"""`mammi audit CONFIG.toml --pairs`: what changes where films differ in one thing alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import MammiError


def audit_pairs(
    config: Path,
    pairs: str,
    *,
    count: int,
    seed: int,
    overrides: Sequence[str],
    output: Path | None,
    as_json: bool,
    force: bool,
) -> None:
    """Prints what changes between the films of pairs."""
    raise MammiError(
        f"{config}: pairs cannot be made yet ({pairs} {count} {seed} {overrides} {output} {as_json} {force})."
    )
