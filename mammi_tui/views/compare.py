"""The comparison with another run: what became of each neuron's words, and because of what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.message import Message

from engine.comparing.matching import FLOOR
from engine.store.reader import RunReader
from mammi_tui.changes.filter import ChangeFilter, parse
from mammi_tui.changes.order import BY_CHANGE, Order, in_order
from mammi_tui.changes.table import COLUMNS, table_rows
from mammi_tui.changes.words import after, correlation, in_short, signed, words
from mammi_tui.handing_on.table import Table
from mammi_tui.images.base import ImageBackend
from mammi_tui.images.films import Films
from mammi_tui.neurons.rows import Neuron
from mammi_tui.notes import Note
from mammi_tui.questions.comparison import (
    FILMS_KEPT,
    ComparisonAnswered,
    ComparisonAsker,
    ComparisonQuestion,
    Faced,
    FilmsFaced,
)
from mammi_tui.questions.subjects import ComparisonSubject, FilmList, FilmSubject
from mammi_tui.text import clean, count, decimal
from mammi_tui.views.base import View, ViewBody
from mammi_tui.views.change_list import ChangeList, title_of
from mammi_tui.views.facing import Facing, Said
from mammi_tui.widgets.heads import Heads
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid

if TYPE_CHECKING:
    from engine.comparing.compare import Comparison, LayerChanges, Row

HELP = Note(
    "Comparison",
    (
        ("words there", "Those of its match in the other run, at that run's own cuts unless you moved them."),
        ("r", f"The correlation of the activations of a neuron and its match over the films that both runs have; below "
              f"{FLOOR:g} nothing counts as a match."),
        ("because", "Images, texts, activations and each cut are exchanged between the runs one by one. What changes "
                    "the words of both runs alone is the cause; together: only several at once change them."),
        ("score", "By how much the best concept's score moved."),
    ),
)  # fmt: skip


class CompareBody(ViewBody):
    """What differs between the runs, the changed neurons, and the films of one of them in both runs."""

    DEFAULT_CSS = """
    CompareBody {
        & #differs, & #exchanged { height: 3; }
    }
    """

    @dataclass
    class LineWanted(Message):
        """The reader wants to type a filter, or to choose an order."""

        what: str

    @dataclass
    class FacedWanted(Message):
        """Other films are to face each other; None for none."""

        faced: Faced | None

    def __init__(self, reader: RunReader) -> None:
        super().__init__(reader)
        self.differs = Said(id="differs")
        self.list = ChangeList(id="changes")
        self.exchanged = Said(id="exchanged")
        self.query_text, self._filter, self.order = "", ChangeFilter(), BY_CHANGE
        self._heads = Heads(self.list, self.list.heads)
        self._comparison: Comparison | None = None
        self._layers: dict[int, LayerChanges] = {}
        self._reasons: dict[int | None, str] = {}
        """Why there is no comparison, by the position of the layer; None for the whole run"""
        self._question: ComparisonQuestion | None = None
        """What is drawn"""
        self._backend: ImageBackend | None = None
        self._facing: Facing | None = None
        self._shared: FilmsFaced | None = None

    def use_backend(self, backend: ImageBackend) -> None:
        self._backend = backend

    def compose(self) -> ComposeResult:
        yield self.differs
        yield self._heads
        yield self.list
        yield self.exchanged

    # Answers

    @on(ComparisonAnswered)
    def take(self, message: ComparisonAnswered) -> None:
        question = message.question
        if question.layer is None:
            if self._question is not None and question.subject != self._question.subject:
                self.list.go_to_first()
            self._question, self._comparison = question, message.comparison
            self._layers, self._reasons = {}, {}
        if message.changes:
            self._layers[message.changes.match.first.position] = message.changes
        if message.reason:
            self._reasons[question.layer] = clean(message.reason)
        if question.layer is not None or message.reason:  # before the first layer, what was drawn stays, dimmed
            self.shown = question.sight
            self.draw()
        self.changed()

    @property
    def compared(self) -> list[Row]:
        """All rows by layer and unit."""
        return [row for layer in sorted(self._layers) for row in self._layers[layer].rows]

    def draw(self) -> None:
        """Draws the lines that the filter leaves, in order."""
        rows = self.compared
        kept = in_order([row for row in rows if self._filter.keeps(row)], self.order)
        nothing = f"nothing matches {clean(self.query_text, 60)}" if rows else "comparing …"
        self.list.show(kept, next(iter(self._reasons.values()), nothing) if not rows else nothing)
        self._heads.redraw()
        self.differs.say(*self._head_lines(rows))
        self._say_exchanged(self.list.here())

    def _head_lines(self, rows: Sequence[Row]) -> Iterator[str]:
        comparison = self._comparison
        if comparison is None:
            yield ""
            return
        reasons = " · ".join(dict.fromkeys(self._reasons.values()))
        names = [clean(first.name) for first, _ in comparison.layers if first.position in self._reasons]
        yield in_short(rows) + (f" · left out: {', '.join(names)}" if names else "") if rows else reasons
        from mammi_tui.changes.report import difference  # with the first comparison

        found = [f"{each.what} {difference(each)}" for each in comparison.differences if each.differs]
        yield "Differs: " + " · ".join(found) if found else "The runs differ in nothing"
        if rows and reasons:
            yield f"Left out: {reasons}"

    # Filter and order

    def filter_by(self, query: str) -> str | None:
        """Shows what a filter finds. Returns what is wrong with it; None where it is right."""
        found = parse(query)
        if found.problem:
            return found.problem
        self.query_text, self._filter = query, found
        self.draw()
        self.changed()
        return None

    def sort_by(self, order: Order) -> None:
        self.order = order
        self.draw()
        self.changed()

    @on(ChangeList.Asked)
    def ask(self, event: ChangeList.Asked) -> None:
        event.stop()
        if event.what == "all":
            self.filter_by("")
        else:
            self.post_message(self.LineWanted(event.what))

    # The neuron under the cursor

    @on(ChangeList.Chosen)
    def lead_on(self, event: ChangeList.Chosen) -> None:
        event.stop()
        self.post_message(self.SubjectWanted(self._neuron(event.row)))

    def _neuron(self, row: Row) -> Neuron:
        return Neuron(self.reader.layer(row.layer).position, row.unit)

    @on(ChangeList.Highlighted)
    def face(self, event: ChangeList.Highlighted) -> None:
        event.stop()
        self._say_exchanged(event.row)
        row, question = event.row, self._question
        faced = None
        if row is not None and question is not None:
            place = row.layer, row.unit, row.other_layer, row.other_unit
            faced = Faced(question.subject, *place, (row.before, row.after))
        self.post_message(self.FacedWanted(faced))

    def _say_exchanged(self, row: Row | None) -> None:
        if row is None:
            self.exchanged.say()
            return
        scores = " → ".join(
            decimal(score, 3) if score == score else "–" for score in (row.score_before, row.score_after)
        )
        same = self._layers[self._neuron(row).layer].match.same
        r = f"r {correlation(row)}" if correlation(row) and not same else ""
        facts = (title_of(row), r, f"score {scores} ({signed(row.moved)})" if signed(row.moved) else "")
        singly = row.exchanged.items() if row.exchanged and row.changed else ()
        here = " · ".join(f"{thing}: {words(each.before)}" for thing, each in singly)
        there = " · ".join(f"{thing}: {words(each.after)}" for thing, each in singly)
        alone = (f"here with the other run's {here}", f"there with this run's {there}") if here else ()
        self.exchanged.say(" · ".join(filter(None, facts)), *alone)

    @on(FilmsFaced)
    async def show_films(self, message: FilmsFaced) -> None:
        here = self.list.here()
        if here is None or (here.layer, here.unit) != (message.question.layer, message.question.unit):
            return
        self._shared = message
        if self._facing is None or self._facing.there.grid.films is not message.other_films:
            await self._put_facing(message.other_films)
        facing = self._facing
        if facing is not None:
            (first, second), (items, others) = message.question.words, message.items
            facing.here.show(f"here: {words(first)}", items)
            facing.there.show(f"there: {after(here) if not here.is_matched else words(second)}", others)

    async def _put_facing(self, there: Films) -> None:
        """Makes the two sides when they are first needed, and again for the films of another run."""
        if self._backend is None:
            return
        if self._facing is not None:
            await self._facing.remove()
        self._facing = Facing(Films(self.reader.thumbnail, FILMS_KEPT), there, self._backend)
        await self.mount(self._facing)

    @on(ThumbnailGrid.Opened)
    def open_film(self, event: ThumbnailGrid.Opened) -> None:
        """Leads to the film, where this run has it."""
        event.stop()
        found, facing = self._shared, self._facing
        if found is None or facing is None:
            return
        title = f"films of {found.question.layer}:{found.question.unit}"
        if event.grid is facing.here.grid:
            images = [item.image for item in found.items[0]]
        else:
            images = [found.shared[item.image] for item in found.items[1] if item.image in found.shared]
        image = event.grid.items[event.index].image
        image = image if event.grid is facing.here.grid else found.shared.get(image, -1)
        if image < 0:
            self.notify("Only the other run has this film: open it there", severity="warning", markup=False)
            return
        self.post_message(self.SubjectWanted(FilmSubject(image), FilmList(title, tuple(images))))

    @on(ThumbnailGrid.Highlighted)
    def stop(self, event: ThumbnailGrid.Highlighted) -> None:
        event.stop()

    # The pane

    def table(self) -> Table | None:
        return Table("changes", COLUMNS, list(table_rows(self.list.shown))) if self._layers else None

    def dim(self, old: bool) -> None:
        self.stale = self.list.stale = self.differs.stale = self.exchanged.stale = old
        self.differs.redraw()
        self.exchanged.redraw()

    def subtitle(self, room: int) -> str:  # noqa: ARG002
        comparison = self._comparison
        if comparison is None:
            return "" if self._reasons else "opening the other run …"
        done, layers = len(self._layers) + len(self._reasons), len(comparison.layers)
        progress = [f"layer {done + 1} of {layers} …"] if done < layers else []
        found = count(len(self.list.shown), "neuron")
        filtered = [f"{found} match {clean(self.query_text, 30)}"] if self.query_text else [found]
        order = [f"by {self.order.name}"] if self.order is not BY_CHANGE else []
        return " · ".join([*filtered, *order, *progress])


COMPARE = View(
    name="compare",
    title="Changes",
    purpose="What changed from this run to another one",
    body=CompareBody,
    takes=(ComparisonSubject,),
    asks=(ComparisonAsker,),
    room="all",
    help=HELP,
)
