"""What is done in each terminal, and what its screen then shows."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.real_terminals.comparing import Laid, fidelity, laid, remains
from tests.real_terminals.display import SIZE, Display, Shot
from tests.real_terminals.terminals import TMUX_SETTINGS, Terminal

SPECKS = 12
"""Pixels that may differ: edges of letters, and the tip of the mouse pointer"""
QUIT = "after quitting"
ENLARGED = "letters enlarged"
RESIZED = "window smaller"
STEPS: list[tuple[str, list[str]]] = [
    ("opened", []),
    ("next neuron", ["j"]),
    ("help over it", ["question"]),
    ("help gone", ["Escape"]),
    ("palette over it", ["colon"]),
    ("palette gone", ["Escape"]),
    ("copied, with its toast", ["Y", "w"]),
    ("grid scrolled", ["3", "Next"]),
    ("film alone", ["Return"]),
    ("film without outlines", ["b"]),
    ("film gone", ["b", "Escape"]),
    (ENLARGED, []),
    (RESIZED, []),
    (QUIT, ["q"]),
]
_STILL, _STILL_AT_FIRST = 1.5, 5.0
"""Seconds without a change after which a screen is still; at first the evidence is computed"""
BEFORE = "for i in 1 2 3 4 5 6 7 8 9; do echo what was there before $i; done"


@dataclass(frozen=True)
class Screen:
    """What a terminal shows after a step."""

    shot: Shot
    cell: tuple[int, int]
    pictures: list[Laid]


@dataclass(frozen=True)
class Outcome:
    """What came of one step in one terminal."""

    terminal: str
    images: str
    step: str
    fidelity: list[float]
    """PSNR in dB of each film that is wholly seen"""
    partly: int
    """Pictures that something covers in part, or that have outlines"""
    left: int
    """Pixels outside all pictures that are not those of the explorer drawn with cells"""
    expects: bool
    """Whether pictures have to be seen"""

    def is_good(self, bound: float) -> bool:
        seen = bool(self.fidelity or self.partly) or not self.expects
        return seen and self.left <= SPECKS and all(each >= bound for each in self.fidelity)

    def line(self) -> str:
        films = f"{len(self.fidelity):2} films" + (f", least {min(self.fidelity):5.1f} dB" if self.fidelity else "")
        more = f", {self.partly} in part" if self.partly else ""
        return f"{self.terminal:34} {self.images:9} {self.step:24} {films}{more}; {self.left} pixels left"


def tried(terminal: Terminal, display: Display, run: Path, folder: Path) -> list[Outcome]:
    """Goes through all steps with pictures, chosen as in any terminal, and with cells."""
    if terminal.wayland:
        _start_weston(display)
    name = terminal.name.replace(" ", "-").replace(",", "")
    screens = _screens(terminal, display, run, folder / name, "auto")
    cells = _screens(terminal, display, run, folder / f"{name}-cells", "quadrant")
    sixel = terminal.images == "sixel"
    outcomes = []
    for step, screen in screens.items():
        tmux = bool(terminal.tmux)
        found = [fidelity(screen.shot, picture, screen.cell, sixel=sixel, tmux=tmux) for picture in screen.pictures]
        differs = remains(screen.shot, cells[step].shot, screen.pictures, screen.cell)
        if differs.any():
            Image.fromarray(differs).save(folder / name / f"{_number(step)}-left.png")
        films = [each for each in found if each is not None]
        expects = step in terminal.expects
        kind = terminal.images
        outcomes.append(
            Outcome(terminal.name, kind, step, films, len(found) - len(films), int(np.sum(differs)), expects)
        )
    return outcomes


def _screens(terminal: Terminal, display: Display, run: Path, folder: Path, images: str) -> dict[str, Screen]:
    """The screen after each step, by the step."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    settings = folder / "tmux.conf"
    settings.write_text(TMUX_SETTINGS)
    program = f"TEXTUAL_COLOR_SYSTEM=truecolor {sys.executable} -m tests.real_terminals.recorded"
    mammi = f"{program} {folder} open {run} --fresh --images {images}"
    script = f"printf '\\033[2J\\033[H'; {BEFORE}; {mammi}; tput civis; sleep 1000"
    process = display.start(terminal.running(["sh", "-c", script], settings))
    try:
        display.do("mousemove", str(SIZE[0] - 2), str(SIZE[1] - 2))
        time.sleep(3)
        if window := _window(terminal, display):
            display.do("windowfocus", window)
        screens = {}
        for step, keys in STEPS:
            if not _done(step, keys, terminal, display):
                continue
            shot = display.still(_STILL_AT_FIRST if not screens else _STILL)[terminal.origin :, terminal.origin :]
            cell, pictures = ((0, 0), []) if step == QUIT else laid(folder)
            screens[step] = Screen(shot, cell, pictures)
            Image.fromarray(shot).save(folder / f"{_number(step)}.png")
        return screens
    finally:
        display.stop(process)


def _done(step: str, keys: list[str], terminal: Terminal, display: Display) -> bool:
    """Does what makes a step. False where this terminal cannot."""
    if step == ENLARGED:
        keys = [terminal.enlarges] if terminal.enlarges else []
        if not keys:
            return False
    if step == RESIZED:
        if not (window := _window(terminal, display)):
            return False
        display.do("windowsize", window, "760", "560")
        time.sleep(1)
    for key in keys:
        display.press(key)
        time.sleep(0.4)
    return True


def _window(terminal: Terminal, display: Display) -> str:
    """The number of its window; "" where it is none of the X server's."""
    found = display.do("search", "--onlyvisible", "--class", terminal.window) if terminal.window else ""
    return found.split()[0] if found else ""


def _number(step: str) -> str:
    place = next(place for place, (name, _) in enumerate(STEPS) if name == step)
    return f"{place:02}-{step.replace(' ', '-').replace(',', '')}"


def _start_weston(display: Display) -> None:
    """A Wayland compositor in a window as large as the display."""
    width, height = SIZE
    display.environment["WAYLAND_DISPLAY"] = "wayland-mammi"
    size = (f"--width={width}", f"--height={height}")
    options = ("--backend=x11-backend.so", "--use-pixman", "--shell=kiosk-shell.so", "--idle-time=0")
    display.start(["weston", *options, *size, "--socket=wayland-mammi"])
    time.sleep(2)
