"""How each cost grows with the number of films: slopes of log cost over log films."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from tests.benchmarks.nih_scale.make import make
from tests.support.measuring import Report
from tests.support.nih_run import Size

FILMS = (10_000, 30_000, 112_120, 400_000)


def slopes(folder: Path, units: int, measure_file, films: tuple[int, ...] = FILMS) -> Report:  # type: ignore[no-untyped-def]
    """Makes and measures a run file of each size, one at a time, and prints the slope of each figure."""
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    whole = Report()
    for count in films:
        print(f"-- {count:,} films × {units} units", flush=True)
        path = folder / f"{count}.duckdb"
        report = Report()
        try:
            make(path, Size(count, units, 512, 1361), "relu", False, report)
            measure_file(path, report)
        finally:
            path.unlink(missing_ok=True)
        for row in report.rows:
            found[row.what].append((count, row.value if row.cpu is None else row.cpu))
    print("-- slopes of log cost (CPU time where it is time) over log films")
    for what, points in found.items():
        counts, values = np.array(points).T
        if len(points) == len(films) and (values > 0).all():
            slope = float(np.polyfit(np.log(counts), np.log(values), 1)[0])
            last = (
                float(np.log(values[-1] / values[-2]) / np.log(counts[-1] / counts[-2])) if len(points) > 1 else slope
            )
            whole.figure(f"{what}: slope; of the last step {last:.2f}", slope, "")
    return whole
