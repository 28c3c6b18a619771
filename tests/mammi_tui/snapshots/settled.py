"""Waits until a screen is drawn."""

from __future__ import annotations

import time

from mammi_tui.widgets.key_line import KeyLine
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid
from tests.support.explorer import PATIENCE, Explorer

STILL = 3
"""Looks at an unchanged screen, with nothing under way, after which it is taken to be drawn"""


async def settled(opened: Explorer) -> str:
    """The screen, once films and answers are drawn. Raises TimeoutError where it never comes to rest."""
    before, still, started = "", 0, time.monotonic()
    while still < STILL:
        if time.monotonic() - started > PATIENCE:
            raise TimeoutError("the screen never came to rest")
        await opened.rest()
        await opened.pilot.pause(0.02)
        grids = opened.screen.query(ThumbnailGrid)
        working = any(not worker.is_finished for worker in opened.app.workers) or _hides_digits(opened)
        working |= any(grid._missing() is not None or grid._patience is not None for grid in grids)
        now = "".join(f"{line.rstrip()}\n" for line in opened.lines())
        still = still + 1 if now == before and not working else 0
        before = now
    return before


def _hides_digits(opened: Explorer) -> bool:
    """Whether the line of keys shows a digit that will go away, as it has done its task."""
    return opened.app._take_back is not None and any(line.number for line in opened.app.screen.query(KeyLine))
