"""The terminals that are tried, where they are installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FONT = "DejaVu Sans Mono"


@dataclass(frozen=True)
class Terminal:
    """A terminal, and how to start a program in it."""

    name: str
    command: tuple[str, ...]
    """Before the program that it runs"""
    images: str
    """What the explorer draws in it"""
    enlarges: str = ""
    """The key that enlarges its letters"""
    tmux: str = ""
    """The tmux between, a path"""
    wayland: bool = False
    origin: int = 0
    """Where its first cell begins, in pixels from the left and from the top"""
    window: str = ""
    """The class of its window, by which it is given another size"""

    def running(self, program: Sequence[str], settings: Path) -> list[str]:
        if not self.tmux:
            return [*self.command, *program]
        return [*self.command, self.tmux, "-L", f"mammi-{os.getpid()}", "-f", str(settings), "new-session", *program]

    @property
    def expects(self) -> tuple[str, ...]:
        """The steps at which pictures have to be seen; xterm and tmux keep too few sixel pictures for a grid."""
        if self.images not in ("kitty", "sixel"):
            return ()
        in_grid = self.images == "kitty" or not (self.tmux or self.window == "XTerm")
        return ("film alone", "film without outlines", *(("opened",) if in_grid else ()))

    @property
    def missing(self) -> str:
        """What is not installed of it."""
        wanted = [self.command[0], *([self.tmux] if self.tmux else ()), *(["weston"] if self.wayland else ())]
        return ", ".join(name for name in wanted if shutil.which(name) is None)


TMUX_SETTINGS = "set -g status off\nset -g allow-passthrough on\nset -g escape-time 10\nset -g focus-events on\n"


def terminals(kitty: str, tmux: str, tmux_with_sixels: str) -> list[Terminal]:
    """All of them, with the paths of those that distributions have in versions too old."""
    in_kitty = (
        *(kitty, "--config", "NONE", "-o", f"font_family={FONT}", "-o", "font_size=9"),
        *("-o", "shell_integration=disabled", "-o", "linux_display_server=x11", "-o", "update_check_interval=0"),
        *("-o", "remember_window_size=no", "-o", "initial_window_width=130c", "-o", "initial_window_height=42c"),
        *("-o", "placement_strategy=top-left", "-o", "confirm_os_window_close=0", "-o", "enable_audio_bell=no"),
        *("-o", "mouse_hide_wait=0.1", "-o", "cursor_blink_interval=0"),
    )
    in_xterm = (
        "xterm",
        "-fa",
        FONT,
        "-fs",
        "9",
        "-b",
        "0",
        "+sb",
        "-geometry",
        "130x42+0+0",
        "-xrm",
        "*vt100.pointerMode: 3",
    )
    in_foot = (
        *("foot", "-o", f"font={FONT}:size=9", "-o", "pad=0x0", "-o", "resize-delay-ms=0", "-o", "csd.preferred=none"),
        *("-o", "mouse.hide-when-typing=yes"),
    )
    larger = "ctrl+shift+equal"
    xterm = (*in_xterm, "-ti", "vt340", "-e")
    return [
        Terminal("kitty", in_kitty, "kitty", larger, window="kitty"),
        Terminal("kitty, tmux", in_kitty, "kitty", larger, tmux, window="kitty"),
        Terminal("xterm -ti vt340", xterm, "sixel", "shift+KP_Add", origin=1, window="XTerm"),
        Terminal("xterm -ti vt340, tmux with sixels", xterm, "sixel", tmux=tmux_with_sixels, origin=1, window="XTerm"),
        Terminal("foot", in_foot, "sixel", "ctrl+plus", wayland=True),
        Terminal("foot, tmux with sixels", in_foot, "sixel", tmux=tmux_with_sixels, wayland=True),
        Terminal("xterm", (*in_xterm, "-e"), "quadrant", origin=1, window="XTerm"),
        Terminal("foot, tmux without sixels", in_foot, "quadrant", tmux=tmux, wayland=True),
        Terminal("mlterm", ("mlterm", "-g", "130x42", "-e"), "sixel", window="mlterm"),
    ]
