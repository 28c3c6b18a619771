"""How the film of the film view is looked at: zoom, window and outlines, by keys that work in all of its parts."""

from __future__ import annotations

from engine.store.reader import RunReader
from mammi_tui.images.base import ImageBackend
from mammi_tui.images.off import OffBackend
from mammi_tui.keyboard.counting_app import counted
from mammi_tui.views.base import ViewBody
from mammi_tui.widgets.large_film import LargeFilm


class FilmLooks(ViewBody):
    """The part of the film view that holds the film."""

    def __init__(self, reader: RunReader) -> None:
        super().__init__(reader)
        self.film = LargeFilm(OffBackend(), id="film")

    def use_backend(self, backend: ImageBackend) -> None:
        self.film.backend = backend

    def action_toggle_outlines(self) -> None:
        self.film.outlined = not self.film.outlined
        self.film.draw_again()

    @counted
    def action_zoom(self, steps: int) -> None:
        self.film.zoom_by(steps)

    def action_fit(self) -> None:
        self.film.fit()

    def action_pan(self, across: float, down: float) -> None:
        self.film.pan(across, down)

    def action_window(self, level: float, width: float) -> None:
        self.film.move_window(level, width)

    def action_auto_window(self) -> None:
        self.film.auto_window()

    def action_invert(self) -> None:
        self.film.inverted = not self.film.inverted
        self.film.draw_again()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        return (self.film.has_outlines or None) if action == "toggle_outlines" else True
