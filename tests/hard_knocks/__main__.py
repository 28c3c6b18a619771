"""Tries the knocks and prints one table."""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.hard_knocks.knock import Setting, Skipped, find, names
from tests.shared import ROOT

QUICK, FULL = 300, 2400
"""Seconds after which a knock is taken to hang"""
SHOWN = 5
JOBS = (os.cpu_count() or 1) + 1
"""One more than processors: a part of each knock's time goes by in waiting for terminals and processes"""
LONGEST = (
    *("work_file", "events", "endings", "run_file", "readers", "strings", "outputs", "huge_texts", "disks", "server"),
    *("triage", "texts", "weights", "own_models", "changing", "long_run", "far_more", "folders", "salvage"),
    *("stopping_runs", "numbers", "images"),
)
"""The knocks that take longest: they begin first, so that those tried at once end together"""


@dataclass
class Row:
    """What one knock came to."""

    name: str
    about: str
    tried: int = 0
    fell: list[str] = field(default_factory=list)
    skipped: str = ""
    seconds: float = 0.0
    cores: float = 0.0
    """Seconds of processor time"""

    def __str__(self) -> str:
        if self.skipped:
            return f"{self.name:<14} skipped: {self.skipped}"
        stood = self.tried - len(self.fell)
        counts = f"{self.tried:>7,} {stood:>7,} {len(self.fell):>6,} {self.seconds:>8.0f} {self.cores:>7.0f}"
        return f"{self.name:<14} {counts}   {self.about}"


def child(name: str, full: bool, seed: int, out: int) -> None:
    """Tries one knock in this process, and writes a line of JSON to the descriptor `out` for each try."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix=f"knock-{name}-") as folder, os.fdopen(out, "w", buffering=1) as told:
        try:
            for outcome in find(name).run(Setting(Path(folder), full, seed)):
                print(json.dumps(outcome), file=told)
        except Skipped as reason:
            print(json.dumps({"skipped": str(reason)}), file=told)
        used = [resource.getrusage(each) for each in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        print(json.dumps({"cores": sum(each.ru_utime + each.ru_stime for each in used)}), file=told)


def tried(name: str, full: bool, seed: int) -> Row:
    """Tries one knock in a process of its own. A knock that ends otherwise than by itself has fallen once more."""
    row, start = Row(name, find(name).about), time.monotonic()
    reading, writing = os.pipe()
    home = tempfile.mkdtemp(prefix="knock-home-")
    places = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), home)
    command = [sys.executable, "-m", "tests.hard_knocks", "--child", name, "--seed", str(seed), "--out", str(writing)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*command, *(["--full"] if full else [])],
            cwd=ROOT,
            env={**os.environ, **places, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            pass_fds=[writing],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        os.close(writing)
        with ThreadPoolExecutor(1) as timer, os.fdopen(reading) as told:
            ended = timer.submit(_wait, process, FULL if full else QUICK)
            for line in told:
                outcome = json.loads(line)
                if isinstance(outcome, dict):
                    row.skipped = outcome.get("skipped", row.skipped)
                    row.cores = outcome.get("cores", row.cores)
                else:
                    row.tried += 1
                    row.fell += [outcome] if outcome is not None else []
            in_time = ended.result()
        said.seek(0)
        rest = said.read().decode(errors="replace").strip().splitlines()[-12:]
    shutil.rmtree(home, ignore_errors=True)
    row.seconds = time.monotonic() - start
    if process.returncode or not in_time:
        why = f"ended with {process.returncode}" if in_time else f"had not ended after {row.seconds:.0f} s"
        row.tried += 1
        row.fell.append(" | ".join([f"the knock itself {why}", *rest]))
    return row


def _wait(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether a process ends in time; ends its whole session where it does not."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hard_knocks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the default")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", metavar="NAME", action="append", choices=names(), help=f"of {', '.join(names())}")
    parser.add_argument("--seed", type=int, help="by default 1 with --quick, and another one each time with --full")
    parser.add_argument("--jobs", type=int, default=JOBS, help=f"knocks that are tried at once; {JOBS} here")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.full, options.seed, options.out)
        return 0
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6) if options.full else 1
    chosen = [name for name in options.only or names() if options.full or options.only or not find(name).only_full]
    chosen.sort(key=lambda name: LONGEST.index(name) if name in LONGEST else len(LONGEST))
    print(f"{'--full' if options.full else '--quick'} --seed {seed}\n")
    print(f"{'knock':<14} {'tried':>7} {'stood':>7} {'fell':>6} {'seconds':>8} {'core s':>7}", flush=True)
    start = time.monotonic()
    rows = {}
    with ThreadPoolExecutor(options.jobs) as pool:
        for going in as_completed([pool.submit(tried, name, options.full, seed) for name in chosen]):
            rows[going.result().name] = going.result()
            print(going.result(), flush=True)
    for name in [name for name, row in rows.items() if row.fell and not options.full]:
        tell_falls(rows[name])
        print("Once more, alone: what else the machine did may be at fault.")
        rows[name] = tried(name, options.full, seed)
        print(rows[name], flush=True)
    print(f"\n{time.monotonic() - start:.0f} s")
    for row in rows.values():
        tell_falls(row)
    return int(any(row.fell for row in rows.values()))


def tell_falls(row: Row) -> None:
    for fall in row.fell[:SHOWN]:
        print(f"\n{row.name}: {fall}", flush=True)
    if len(row.fell) > SHOWN:
        print(f"{row.name}: and {len(row.fell) - SHOWN} more")


if __name__ == "__main__":
    raise SystemExit(main())
