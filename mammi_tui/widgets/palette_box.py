"""Textual's command palette, which looks for nothing more once it has closed."""

from __future__ import annotations

from textual.command import CommandPalette
from textual.worker import Worker


class PaletteBox(CommandPalette):
    """What is typed may come when the palette has all but gone; what it then looks for would end the app."""

    def _gather_commands(self, search_value: str) -> Worker[None] | None:  # type: ignore[override]
        return super()._gather_commands(search_value) if self in self.app.screen_stack else None
