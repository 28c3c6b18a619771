"""Peak memory of a run over 300 films and over 3,000: it is to be the same, as activations leave memory as they come.

python -m tests.benchmarks.image_memory [--films N; the fewer] [--times N] [--side PIXELS]

The models are tiny, so that what the films leave behind shows: 1,000 films of 512 pixels come to 262 MB decoded, and to
4 GB as inputs of 224 pixels in three channels for two models. Each run is a process of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from engine.config.settings import load_config
from engine.progress import Silent
from engine.run.pipeline import run
from tests.support.measuring import peak_megabytes
from tests.support.models import tiny_project, write_film

MOST = 1.1
"""The bound of the larger peak, as a multiple of the smaller"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=300)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--project", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.project:
        run(load_config(given.project, ["run.batch_size=32", "run.device=cpu"]), Silent())
        print(peak_megabytes())
        return 0
    peaks = [peak(films, given.side) for films in (given.films, given.films * given.times)]
    ratio = peaks[1] / peaks[0]
    print(
        f"peak memory: {peaks[0]:.0f} MB over {given.films} films, {peaks[1]:.0f} MB over {given.films * given.times}; "
        f"{ratio:.3f} × of {MOST} for {given.times} × as many films"
    )
    return int(ratio > MOST)


def peak(films: int, side: int) -> float:
    """Peak memory of a run in a process of its own, in MB."""
    with tempfile.TemporaryDirectory() as scratch:
        project = tiny_project(Path(scratch), films=1)
        for seed in range(films):
            write_film(project.parent / "films" / f"{seed:05}.png", seed=seed, side=side)
        command = [sys.executable, "-m", "tests.benchmarks.image_memory", "--project", str(project)]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


if __name__ == "__main__":
    sys.exit(main())
