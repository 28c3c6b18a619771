"""The explorer over a run file, in a real pseudo-terminal: its time to the first frame, and its memory over 200 steps.

python -m tests.benchmarks.explorer RUN.duckdb [--repeats N] [--steps N] [--columns C] [--rows R] [--json FILE]

Beside each: importing Textual alone, in turns with it. CPU counts all threads of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.support.terminal import Terminal, mammi

FIRST_FRAME_S, MEMORY_MB = 0.7, 450.0
"""Bounds"""
TICKS = os.sysconf("SC_CLK_TCK")
MARKS = 5
"""Times that the memory is looked at on the way"""
Figures = dict[str, float]


def resident_mb(pid: int, field: str) -> float:
    """VmRSS or VmHWM (the peak) of a process, in MB (1e6 bytes)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / 1e6
    return float("nan")


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def floor() -> Figures:
    """A process that imports Textual and ends."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import textual.app, textual.widgets"], check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"importing Textual, s": wall, "importing Textual, CPU s": cpu}


def visit(run: Path, columns: int, rows: int, steps: int) -> Figures:
    """Opens the explorer once, goes through `steps` neurons, moves α, and quits."""
    start = time.perf_counter()
    with Terminal(mammi("open", "--fresh", str(run)), columns=columns, rows=rows) as terminal:
        pid = terminal.process.pid
        while not all(sign.encode() in terminal.received for sign in "αβ"):
            terminal.pump(0.005)
        figures = {"first frame, s": time.perf_counter() - start, "first frame, CPU s": cpu_s(pid)}
        terminal.wait_for("τ")
        _settle(terminal, 3.0)
        figures["at the start, MB"] = resident_mb(pid, "VmRSS")
        for mark in range(1, MARKS + 1):
            for _ in range(steps // MARKS):
                terminal.send("j")
                terminal.pump(0.02)
            _settle(terminal, 1.0)
            figures[f"after {mark * (steps // MARKS)} neurons, MB"] = resident_mb(pid, "VmRSS")
        for key in "]" * 5 + "[" * 5:
            terminal.send(key)
            terminal.pump(0.05)
        _settle(terminal, 1.0)
        figures["peak, MB"] = resident_mb(pid, "VmHWM")
        start = time.perf_counter()
        terminal.send("q")
        terminal.wait_for_end()
        figures["quitting, s"] = time.perf_counter() - start
        return figures


def _settle(terminal: Terminal, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        terminal.pump(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--columns", type=int, default=160)
    parser.add_argument("--rows", type=int, default=48)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    turns = [
        floor() | visit(options.run, options.columns, options.rows, options.steps if not turn else 0)
        for turn in range(options.repeats)
    ]
    found: Figures = {}
    print(f"{options.run.name}: {options.repeats} visits at {options.columns}×{options.rows}")
    for name in turns[0]:
        values = sorted(turn[name] for turn in turns if name in turn)
        found[name] = statistics.median(values if "neurons" not in name else [turns[0][name]])
        print(f"  {name:26} median {found[name]:8.2f}   min {values[0]:8.2f}   max {values[-1]:8.2f}")
    found["peak, MB"] = turns[0]["peak, MB"]
    for part in ("s", "CPU s"):
        ratio = found[f"first frame, {part}"] / found[f"importing Textual, {part}"]
        print(f"  first frame / importing Textual, {part}: {ratio:.1f}")
    print(f"  of bound: first frame {found['first frame, s'] / FIRST_FRAME_S:.2f}, "
          f"memory {found['peak, MB'] / MEMORY_MB:.2f}")  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps({"run": options.run.name, **found}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
