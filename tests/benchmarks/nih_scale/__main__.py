"""A run file at the size of NIH ChestX-ray14: what it costs to write it, and how fast it answers.

python -m tests.benchmarks.nih_scale make FILE.duckdb [--images 112120 --units 1024 --activations relu|gaussian]
    [--without-decisions]
python -m tests.benchmarks.nih_scale measure FILE.duckdb [--only slider evidence]
python -m tests.benchmarks.nih_scale slopes FOLDER [--units 64]
python -m tests.benchmarks.nih_scale whole FOLDER

Each figure stands beside its bound and beside a floor that is measured in the same run. --json FILE keeps them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.requery import Requery
from engine.store.reader import RunReader
from tests.benchmarks.nih_scale import decisions, evidence, floors, opening, panes, slider, sums
from tests.benchmarks.nih_scale.make import NIH, make
from tests.benchmarks.nih_scale.slopes import slopes
from tests.benchmarks.nih_scale.whole import STEPS, whole
from tests.support.measuring import Report, peak_megabytes
from tests.support.nih_run import Size

AREAS = ("opening", "slider", "sums", "decisions", "evidence", "panes")
OF_ONE = AREAS[:-1]
"""Those that a file of one layer is measured by"""


def measure(path: Path, report: Report, areas: tuple[str, ...] = OF_ONE, gaussian: bool = False) -> None:
    """Prints every figure of these areas."""
    with RunReader(path) as reader:
        requery = Requery(reader)
        report.figure("file", path.stat().st_size / 1e6, "MB")
        sizes = reader.layers[0].units, reader.image_count, reader.info.dimension, len(reader.concepts)
        if "opening" in areas:
            opening.measure(report, reader, requery)
        requery.warm()
        if "slider" in areas:
            slider.measure(report, reader, requery, floors.measure(report, *sizes), gaussian)
        if "sums" in areas:
            sums.measure(report, reader, requery)
        if "decisions" in areas:
            decisions.measure(report, reader, requery)
        if "evidence" in areas:
            evidence.measure(report, reader, requery)
        if "panes" in areas:
            panes.measure(report, reader)
    report.figure("peak memory of this process", peak_megabytes(), "MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["make", "measure", "slopes", "whole"])
    parser.add_argument("path", type=Path)
    parser.add_argument("--images", type=int, default=NIH.images)
    parser.add_argument("--units", type=int, default=None, help="1,024; for slopes 64")
    parser.add_argument("--before", type=int, nargs="*", default=[], help="units of the layers before the last one")
    parser.add_argument("--dimension", type=int, default=NIH.dimension)
    parser.add_argument("--concepts", type=int, default=NIH.concepts)
    parser.add_argument("--activations", choices=["relu", "gaussian"], default="relu")
    parser.add_argument("--without-decisions", action="store_true", help="as with [keep] films = false, maps = false")
    parser.add_argument("--only", nargs="+", choices=AREAS, default=OF_ONE)
    parser.add_argument("--files", nargs="+", choices=[step.name for step in STEPS], default=[], help="for whole")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    report = Report()
    if options.command == "measure":
        measure(options.path, report, tuple(options.only), options.activations == "gaussian")
    elif options.command == "make":
        units, before = options.units or NIH.units, tuple(options.before)
        size = Size(options.images, units, options.dimension, options.concepts, before)
        make(options.path, size, options.activations, not options.without_decisions, report)
    elif options.command == "whole":
        report = whole(options.path, options.files)
    else:
        report = slopes(options.path, options.units or 64, lambda path, rows: measure(path, rows, tuple(options.only)))
    if options.json:
        report.write(options.json)
    if report.missed:
        print(f"missed: {'; '.join(report.missed)}")


if __name__ == "__main__":
    main()
