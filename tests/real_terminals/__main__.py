"""Tries the explorer in real terminals on a virtual display: `python -m tests.real_terminals [RUN.duckdb] [-o FOLDER]`.

In each terminal the explorer draws with pictures, and once more with cells. Each film on screen is compared with the
film of the run, resampled to its area (PSNR); the rest with the screen that was drawn with cells. Screenshots go to
FOLDER.

It needs Xvfb and xdotool, and tries what it finds of kitty, xterm, foot, weston, mlterm and tmux.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.real_terminals.display import Display
from tests.real_terminals.scenes import Outcome, tried
from tests.real_terminals.terminals import terminals

BOUND = 40.0
"""PSNR in dB below which a film is not shown as it is"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("run", type=Path, nargs="?", help="a run file; by default a small one that is made for this")
    parser.add_argument("-o", "--out", type=Path, help="where the screenshots go")
    parser.add_argument("--only", default="", help="only terminals whose name begins so")
    parser.add_argument("--kitty", default="kitty", help="kitty 0.28 or later")
    parser.add_argument("--tmux", default="tmux", help="tmux 3.3 or later")
    parser.add_argument("--tmux-with-sixels", default="tmux", help="tmux 3.4 or later that was built with sixels")
    chosen = parser.parse_args()
    if lacking := [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]:
        sys.stderr.write(f"not installed: {', '.join(lacking)} (apt-get install xvfb xdotool)\n")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what has been started is ended
    folder = chosen.out or Path(tempfile.mkdtemp(prefix="mammi-terminals-"))
    folder.mkdir(parents=True, exist_ok=True)
    run = chosen.run or _small_run(folder)
    found: list[Outcome] = []
    for terminal in terminals(chosen.kitty, chosen.tmux, chosen.tmux_with_sixels):
        if not terminal.name.startswith(chosen.only):
            continue
        if terminal.missing:
            print(f"{terminal.name}: not tried ({terminal.missing} not installed)")
            continue
        with Display(folder) as display:
            outcomes = tried(terminal, display, run.resolve(), folder)
        for outcome in outcomes:
            print(outcome.line(), flush=True)
        found += outcomes
    bad = [outcome for outcome in found if not outcome.is_good(BOUND)]
    print(f"{len(found)} screens, {len(bad)} not as they should be. Screenshots: {folder}")
    return 1 if bad else 0


def _small_run(folder: Path) -> Path:
    from tests.support.runs import small_run

    return small_run(folder)


sys.exit(main())
