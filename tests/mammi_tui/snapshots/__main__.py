"""Writes the screens as they are now: `python -m tests.mammi_tui.snapshots [NAME …]`. Read the difference after it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mammi_tui.snapshots.screens import SCREENS, SIZES, drawn, stored, write_run


async def renew(names: list[str]) -> None:
    """Writes these screens at every size; without names all, and removes files of screens that are no more."""
    with TemporaryDirectory() as folder:
        run = write_run(Path(folder))
        for name in names or SCREENS:
            for size in SIZES:
                with TemporaryDirectory() as apart:
                    text = await drawn(run, Path(apart), name, size)
                path = stored(name, size)
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, "utf-8")
                print(path)
    if not names:
        known = {stored(name, size) for name in SCREENS for size in SIZES}
        for path in {file for size in SIZES for file in stored("", size).parent.glob("*.txt")} - known:
            path.unlink()


asyncio.run(renew(sys.argv[1:]))
