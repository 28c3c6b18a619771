"""The explorer's time to its first frame and its memory, on any run file, in a real pseudo-terminal.

python -m tests.benchmarks.explorer RUN.duckdb [--repeats N] [--columns C] [--rows R]
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from tests.support.terminal import Terminal, mammi

FIRST_FRAME_BUDGET_S = 1.0
MEMORY_BUDGET_MB = 500.0


def resident_mb(pid: int, field: str) -> float:
    """VmRSS or VmHWM (the peak) of a process, in MB (1e6 bytes)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / 1e6
    return float("nan")


def visit(run: Path, columns: int, rows: int) -> dict[str, float]:
    """Opens the explorer once, moves about, and closes it. Returns each figure by its name and unit."""
    start = time.perf_counter()
    with Terminal(mammi("open", str(run)), columns=columns, rows=rows) as terminal:
        terminal.wait_for(lambda screen: "α" in screen and "β" in screen)
        first_frame = time.perf_counter() - start
        terminal.wait_for("τ")
        answered = time.perf_counter() - start
        first_bytes = len(terminal.received)
        for key in "j" * 20 + "]" * 5 + "[" * 5:
            terminal.send(key)
            terminal.pump(0.05)
        settled = time.monotonic() + 2.0
        while time.monotonic() < settled:
            terminal.pump(0.1)
        figures = {
            "first frame, s": first_frame,
            "first answer, s": answered,
            "first screen, kB": first_bytes / 1e3,
            "30 keys, kB": (len(terminal.received) - first_bytes) / 1e3,
            "resident, MB": resident_mb(terminal.process.pid, "VmRSS"),
            "peak, MB": resident_mb(terminal.process.pid, "VmHWM"),
        }
        terminal.send("q")
        terminal.wait_for_end()
        return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--columns", type=int, default=160)
    parser.add_argument("--rows", type=int, default=48)
    arguments = parser.parse_args()
    visits = [visit(arguments.run, arguments.columns, arguments.rows) for _ in range(arguments.repeats)]
    print(f"{arguments.run.name}: {arguments.repeats} visits at {arguments.columns}×{arguments.rows}")
    for name in visits[0]:
        values = sorted(v[name] for v in visits)
        print(f"  {name:18} median {statistics.median(values):8.2f}   min {values[0]:8.2f}   max {values[-1]:8.2f}")
    first = statistics.median(v["first frame, s"] for v in visits)
    peak = statistics.median(v["peak, MB"] for v in visits)
    print(f"  of budget: first frame {first / FIRST_FRAME_BUDGET_S:.2f}, memory {peak / MEMORY_BUDGET_MB:.2f}")


if __name__ == "__main__":
    main()
