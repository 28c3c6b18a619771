"""Copies text: by OSC 52 through the terminal, which works over SSH too, and by the machine's clipboard command."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from typing import NamedTuple

MOST_IN_TERMINAL = 74_994
"""Bytes of base64 that terminals take in one OSC 52; longer ones are dropped by many"""
_SCREEN_CHUNK = 200
"""Bytes of one string that GNU screen passes on"""
_PATIENCE = 2.0
"""Seconds that a clipboard command may take"""
_WITHOUT = ("dumb", "linux", "vt")
"""Terminals that have no clipboard, by the start of $TERM"""


class _Command(NamedTuple):
    words: tuple[str, ...]
    needs: str
    """The variable without which it has no clipboard to write to; "" for none"""
    place: str


_COMMANDS = (
    _Command(("tmux", "load-buffer", "-w", "-"), "TMUX", "tmux's buffer"),
    _Command(("wl-copy",), "WAYLAND_DISPLAY", "the desktop's clipboard (wl-copy)"),
    _Command(("xclip", "-selection", "clipboard", "-in"), "DISPLAY", "the desktop's clipboard (xclip)"),
    _Command(("xsel", "--clipboard", "--input"), "DISPLAY", "the desktop's clipboard (xsel)"),
    _Command(("pbcopy",), "", "the desktop's clipboard (pbcopy)"),
)


def sequence(text: str, environment: Mapping[str, str]) -> str:
    """What makes the terminal take the text; "" where it has no clipboard, or the text is too long.

    tmux and GNU screen pass on only what is wrapped for them. tmux takes the bare sequence as well, depending on its
    options; $TERM alone does not tell the two apart on a machine reached by SSH from within them.
    """
    content = base64.b64encode(text.encode()).decode()
    kind = environment.get("TERM", "")
    if len(content) > MOST_IN_TERMINAL or not kind or kind.startswith(_WITHOUT):
        return ""
    bare = f"\x1b]52;c;{content}\x07"
    if "TMUX" in environment or kind.startswith("tmux"):
        doubled = bare.replace("\x1b", "\x1b\x1b")
        return f"{bare}\x1bPtmux;{doubled}\x1b\\"
    if "STY" in environment:
        return _for_screen(bare)
    return bare + (_for_screen(bare) if kind.startswith("screen") else "")


def _for_screen(bare: str) -> str:
    starts = range(0, len(bare), _SCREEN_CHUNK)
    return "".join(f"\x1bP{bare[start : start + _SCREEN_CHUNK]}\x1b\\" for start in starts)


def to_commands(text: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Gives the text to the clipboard commands that are installed and have a clipboard. Yields where it went.

    Takes up to a few seconds: not for the app's own thread.
    """
    taken: set[str] = set()
    for command in _COMMANDS:
        path = shutil.which(command.words[0], path=environment.get("PATH"))
        desktop = command.needs != "TMUX"
        if not path or (command.needs and not environment.get(command.needs)) or (desktop and "desktop" in taken):
            continue
        if _ran((path, *command.words[1:]), text, environment):
            yield command.place
            taken.add("desktop" if desktop else "tmux")


def _ran(words: tuple[str, ...], text: str, environment: Mapping[str, str]) -> bool:
    try:
        # The words are this file's own, and no shell reads them. xclip stays behind to serve the text, and would keep
        # an output stream open.
        done = subprocess.run(  # noqa: S603
            words,
            input=text.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def copied(text: str, what: str, environment: Mapping[str, str]) -> tuple[str, bool]:
    """Gives a text, whose `sequence` the terminal has, to the clipboard commands too.

    Returns a line that says where it went, and whether anything took it.
    """
    places = ["the terminal (OSC 52)"] if sequence(text, environment) else []
    places += to_commands(text, environment)
    if places:
        return f"Copied {what} to {_listed(places)}", True
    size = len(text.encode())
    reason = f"it is too long for the terminal ({size:,} bytes)" if size * 4 > MOST_IN_TERMINAL * 3 else "no clipboard"
    return f"Could not copy {what}: {reason}. E writes a file instead", False


def _listed(places: list[str]) -> str:
    return places[0] if len(places) == 1 else f"{', '.join(places[:-1])} and {places[-1]}"
