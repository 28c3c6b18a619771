"""Coming back to where the reader was: the state of a run is taken up when it opens, and kept as it changes."""

from __future__ import annotations

from dataclasses import replace

from mammi_tui.keyboard.remapped_app import key_of
from mammi_tui.neurons.order import BY_UNIT, order_named
from mammi_tui.neurons.rows import LAYER_LINE, Neuron
from mammi_tui.questions.kept import kept, subject_kept
from mammi_tui.questions.subjects import FilmList, FilmSubject
from mammi_tui.screens.base import ExplorerBase
from mammi_tui.screens.panes import PANES
from mammi_tui.state.keeper import kept_of
from mammi_tui.state.record import RunState
from mammi_tui.text import clean
from mammi_tui.views.missing import importance_missing

EVERY = 3.0
"""Seconds between two looks at whether the state has changed: what a killed explorer loses at most"""


class Returning(ExplorerBase):
    """The part of the explorer that keeps the state of the run."""

    def come_back(self) -> None:
        """Takes up the state before the first frame, and keeps it from then on.

        The cuts and the neuron are in `Start` already, as the command line may name others.
        """
        state, rows, panes = self.keeper.state, self.looking.rows, self.panes
        if self.keeper.warning:
            self.warn(self.keeper.warning)
        self.neurons.line.history = state.earlier
        layers = {layer.name: layer.position for layer in rows.layers}
        rows.open |= {layers[name] for name in state.open_layers if name in layers}
        rows.order = order_named(self.start.order or state.order) or BY_UNIT
        rows.flipped = state.flipped and not self.start.order
        if self.start.order and rows.order.needs_matters and (lack := importance_missing(self.looking.reader)):
            self.warn(lack)
        if state.class_name in self.looking.reader.classes:
            self.looking.class_name = state.class_name
        if rows.order.needs_matters:
            rows.open.update(self.looking.reader.important_layers)
        if state.film_size:
            self.images.grid.set_across(state.film_size)
        if not state.films:
            self.images.turn_films_on_or_off()
        if self.view_pane.view.name == state.view:
            panes.turn_to(self.view_pane.view)
        pane = next((pane for pane in PANES if pane == state.pane), None)
        if pane is not None:
            panes.show(pane)
            self.call_after_refresh(panes.go_to, pane)
        if back := self._back():
            self.notify(back, markup=False)
        elif self.keeper.first_time and any(view.name == "checkup" for view in self.views):
            self.notify(f"{key_of(self, 'view.checkup')} a check-up of this run, in ten lines", markup=False)
        self.set_interval(EVERY, self.keep_state)

    def come_back_to_subject(self) -> None:
        """Looks at what the reader looked at that is no neuron; not where the command line names another place."""
        state, start = self.keeper.state, self.start
        if start.named or start.query or start.compared:
            return
        subject = subject_kept(state.subject, self.looking.reader, self.looking.neuron)
        view = next((view for view in self.views if view.name == state.view), None)
        if subject is None or view is None or not view.shows(subject):
            return
        if isinstance(subject, FilmSubject) and subject.neuron is None:
            self.looking.films = FilmList("films of the probing set", range(self.looking.reader.image_count))
        self.look_at(subject, view)

    def _back(self) -> str:
        """What is told of where the explorer opens; "" where it opens as new."""
        state, looking = self.keeper.state, self.looking
        if kept_of(state, RunState()) == state:
            return ""
        lost = state.concept_set and state.concept_set not in {found.name for found in looking.reader.concept_sets}
        moved = replace(looking.cuts, concept_set=None) != looking.reader.info.cuts
        asked = self.start.named or self.start.query or self.start.order
        kept = self._query() if not self.start.query else ""
        parts = (
            "All else as you left it" if asked else "Back where you were",
            f"without the concept set {clean(state.concept_set)}, which the run lacks" if lost else "",
            f"{key_of(self, 'cuts.own')} the run's own cuts" if moved else "",
            f"{key_of(self, 'filter.drop')} without the filter {clean(kept, 40)}" if kept else "",
        )
        return " · ".join(filter(None, parts))

    def come_back_to_filter(self) -> None:
        """Filters as before, once the neurons have their lines; not where the command line names a neuron."""
        if query := self._query():
            self.neurons.put_filter(query, self.looking.neuron)

    def _query(self) -> str:
        return self.start.query or ("" if self.start.named else self.keeper.state.query)

    def keep_state(self) -> None:
        """Writes where the reader is, if that has changed."""
        self.keeper.state = self._present()
        if warning := self.keeper.write():
            self.warn(warning)

    def on_unmount(self) -> None:
        self.keeper.state = self._present()
        self.keeper.write()

    def _present(self) -> RunState:
        looking, rows = self.looking, self.looking.rows
        neuron = looking.neuron
        named = neuron is not None and neuron.unit != LAYER_LINE
        cuts, own = looking.cuts, looking.reader.info.cuts
        return replace(
            self.keeper.state,
            neuron=rows.name_of(neuron) if named and isinstance(neuron, Neuron) else "",
            alpha=None if cuts.alpha == own.alpha else cuts.alpha,
            beta=None if cuts.beta == own.beta else cuts.beta,
            concept_set=cuts.concept_set or "",
            ranking=None if cuts.ranking == own.ranking else cuts.ranking,
            selection=None if cuts.selection == own.selection else cuts.selection,
            query=rows.query,
            order=rows.order.name,
            flipped=rows.flipped,
            subject=kept(looking.subject, looking.reader),
            class_name=looking.class_name,
            view=self.view_pane.view.name,
            pane=self.panes.present,
            film_size=self.images.grid.across,
            films=self.images.films_shown,
            open_layers=tuple(rows.layers[layer].name for layer in sorted(rows.open)),
        )
