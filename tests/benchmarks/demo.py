"""Wall time from `mammi demo` to a usable explorer, and what its stages took.

python -m tests.benchmarks.demo [--repeats N]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from tests.support.terminal import Terminal, mammi

BUDGET_S = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1)
    repeats: int = parser.parse_args().repeats
    totals = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            with Terminal(mammi("demo", "--out", folder), columns=160, rows=48) as terminal:
                terminal.wait_for(lambda screen: "α" in screen and "τ" in screen, seconds=600)
                totals.append(time.perf_counter() - start)
            size = sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6
    print(f"mammi demo to a usable explorer: median {statistics.median(totals):.1f} s of {BUDGET_S:.0f} s")
    print(f"  (all: {', '.join(f'{t:.1f}' for t in totals)}; folder {size:.1f} MB)")
    with tempfile.TemporaryDirectory() as folder:
        print("stages, as `mammi demo --no-open` prints them:")
        done = subprocess.run(mammi("demo", "--no-open", "--out", folder), capture_output=True, text=True, check=True)
        print(done.stderr or done.stdout)


if __name__ == "__main__":
    main()
