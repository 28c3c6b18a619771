"""Runs `mammi` and counts what its explorer draws, where another process can read it at any moment.

python -m tests.support.counted FILE open RUN.duckdb …
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from mmap import mmap
from pathlib import Path
from typing import Any

NAMES = ("layouts", "scrolls", "renders", "lines", "styles")
"""Layout passes of a whole screen; those of scrolling alone; widgets rendered; their lines rendered; style updates"""
_CELL = struct.Struct("q")


class Counts:
    """Counters by name, in a file."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._cells = mmap(file.fileno(), len(NAMES) * _CELL.size)

    @classmethod
    def new(cls, path: Path) -> Counts:
        path.write_bytes(bytes(len(NAMES) * _CELL.size))
        return cls(path)

    def add(self, name: str, number: int = 1) -> None:
        place = NAMES.index(name) * _CELL.size
        _CELL.pack_into(self._cells, place, _CELL.unpack_from(self._cells, place)[0] + number)

    def read(self) -> dict[str, int]:
        return {name: _CELL.unpack_from(self._cells, place * _CELL.size)[0] for place, name in enumerate(NAMES)}


def count_drawing(add: Callable[[str], None]) -> Callable[[], None]:
    """Calls `add` with the name of what is done, each time that Textual does it. Returns what ends this."""
    from textual._styles_cache import StylesCache
    from textual.css.stylesheet import Stylesheet
    from textual.screen import Screen
    from textual.widget import Widget

    originals = Screen._refresh_layout, Widget.render_lines, StylesCache.render_line, Stylesheet.apply

    def refresh_layout(screen: Screen[Any], size: Any = None, scroll: bool = False) -> None:
        add("scrolls" if scroll and not screen._layout_widgets else "layouts")
        originals[0](screen, size, scroll)

    def render_lines(widget: Widget, crop: Any) -> Any:
        add("renders")
        return originals[1](widget, crop)

    def render_line(cache: StylesCache, *arguments: Any) -> Any:
        add("lines")
        return originals[2](cache, *arguments)

    def apply(sheet: Stylesheet, *arguments: Any, **options: Any) -> None:
        add("styles")
        originals[3](sheet, *arguments, **options)

    changed: Any = ((Screen, "_refresh_layout"), (Widget, "render_lines"), (StylesCache, "render_line"),
                    (Stylesheet, "apply"))  # fmt: skip
    for (owner, name), counting in zip(changed, (refresh_layout, render_lines, render_line, apply), strict=True):
        setattr(owner, name, counting)

    def end() -> None:
        for (owner, name), original in zip(changed, originals, strict=True):
            setattr(owner, name, original)

    return end


if __name__ == "__main__":
    from mammi_tui.cli import main

    counts = Counts(Path(sys.argv.pop(1)))
    count_drawing(counts.add)
    main()
