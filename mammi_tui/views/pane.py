"""Pane 2: the views, of which it shows one."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.looking import Looking
from mammi_tui.questions.subjects import FilmSearch, FilmSubject, Sight
from mammi_tui.text import clean
from mammi_tui.verdicts.standing import Judgement
from mammi_tui.views.base import View, ViewBody
from mammi_tui.views.head import Head
from mammi_tui.views.title import named, pane_title
from mammi_tui.widgets.still import Framed


class ViewPane(Framed, Vertical):
    """Its title names what is drawn, which may be an earlier neuron while the answer about the next is computed.

    Only the first view is there from the start; `mount_others` follows the first frame.
    """

    def __init__(self, looking: Looking, views: Sequence[View], first: View) -> None:
        super().__init__(id="view-pane", classes="pane")
        self.view = first
        self.bodies: dict[str, ViewBody] = {view.name: view.body(looking.reader) for view in views}
        for body in self.bodies.values():
            body.rows = looking.rows
        self.is_whole = False
        """Whether every view can be shown"""
        self.head = Head()
        self._looking = looking
        reader = looking.reader
        self._set_sizes = {None: len(reader.concepts)} | {
            found.name: len(found.concepts) for found in reader.concept_sets
        }

    def compose(self) -> ComposeResult:
        yield self.body

    async def mount_others(self) -> None:
        """Makes the other views ready to be shown."""
        await self.mount_all(body for body in self.bodies.values() if not body.is_attached)
        self.is_whole = True

    def on_mount(self) -> None:
        self.turn_to(self.view)

    def on_resize(self) -> None:
        self.draw_border()

    @property
    def body(self) -> ViewBody:
        return self.bodies[self.view.name]

    @property
    def reading(self) -> Widget:
        """The widget that takes the keys."""
        return self.body.reading

    def turn_to(self, view: View) -> None:
        self.view = view
        for name, body in self.bodies.items():
            body.display = name == view.name
        self.body.check()
        self.draw_border()

    def on_show(self) -> None:
        self.draw_border()

    def on_hide(self) -> None:
        if shown := self.body.shown or self._looking.sight:
            self._draw_said(shown)

    @on(ViewBody.Changed)
    def body_changed(self, event: ViewBody.Changed) -> None:
        event.stop()
        self.draw_border()

    def draw_border(self) -> None:
        """Draws title and subtitle."""
        shown = self.body.shown or self._looking.sight
        if shown is None:
            return
        room = self.size.width - 4
        words = [self.body.subtitle(room), "computing …" if self.body.stale else ""]
        self.frame(self._title(shown, room), " · ".join(filter(None, words)))
        self._draw_said(shown)

    def _title(self, shown: Sight, room: int) -> str:
        looking, concept_set = self._looking, shown.cuts.concept_set
        several = len(looking.reader.concept_sets) > 1 and not isinstance(shown.subject, FilmSearch)
        set_name = clean(concept_set or "all sets") if several else ""
        subject = named(shown.subject, looking.reader, looking.rows)
        return pane_title(self.view.title, subject, set_name, self._set_sizes[concept_set], room)

    def _draw_said(self, shown: Sight) -> None:
        """Draws what the reader has said of the neuron shown, with the marks of its concepts."""
        neuron = shown.subject
        if isinstance(neuron, FilmSubject) and self._looking.neuron:
            self.head.show(self._looking, self._looking.neuron, alone=True, named=True)
            return
        if not isinstance(neuron, Neuron):
            self.head.say("")
            self.body.mark({})
            return
        self.head.show(self._looking, neuron, alone=not self.region.area)
        judgement = self._looking.rows.judgements.get(neuron) or Judgement()
        self.body.mark({concept: line.deed.mark or "clear" for concept, line in judgement.concepts.items()})
