"""The mouse wheel over tiles."""

from __future__ import annotations

from textual import events

from mammi_tui.widgets.still import StillScroll
from mammi_tui.widgets.tiles import Tiles


class TileWheel(StillScroll):
    """Scrolls a whole row of tiles for each step of the wheel, as fewer screens are sent than line by line."""

    _tiles: Tiles

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll_tiles(event, 1)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll_tiles(event, -1)

    def _scroll_tiles(self, event: events.MouseEvent, rows: int) -> None:
        event.stop()
        event.prevent_default()
        height = self._tiles.height if self._tiles.film_rows else 3
        self.scroll_to(y=(self.scroll_target_y // height + rows) * height, animate=False)
