"""Every figure in one go: each file in turn, each step in a process of its own, so that its peak memory is its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.explorer import FIRST_FRAME_S, MEMORY_MB
from tests.support.measuring import Report, Row

STEPS_SEEN = 200
"""Neurons that the explorer goes through"""


@dataclass(frozen=True, slots=True)
class Step:
    """A file to make, and the areas to measure on it."""

    name: str
    made: tuple[str, ...]
    areas: tuple[str, ...]
    measured: tuple[str, ...] = ()
    explorer: bool = False
    """Whether the explorer itself is started over it"""


STEPS = (
    Step("nih", ("--without-decisions",), ("opening", "slider", "evidence"), explorer=True),
    Step("gaussian", ("--without-decisions", "--activations", "gaussian"), ("slider",), ("--activations", "gaussian")),
    Step("concepts", ("--without-decisions", "--images", "10000", "--concepts", "80000"), ("slider",)),
    Step("decisions", ("--images", "30000", "--units", "256"), ("decisions",)),
    Step("units", ("--images", "2000", "--units", "5616", "--before", *["4096"] * 4), ("panes",)),
)


def whole(folder: Path, names: Sequence[str] = ()) -> Report:
    """Makes and measures each file, or those named, removes it, and returns all rows, each named after its file."""
    report = Report()
    for step in STEPS:
        if names and step.name not in names:
            continue
        path = folder / f"{step.name}.duckdb"
        try:
            report.rows += _run(step.name, "make", path, *step.made)
            report.rows += _run(step.name, "measure", path, "--only", *step.areas, *step.measured)
            report.rows += _explorer(path) if step.explorer else []
        finally:
            path.unlink(missing_ok=True)
    return report


def _explorer(path: Path) -> list[Row]:
    kept = path.with_suffix(".explorer.json")
    subprocess.run([sys.executable, "-m", "tests.benchmarks.explorer", str(path), "--json", str(kept)], check=True)
    found = json.loads(kept.read_text())
    kept.unlink()
    bounds = {"first frame, s": FIRST_FRAME_S, f"after {STEPS_SEEN} neurons, MB": MEMORY_MB}
    figures = [(name, value) for name, value in found.items() if name != "run"]
    return [
        Row(f"explorer: {what}", value, unit, bound=bounds.get(f"{what}, {unit}"))
        for what, unit, value in ((*name.rsplit(", ", 1), value) for name, value in figures)
    ]


def _run(name: str, command: str, path: Path, *arguments: str) -> list[Row]:
    print(f"== {name}: {command}", flush=True)
    kept = path.with_suffix(f".{command}.json")
    command_line = [sys.executable, "-m", "tests.benchmarks.nih_scale", command, str(path), *arguments]
    subprocess.run([*command_line, "--json", str(kept)], check=True)
    rows = [Row(**{**row, "what": f"{name}: {row['what']}"}) for row in json.loads(kept.read_text())]
    kept.unlink()
    return rows
