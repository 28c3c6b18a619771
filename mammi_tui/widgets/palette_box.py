"""Textual's command palette, which looks for nothing more, and draws nothing more, once it has closed."""

from __future__ import annotations

from typing import Any

from textual import events
from textual._widget_navigation import Direction
from textual.app import ComposeResult
from textual.command import CommandList, CommandPalette
from textual.errors import NoWidget
from textual.timer import Timer, TimerCallback
from textual.worker import Worker


class _Found(CommandList):
    """What the palette has found."""

    def _on_click(self, event: events.Click) -> None:  # type: ignore[override]
        """Leaves out a click on what has gone since: it would end the app."""
        if event.style.meta.get("option", 0) >= self.option_count:
            event.prevent_default()

    def _move_page(self, direction: Direction) -> None:
        """Leaves out a page where there is no room for a line."""
        if self.highlighted in self._index_to_line:
            super()._move_page(direction)


class PaletteBox(CommandPalette):
    """What is typed or found may come when the palette has all but gone; what it then does would end the app."""

    def compose(self) -> ComposeResult:
        for widget in super().compose():
            yield _Found() if isinstance(widget, CommandList) else widget

    def _action_command_list(self, action: str) -> None:
        if self._has_parts():
            super()._action_command_list(action)

    def _action_cursor_down(self) -> None:
        if self._has_parts():
            super()._action_cursor_down()

    def _on_click(self, event: events.Click) -> None:  # type: ignore[override]
        """Leaves out a click where nothing is any more: it would end the app."""
        try:
            self.get_widget_at(event.screen_x, event.screen_y)
        except NoWidget:
            event.prevent_default()

    def set_timer(self, delay: float, callback: TimerCallback | None = None, **options: Any) -> Timer:
        """As the base class does, for a callback that draws on what may have gone by then."""
        return super().set_timer(delay, lambda: callback() if callback and self._has_parts() else None, **options)

    def _gather_commands(self, search_value: str) -> Worker[None] | None:  # type: ignore[override]
        return super()._gather_commands(search_value) if self in self.app.screen_stack else None

    def _watch__list_visible(self) -> None:
        if self._has_parts():
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        if self._has_parts():
            await super()._watch__show_busy()

    def _has_parts(self) -> bool:
        """Whether all that is drawn upon is still there."""
        return len(self.query("LoadingIndicator, CommandList, #--input")) == 3
