"""A neuron's films, one of them large over the screen. The keys that judge work there too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.neuron import NeuronAnswered
from mammi_tui.screens.judging import Judging
from mammi_tui.text import clean
from mammi_tui.verdicts.said import NO_WORDS
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid

if TYPE_CHECKING:
    from mammi_tui.screens.film import FilmScreen


class LargeFilms(Judging):
    """The part of the explorer that opens films, and keeps the open one on the neuron that is looked at."""

    film: FilmScreen | None = None
    """The screen of a large film while it is open"""

    @on(ThumbnailGrid.Opened)
    def open_film(self, event: ThumbnailGrid.Opened) -> None:
        event.stop()
        if (neuron := self.looking.neuron) is not None:
            index = event.index
            self.once_answered("film", neuron, lambda neuron: self.images.call_later(self._show_film, neuron, index))

    def _show_film(self, neuron: Neuron, index: int) -> None:
        """Runs after the pane of images has taken the answer."""
        from mammi_tui.screens.film import FilmScreen

        looking, images = self.looking, self.images
        if self.film or neuron != looking.neuron or not images.grid.items:
            return
        self.film = FilmScreen(
            self._heading(neuron),
            images.grid.items,
            min(index, len(images.grid.items) - 1),
            films=images.films,
            describe=lambda image: looking.reader.images([image])[0],
            backend=images.backend,
            judge=self,
        )
        self.app.push_screen(self.film, self._close_film)
        self._draw_film()

    def _close_film(self, index: int | None) -> None:
        self.film = None
        self.images.grid.action_go_to(index or 0)

    def _heading(self, neuron: Neuron) -> str:
        """The neuron, its class, and the words that a verdict judges."""
        looking, rows = self.looking, self.looking.rows
        words = ", ".join(map(clean, looking.words_on_screen or ())) or NO_WORDS
        return f"{clean(f'{rows.name_of(neuron)} {rows.class_of(neuron)}'.rstrip())}: {words}"

    @on(NeuronAnswered)
    def show_films_of(self, message: NeuronAnswered) -> None:
        """Shows the films of the neuron that has just been answered."""
        if self.film:
            self.film.look_at(self._heading(message.question.neuron), message.representatives)
            self._draw_film()

    def draw_verdicts(self) -> None:
        super().draw_verdicts()
        self._draw_film()

    def _say_waiting(self, text: str) -> None:
        super()._say_waiting(text)
        if self.film and text:
            self.film.head.say(text)
        else:
            self._draw_film()

    def _draw_film(self) -> None:
        """Draws what the reader has said of the neuron whose films are shown."""
        if self.film and self.looking.neuron:
            self.film.head.show(self.looking, self.looking.neuron)
