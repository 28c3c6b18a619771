"""What a key costs in the explorer, on any run file, in a real pseudo-terminal: CPU, time to the screen, layout passes.

python -m tests.benchmarks.keys RUN.duckdb [--count N] [--columns C] [--rows R] [--start LAYER:UNIT] [--only …] [--json]

Every figure is about one key. CPU is that of the whole process until it rests, evidence on other threads included; the
times run from the key to the last change of the words and films, and to the last change of anything.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import shutil
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyte

from engine.store.reader import RunReader
from tests.support.counted import NAMES, Counts
from tests.support.terminal import Terminal, mammi

STILL = 0.4
"""Seconds without output, and nearly without CPU, after which the explorer rests"""
IDLE_CPU = 0.01
HELD = 1 / 30
"""Seconds between keys while one is held down"""
FIRST_FRAME_GOAL_S = 0.7
WORDS_GOAL_S, ALL_GOAL_S = 0.05, 0.2


@dataclass(frozen=True, slots=True)
class Trial:
    """Keys pressed one after the other."""

    name: str
    key: str
    cpu_goal: float
    """Seconds of CPU a key"""
    before: str = ""
    """Keys that lead to where it begins"""
    held: bool = False
    """Whether the keys come at the rate of a key held down; else each comes when the one before it is done"""


TRIALS = (
    Trial("j", "j", 0.035),
    Trial("j held", "j", 0.035, held=True),
    Trial("j scrolling", "j", 0.035, before="G" + "\x15" * 2 + "j" * 2),
    Trial("y", "y", 0.040),
    Trial("[", "[", 0.050),
    Trial("[ held", "[", 0.050, held=True),
    Trial("e", "e", 0.090),
)


@dataclass
class Reading:
    """What the terminal received, each piece with its time, and the counters of the process."""

    cpu: float
    main_cpu: float
    counts: dict[str, int]
    sent_at: list[float] = field(default_factory=list)
    pieces: list[tuple[float, bytes]] = field(default_factory=list)


class Bench:
    """An explorer in a terminal, whose CPU, counters and output are read."""

    def __init__(self, terminal: Terminal, counts: Counts) -> None:
        self.terminal = terminal
        self.counts = counts
        self._pid = terminal.process.pid
        self._clock = (~self._pid << 3) | 2  # the kernel's clock of that process's CPU time

    def cpu(self) -> float:
        """Seconds of CPU of the process, all threads."""
        return time.clock_gettime(self._clock)

    def main_cpu(self) -> float:
        """Seconds of CPU of its first thread, which draws."""
        return int(Path(f"/proc/{self._pid}/task/{self._pid}/schedstat").read_text().split()[0]) / 1e9

    def press(self, keys: Sequence[str], pause: float) -> Reading:
        """Presses keys with a pause after each, and reads until the explorer rests."""
        before = self.cpu(), self.main_cpu(), self.counts.read()
        reading = Reading(0, 0, {})
        for key in keys:
            reading.sent_at.append(time.perf_counter())
            self.terminal.send(key)
            self._read(reading, pause)
        self._read_until_rest(reading)
        reading.cpu, reading.main_cpu = self.cpu() - before[0], self.main_cpu() - before[1]
        reading.counts = {name: number - before[2][name] for name, number in self.counts.read().items()}
        return reading

    def go(self, keys: str) -> None:
        """Presses keys one by one, without reading off how long they take."""
        for key in keys:
            for _, piece in self.press([key], 0.0).pieces:
                self.terminal.feed(piece)

    def _read(self, reading: Reading, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if select.select([self.terminal.fd], [], [], left)[0]:
                reading.pieces.append((time.perf_counter(), os.read(self.terminal.fd, 65536)))

    def _read_until_rest(self, reading: Reading) -> None:
        while True:
            before = len(reading.pieces), self.cpu()
            self._read(reading, STILL)
            if len(reading.pieces) == before[0] and self.cpu() - before[1] < IDLE_CPU:
                return


def settled(bench: Bench, reading: Reading) -> tuple[float, float]:
    """Feeds what was read to the emulator. Returns the times of the last change of words and films, and of anything.

    Both are in seconds from the last key; 0 where nothing changed.
    """
    screen = bench.terminal.screen
    words: list[tuple[float, int]] = []
    everything: list[tuple[float, int]] = []
    shown = [(0.0, _picture(screen))]
    for at, piece in reading.pieces:
        bench.terminal.feed(piece)
        shown.append((at - reading.sent_at[-1], _picture(screen)))
    area = _words_and_films(screen)
    for at, picture in shown:
        everything.append((at, hash(tuple(map(tuple, picture)))))
        words.append((at, hash(tuple(tuple(line[left:right]) for top, bottom, left, right in area
                                     for line in picture[top:bottom]))))  # fmt: skip
    return _last_change(words), _last_change(everything)


def _picture(screen: pyte.Screen) -> list[list[tuple[str, str, str]]]:
    buffer = screen.buffer
    return [
        [(cell.data, cell.fg, cell.bg) for cell in (buffer[y][x] for x in range(screen.columns))]
        for y in range(screen.lines)
    ]


def _last_change(states: Sequence[tuple[float, int]]) -> float:
    return next(
        (states[place][0] for place in range(len(states) - 1, 0, -1) if states[place][1] != states[place - 1][1]),
        0.0,
    )


def _words_and_films(screen: pyte.Screen) -> list[tuple[int, int, int, int]]:
    """Top, bottom, left and right of the insides of panes 2 and 3, without the sentence of evidence below the words."""
    lines = screen.display
    areas = []
    for pane in "2", "3":
        for top, line in enumerate(lines):
            if (left := line.find(f"╭─ {pane} ")) >= 0:
                right = line.index("╮", left)
                inside = [line[left + 1 : right] for line in lines]
                bottom = max((y for y in range(top + 1, len(lines)) if lines[y][left] == "╰"), default=len(lines))
                rule = next((y for y in range(top + 1, bottom) if set(inside[y]) == {"─"}), bottom)
                areas.append((top, rule, left + 1, right))
                break
    return areas


def measure(bench: Bench, trial: Trial, count: int) -> dict[str, Any]:
    """The figures of a trial, each by its name and unit."""
    bench.go(trial.before)
    if trial.held:
        readings = [bench.press([trial.key] * count, HELD)]
    else:
        readings = [bench.press([trial.key], 0.0) for _ in range(count)]
    times = [settled(bench, reading) for reading in readings]
    figures: dict[str, Any] = {
        "CPU, ms": 1e3 * sum(reading.cpu for reading in readings) / count,
        "of it drawing, ms": 1e3 * sum(reading.main_cpu for reading in readings) / count,
        "CPU goal, ms": 1e3 * trial.cpu_goal,
    }
    for title, seconds in zip(("words and films", "everything"), zip(*times, strict=True), strict=True):
        figures[f"{title}, median ms"] = 1e3 * statistics.median(seconds)
        figures[f"{title}, p95 ms"] = 1e3 * sorted(seconds)[max(0, round(0.95 * len(seconds)) - 1)]
    for name in NAMES:
        figures[name] = sum(reading.counts[name] for reading in readings) / count
    figures["bytes"] = sum(len(piece) for reading in readings for _, piece in reading.pieces) / count
    return figures


def at_home_in(folder: Path) -> dict[str, str]:
    """An environment in which the explorer finds neither the reader's keys nor where the reader was."""
    return {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}


