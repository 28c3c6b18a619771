"""The film search: all films of the probing set, and a line that leaves some of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from engine.store.reader import RunReader
from mammi_tui.film_search.language import MEANINGS
from mammi_tui.handing_on.table import Table
from mammi_tui.neurons.filter.grammar import LONGEST
from mammi_tui.notes import Note
from mammi_tui.questions.desk import LookingAt
from mammi_tui.questions.films import FilmsAsker, FilmsFound
from mammi_tui.questions.looking import Looking
from mammi_tui.questions.subjects import FilmList, FilmSearch, FilmSubject, Subject
from mammi_tui.text import clean, count, fit
from mammi_tui.views.base import View, ViewBody
from mammi_tui.views.film_lines import WORDS, FilmLines
from mammi_tui.widgets.heads import Heads
from mammi_tui.widgets.typed_line import TypedLine

MOST_WAYS = 8
AID = "missed · false positive · sure and wrong · output:effusion>0.8 · label: view: patient: report: · | or · ! not"


class SearchLine(TypedLine):
    """The search. It finds while the reader types."""

    BINDING_GROUP_TITLE = "Film search"
    HELP = """
    Words that a film must have in its name, labels, patient or view, fields, and what is wrong with it. All of them
    must hold.
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "leave", "To the films", id="film-search.keep", tooltip="To the films that are found"),
        Binding("up", "earlier", "Earlier", show=False, id="film-search.earlier", tooltip="The search before"),
        Binding("escape", "clear", "Clear", id="film-search.clear", tooltip="Clear; once more: to the films"),
    ]
    earlier: Sequence[str] = ()
    """Searches that the reader has left, the latest last"""

    class Left(Message):
        """The reader goes on to the films."""

    def action_leave(self) -> None:
        if self.value:
            self.earlier = [*(each for each in self.earlier if each != self.value), self.value]
        self.post_message(self.Left())

    def action_earlier(self) -> None:
        """Puts the search before in the place of the line; before the first the last."""
        if self.earlier:
            place = self.earlier.index(self.value) if self.value in self.earlier else 0
            self.value = self.earlier[place - 1]
            self.cursor_position = len(self.value)

    def action_clear(self) -> None:
        if self.value:
            self.value = ""
        else:
            self.action_leave()


