"""Which ranking of concepts and which choice of images name neurons best, over classifiers, populations, concept sets.

python -m tests.benchmarks.words --out DIR [--quick] [--seeds 2101 2102]

It trains three small classifiers on phantom films unless DIR has them, explains each on fresh populations, and counts
how often the best word names what a hidden unit follows. Intervals are over populations. DIR keeps everything.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.words.classifiers import ARCHITECTURES
from tests.benchmarks.words.study import QUICK, Plan, study


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.words",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for weights, runs and tables")
    parser.add_argument("--quick", action="store_true", help="few films, briefly trained: shows that it runs, no more")
    parser.add_argument("--seeds", type=int, nargs="+", help="populations (default: the test's, 3001 to 3005)")
    parser.add_argument("--films", type=int, help="films of each population (default: 1,200)")
    parser.add_argument("--classifiers", nargs="+", choices=tuple(ARCHITECTURES), help="default: all")
    parser.add_argument("--without-maps", action="store_true", help="leave out Network Dissection and TSI")
    parser.add_argument("--shared", type=Path, help="the project's shared material, for the real films")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)")
    given = parser.parse_args()
    plan = QUICK if given.quick else Plan()
    study(
        replace(
            plan,
            seeds=tuple(given.seeds or plan.seeds),
            films=given.films or plan.films,
            classifiers=tuple(given.classifiers or plan.classifiers),
            mapped=plan.mapped and not given.without_maps,
            shared=given.shared,
        ),
        given.out,
        given.workers,
    )


if __name__ == "__main__":
    main()