def first_frame(run: Path, columns: int, rows: int, compiled: Path) -> float:
    """Seconds from starting the command to the frame that shows the sliders.

    Python keeps what it has compiled in the folder `compiled`, as it does for an installed program.
    """
    environment = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(compiled), **at_home_in(compiled)}
    start = time.perf_counter()
    with Terminal(mammi("open", str(run)), columns=columns, rows=rows, environment=environment) as terminal:
        terminal.wait_for(lambda screen: "α" in screen and "β" in screen)
        seconds = time.perf_counter() - start
        terminal.send("q")
        terminal.wait_for_end()
        return seconds


def largest_layer(run: Path) -> str:
    """The first neuron of the layer with the most units, as `layer:unit`."""
    with RunReader(run) as reader:
        return f"{max(reader.layers, key=lambda layer: layer.units).name}:0"


def run_trials(arguments: argparse.Namespace, folder: Path) -> dict[str, Mapping[str, Any]]:
    run = Path(shutil.copy(arguments.run, folder))
    start = arguments.start or largest_layer(run)
    figures: dict[str, Mapping[str, Any]] = {}
    for trial in TRIALS:
        if arguments.only and trial.name not in arguments.only:
            continue
        counts = Counts.new(folder / "counts")
        command = mammi("open", str(run), start, "--images", "quadrant")
        command[2:3] = ["tests.support.counted", str(folder / "counts")]
        environment = at_home_in(folder / trial.name)
        with Terminal(command, columns=arguments.columns, rows=arguments.rows, environment=environment) as terminal:
            terminal.wait_for("τ")
            bench = Bench(terminal, counts)
            bench.go("jk")
            figures[trial.name] = measure(bench, trial, arguments.count)
            terminal.send("q")
            terminal.wait_for_end()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--count", type=int, default=20, help="keys of each trial")
    parser.add_argument("--columns", type=int, default=130)
    parser.add_argument("--rows", type=int, default=42)
    parser.add_argument("--start", metavar="LAYER:UNIT", help="default: the first unit of the largest layer")
    parser.add_argument("--only", nargs="*", choices=[trial.name for trial in TRIALS])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = run_trials(arguments, Path(folder))
        opened = [first_frame(arguments.run, arguments.columns, arguments.rows, Path(folder)) for _ in range(6)]
    first = statistics.median(opened[1:])  # the first compiles
    if arguments.json:
        print(json.dumps({"first frame, s": first, "keys": figures}, indent=2))
        return
    print(f"{arguments.run.name} at {arguments.columns}×{arguments.rows}, {arguments.count} keys each")
    names = list(next(iter(figures.values())))
    print(f"  {'':26}" + "".join(f"{trial:>13}" for trial in figures))
    for name in names:
        print(f"  {name:26}" + "".join(f"{found[name]:13.1f}" for found in figures.values()))
    print(f"  first frame {first:.2f} s of {FIRST_FRAME_GOAL_S}; goals for words and films p95"
          f" {1e3 * WORDS_GOAL_S:.0f} ms, for everything {1e3 * ALL_GOAL_S:.0f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