class FilmsBody(ViewBody):
    DEFAULT_CSS = """
    FilmsBody {
        SearchLine { height: 1; border: none; padding: 0 1; background: $panel; }
        #films-aid { height: 1; width: 1fr; padding: 0 1; background: $panel; color: $foreground 62%; }
    }
    """

    def __init__(self, reader: RunReader) -> None:
        super().__init__(reader)
        self.line = SearchLine(id="film-search", compact=True, most=LONGEST, placeholder="a name, a label, or as below")
        self.lines = FilmLines(id="films")
        self._aid = Static(AID, id="films-aid", markup=False)
        self._heads = Heads(self.lines, lambda width: " " + self.lines.heads(width))
        self._search = FilmSearch()
        """What the line and the order on screen ask for"""
        self._found: FilmsFound | None = None

    def compose(self) -> ComposeResult:
        yield self.line
        yield self._aid
        yield self._heads
        yield self.lines

    @property
    def reading(self) -> Widget:
        """The line, until there is a search."""
        return self.line if self.screen.focused is self.line or not self._search.query else self.lines

    def begin(self) -> bool:
        """Puts the cursor into the line at once, so that what is typed next goes there. It replaces the last search."""
        self.screen.set_focus(self.line)
        self.line.action_select_all()
        return True

    @on(LookingAt)
    def take_up(self, message: LookingAt) -> None:
        """Shows the search that is looked at, which may come from elsewhere."""
        subject = message.sight.subject
        if isinstance(subject, FilmSearch) and subject != self._search:
            self._search = subject
            if self.screen.focused in (self.line, self.lines):  # `has_focus` follows later
                self.screen.set_focus(self.lines if subject.query else self.line)
            if self.line.value != subject.query:
                with self.line.prevent(Input.Changed):
                    self.line.value = subject.query
                self.line.cursor_position = len(subject.query)

    @on(FilmsFound)
    def show_films(self, message: FilmsFound) -> None:
        self._found = message
        if self.sight is not None and self.sight.subject == message.question:
            self.shown = self.sight
        if not self.lines.row_count() and self.lines.found is None:
            self.line.complete_with(message.searcher.completions)
        self.lines.show(message.found, message.searcher)
        self._heads.redraw()
        self._draw_aid()
        self.changed()

    def _draw_aid(self) -> None:
        problem, query = self._found.found.problem if self._found else "", self._search.query
        ways = self._found.searcher.completions(query) if self._found and self.line.has_focus else ()
        start = len(query) - len(query.rpartition(" ")[2])
        text = " · ".join(clean(way[start:]) for way in ways[:MOST_WAYS])
        said = f"⇥ {text}" if text else clean(problem) or AID
        self._aid.update(Content(fit(said, max(0, self.size.width - 2))))

    def on_resize(self, _: events.Resize) -> None:
        self._draw_aid()

    @property
    def is_old(self) -> bool:
        """α and β do not matter to a search."""
        return self.shown is not None and self.sight is not None and self.shown.subject != self.sight.subject

    # What the reader does

    @on(Input.Changed)
    def search(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._search.query:
            self._ask(FilmSearch(event.value, self._search.order, self._search.flipped))

    @on(Input.Submitted)
    def keep(self, event: Input.Submitted) -> None:
        event.stop()
        self.go_to_films()

    @on(SearchLine.Left)
    def go_to_films(self) -> None:
        self.screen.set_focus(self.lines)

    @on(FilmLines.SearchWanted)
    def go_to_line(self) -> None:
        self.screen.set_focus(self.line)

    @on(FilmLines.OrderWanted)
    def sort(self, event: FilmLines.OrderWanted) -> None:
        event.stop()
        order, found = event.order, self._found.found if self._found else None
        again = found is not None and order == found.order and self._search.order == order
        self._ask(FilmSearch(self._search.query, order, again and not self._search.flipped))

    def _ask(self, search: FilmSearch) -> None:
        self._search = search
        self.post_message(self.SubjectWanted(search))

    @on(FilmLines.Chosen)
    def open_film(self, event: FilmLines.Chosen) -> None:
        event.stop()
        image, found = self.lines.here(), self.lines.found
        if image is not None and found is not None:
            title = f"films of {self._search.query}" if self._search.query else "films of the probing set"
            self.post_message(self.SubjectWanted(FilmSubject(image), FilmList.of(title, found.images)))

    def subtitle(self, room: int) -> str:
        if self._found is None:
            return ""
        found, films = self._found.found, len(self._found.searcher.index)
        whose = ""
        if found.order in ("output", "sure") and found.number is not None:
            whose = f" of {clean(self._found.searcher.index.classes[found.number])}"
        backwards = ", backwards" * self._search.flipped
        number = f"{len(found.images):,} of {count(films, 'film')}"
        long = f"{number} · sorted by {WORDS[found.order]}{whose}{backwards}"
        return long if len(long) <= room else number

    def table(self) -> Table | None:
        """The films found, with their outputs."""
        if self._found is None:
            return None
        index, classes = self._found.searcher.index, self._found.searcher.index.classes
        columns = {"image": "INTEGER", "path": "VARCHAR", "labels": "VARCHAR[]", "wrong": "VARCHAR[]"}
        columns |= {f"p_{name}": "DOUBLE" for name in classes}
        rows = [
            (
                *(image, index.paths[image], index.labels_of(image)),
                [f"{'missed' if each.missed else 'false'} {classes[each.number]}" for each in index.wrong_in(image)],
                *(index.outcomes.probabilities[image].astype(float).tolist() if index.outcomes else ()),
            )
            for image in self._found.found.images.tolist()
        ]
        return Table("films", columns, rows, self._search.query or "all")


def search_of(looking: Looking) -> Subject:
    """The last search, which the reader may change."""
    return looking.search


HELP = Note(
    "Film search",
    (
        ("effusion 0012", "Every word must be in the name, a label, the patient or the view."),
        *MEANINGS.items(),
        ("missed effusion", "A class behind one of these; the first letters do where they are enough."),
        ("output:effusion>0.8", "A probability, also effusion>80%; without a class, any: output:>0.9"),
        ("label: name: patient:", "A text in one of them. label:none finds films without labels."),
        ("view: report:", "The view, such as view:pa; a text in the report."),
        ("a|b  !a  (a b)", "One of them; without it; brackets group."),
    ),
)  # fmt: skip
FILMS = View(
    name="films",
    title="Films",
    purpose="Search all films: by name, label, patient, output, and what is wrong",
    body=FilmsBody,
    takes=(FilmSearch,),
    asks=(FilmsAsker,),
    key="F",
    again="change the search",
    instead=search_of,
    room="all",
    help=HELP,
)
