"""Pane 3: a neuron's representative images."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from mammi_tui.images.base import ImageBackend
from mammi_tui.images.films import Films
from mammi_tui.images.off import OffBackend
from mammi_tui.questions.looking import Looking
from mammi_tui.questions.neuron import NeuronAnswered
from mammi_tui.text import count, decimal
from mammi_tui.widgets.still import Framed
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid


class ImagesPane(Framed, Container):
    """Films as thumbnails, or only their names. One opens large over the screen."""

    def __init__(self, looking: Looking, backend: ImageBackend) -> None:
        super().__init__(id="images-pane", classes="pane")
        self.border_title = "3 Representative images"
        self._looking = looking
        self.backend = backend
        self.films = Films(looking.reader.thumbnail)
        self.grid = ThumbnailGrid(self.films, backend, id="images")

    def compose(self) -> ComposeResult:
        yield self.grid

    @on(NeuronAnswered)
    def show_images(self, message: NeuronAnswered) -> None:
        answer = message.answer
        images = "dead unit" if answer.dead else count(len(answer.images), "image")
        self.frame(subtitle=f"τ {decimal(answer.threshold, 4)} · {images}")
        self.grid.set_images(message.representatives)

    @property
    def films_shown(self) -> bool:
        """Whether films are drawn, not only named."""
        return self.grid.backend is self.backend

    def turn_films_on_or_off(self) -> None:
        self.grid.backend = OffBackend() if self.films_shown else self.backend
        self.grid.set_images(self.grid.items)
