"""A run with something for every view of the explorer."""

from __future__ import annotations

from pathlib import Path

from tests.support.attributed import attributed_run
from tests.support.decisions import add_maps
from tests.support.runs import small_run

OTHER = "other.duckdb"
"""Another run beside it, to compare it with"""


def every_view_run(folder: Path, *, hostile: bool = True, images: int = 120, units: tuple[int, ...] = (8, 14)) -> Path:
    """A run with hostile names, two concept sets, methods, decisions, maps and attributes; another run lies beside."""
    small_run(folder, images=images, units=units, seed=1, hostile=hostile).rename(folder / OTHER)
    path = attributed_run(
        folder,
        images,
        hostile=hostile,
        units=units,
        sets=2,
        other_templates=2,
        captions=6,
        methods={"www": {"count": 20}, "netdissect": {}},
    )
    add_maps(path)
    return path
