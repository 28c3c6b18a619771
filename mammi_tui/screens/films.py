"""Films that are looked at large: the way into the film view and out of it, and from one film to the next."""

from __future__ import annotations

from collections.abc import Callable

from textual import on

from engine.store.schema import BLOCK
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.examples import ExamplesAnswered
from mammi_tui.questions.neuron import NeuronAnswered
from mammi_tui.questions.subjects import FilmList, FilmSubject
from mammi_tui.screens.finding import Finding
from mammi_tui.screens.history import Place
from mammi_tui.screens.judging import Judging
from mammi_tui.screens.panes import Pane
from mammi_tui.views.film import FilmBody
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid

NO_IMAGES = "No representative images: lower α to take in the strongest ones"


class Films(Finding, Judging):
    """The part of the explorer that opens films, and keeps the open one on the neuron that is looked at."""

    film_opened_from: Pane = "images"
    """The pane to which the reader returns"""

    @property
    def film(self) -> FilmSubject | None:
        """The film that is looked at."""
        subject = self.looking.subject
        return subject if isinstance(subject, FilmSubject) else None

    @property
    def unit_meant(self) -> Neuron | None:
        """The unit under the cursor of the units behind an output, while the keys go there."""
        body = self.view_pane.body
        return body.unit_meant if self.film and isinstance(body, FilmBody) else None

    @on(FilmBody.UnitMeant)
    def mean_unit(self) -> None:
        """The line on top is about the unit under the cursor; elsewhere about the neuron whose films these are."""
        film = self.film
        if film is not None and (neuron := self.unit_meant or film.neuron) is not None:
            self.looking.neuron = neuron
            self.desk.ask()
            self.view_pane.draw_border()

    # In

    @on(ThumbnailGrid.Opened)
    def open_film(self, event: ThumbnailGrid.Opened) -> None:
        event.stop()
        if (neuron := self.looking.neuron) is not None:
            index = event.index
            self.once_answered("film", neuron, lambda neuron: self._show_film_of(neuron, index))

    def _show_film_of(self, neuron: Neuron, index: int = 0) -> None:
        """Shows a film of the neuron that has been answered, by its place in the list."""
        self._list_films(neuron)
        films = self.looking.films
        if films is None or not films.images:
            self.warn(NO_IMAGES)
            return
        if self.film is None:
            self.film_opened_from = self.panes.present
        image = films.images[min(index, len(films.images) - 1)]
        self.look_at(FilmSubject(image, neuron), step=self.film is not None)

    def _list_films(self, neuron: Neuron) -> None:
        """Makes the neuron's images the films that are stepped through: those of the range that the grid shows, and of
        its representative ones, where α leaves none and a film is looked at, its strongest."""
        looking, answer = self.looking, self.looking.answer_on_screen
        if answer is None or neuron != looking.neuron:
            return
        name, images = looking.rows.name_of(neuron), answer.images.tolist()
        title = f"representative images of {name}"
        if (others := looking.examples_on_screen) is not None:
            images, title = others.images.tolist(), f"{others.range.title.lower()} images of {name}"
        if not images and self.film and not answer.dead:
            index = looking.reader.layers[neuron.layer].first_neuron + neuron.unit
            images = looking.reader.arrays.ranked(index, 0, 0)[0][: min(24, BLOCK)].tolist()
            title = f"strongest films of {name}, none above τ"
        looking.films = FilmList(title, tuple(images))

    @on(NeuronAnswered)
    def follow_neuron(self, message: NeuronAnswered) -> None:
        """Steps through the films of the neuron that has just been answered, such as at another α."""
        if self.film is None:
            return
        if self.film.neuron == message.question.neuron:
            self._list_films(message.question.neuron)
            self.desk.ask()
        self.view_pane.draw_border()  # its words may be others

    @on(ExamplesAnswered)
    def follow_range(self, message: ExamplesAnswered) -> None:
        """Steps through the films of the range that the grid shows, once they have come for the next neuron."""
        film = self.film
        if film is None or film.neuron is None or film.neuron != message.question.neuron:
            return
        self._list_films(film.neuron)
        films = self.looking.films
        if films and films.images and film.image not in films.images:
            self.look_at(FilmSubject(films.images[0], film.neuron), step=True)
        self.desk.ask()

    # On

    @on(FilmBody.Explained)
    def note_class(self, event: FilmBody.Explained) -> None:
        """Notes the class that the reader thinks about, to which `C` leads from a neuron."""
        event.stop()
        self.looking.class_name = event.name

    @on(FilmBody.StepWanted)
    def step_film(self, event: FilmBody.StepWanted) -> None:
        """Goes to another film of the list, as far as there are films."""
        event.stop()
        films, film = self.looking.films, self.film
        if film is None or films is None or not films.images:
            return
        last = len(films.images) - 1
        if event.place is None:
            here = films.images.index(film.image) if film.image in films.images else -1
            place = max(0, min(here + event.by, last))
        else:
            place = min(event.place, last) if event.place >= 0 else last
        self.look_at(FilmSubject(films.images[place], film.neuron), step=True)

    @on(FilmBody.HeatWanted)
    def ask_heat(self, event: FilmBody.HeatWanted) -> None:
        event.stop()
        self.looking.heat = event.of
        self.desk.ask()

    def go_to_undecided(self, step: int) -> None:
        """Leaves a film that is not among the films of a neuron, and the units behind an output."""
        if self.film and (self.film.neuron is None or self.unit_meant):
            self.close_film()
        super().go_to_undecided(step)

    def show_next(self, neuron: Neuron) -> None:
        """Goes to a neuron; from a film of another one, to its films. A film that was opened from elsewhere stays.

        From a unit under the cursor to the next one of the list.
        """
        rows = self.looking.rows
        if self.unit_meant is not None and isinstance(body := self.view_pane.body, FilmBody):
            body.units.action_cursor_by(1)
            self.draw_verdicts()
        elif self.film is None or rows.is_dead(neuron):
            super().show_next(neuron)
        elif self.film.neuron is not None:
            self.looking.neuron = neuron
            self.neurons.outline.go_to(neuron)
            self.once_answered("film", neuron, self._show_film_of)
        else:
            self.draw_verdicts()

    def _judged(self) -> Neuron | None:
        """The neuron to judge, also where its message is still to come."""
        self.mean_unit()
        return super()._judged()

    # Out

    @on(FilmBody.Closed)
    def close_film(self) -> None:
        """Goes back to where the reader was before the films; to the neuron whose films these are."""
        film, place = self.film, self.history.last(lambda place: not isinstance(place.subject, FilmSubject))
        if film is None:
            return
        if film.neuron is not None or place is None:
            self._back_to_neuron(film, place)
        else:
            self.go_to_place(place)
        self.panes.go_to(self.film_opened_from if film.neuron is not None else "view")

    def _back_to_neuron(self, film: FilmSubject, place: Place | None) -> None:
        neuron, items = film.neuron or self.looking.neuron, self.images.grid.items
        if neuron is None:
            return
        view = place.view if place and place.view.shows(neuron) else None
        self.look_at(neuron, view or self.first_view(neuron))
        self.neurons.outline.go_to(neuron)
        films = self.looking.films
        if film.neuron is not None and films is not None and film.image in films.images:
            self.images.grid.action_go_to(min(films.images.index(film.image), len(items) - 1))

    def action_pane(self, pane: Pane) -> None:
        if self.film and pane != "view":
            self.close_film()
        self.panes.go_to(pane)

    def way_back(self) -> Callable[[], None]:
        """Takes back the digit that goes to a pane."""
        present, film = self.panes.present, self.film

        def go_back() -> None:
            if film is not None:
                self.look_at(film)
            self.panes.go_to(present)

        return go_back

    def action_filter(self) -> None:
        if self.film:
            self.close_film()
        super().action_filter()
