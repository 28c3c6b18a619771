"""`mammi`, which also records where its pictures are and what film each shows: FOLDER, then mammi's arguments."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mammi_tui.images.picture import Picture


def record(folder: Path) -> None:
    """Has the kitty and the sixel backend write `laid.json` and the film of each picture, FOLDER/KEY.npy."""
    from textual.widgets import Input

    from mammi_tui.images.kitty import KittyBackend
    from mammi_tui.images.sixel import SixelBackend
    from mammi_tui.terminal.kitty_pictures import KittyPictures
    from mammi_tui.terminal.sixel_pictures import SixelPictures

    Input.cursor_blink._default = False  # type: ignore[attr-defined]  # a screen is then still
    for backend in (KittyBackend, SixelBackend):
        backend.sharpen = _keeping_films(backend.sharpen, folder)  # type: ignore[method-assign]
    for pictures in (KittyPictures, SixelPictures):
        pictures.lay = _telling(pictures.lay, folder / "laid.json")  # type: ignore[method-assign]


def _keeping_films(sharpen: Any, folder: Path) -> Any:
    import numpy

    def keeping(self: Any, picture: Picture, columns: int, rows: int) -> Any:
        sharp = sharpen(self, picture, columns, rows)
        if picture.warm is None and not picture.outlines:
            numpy.save(folder / f"{sharp.key.hex()}.npy", picture.grey)
        return sharp

    return keeping


def _telling(lay: Any, file: Path) -> Any:
    def telling(self: Any, sights: Any, sent: Any) -> Any:
        text = lay(self, sights, sent)
        laid = [
            {"film": sight.sharp.key.hex(), "cells": tuple(sight.region), "seen": [tuple(part) for part in sight.seen]}
            for sight in sights
            if sight.seen[0].x in self.over.get(sight.seen[0].y, {})
        ]
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps({"cell": self.cell, "laid": laid}))
        partial.replace(file)
        return text

    return telling


def _once_prepared(folder: Path) -> None:
    """Records from where the explorer loads Textual, which has to be told of colours first."""
    from mammi_tui.images.fitting import Fit

    prepare = Fit.prepare

    def preparing(self: Fit, environment: Any) -> None:
        prepare(self, environment)
        record(folder)

    Fit.prepare = preparing  # type: ignore[method-assign]


if __name__ == "__main__":
    _once_prepared(Path(sys.argv.pop(1)))

    from mammi_tui.cli import main

    main()
