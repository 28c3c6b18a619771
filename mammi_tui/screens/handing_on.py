"""Handing on what is on screen: a contact sheet, tables, copied text."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from textual import on
from textual.message import Message

from engine.decisions.examples import STRONGEST, Examples
from engine.errors import MammiError
from mammi_tui.handing_on import clipboard, copied
from mammi_tui.handing_on.new_file import new_file
from mammi_tui.handing_on.table import FORMATS, Table, films_of, neurons_on_screen, row_of
from mammi_tui.neurons.order import BY_UNIT
from mammi_tui.neurons.rows import LAYER_LINE, Neuron
from mammi_tui.questions.subjects import FilmSubject
from mammi_tui.screens.base import ExplorerBase
from mammi_tui.text import clean, count, in_words
from mammi_tui.widgets.menu_line import Choice, MenuLine

UNDERWAY = "The images are still being computed: try again"
_FORMATS = [Choice("c", "CSV"), Choice("j", "JSON"), Choice("p", "Parquet")]
_NO_NAME = re.compile(r"[^\w-]+")
LONGEST_NAME = 40
"""Characters of what a table is about in its file's name"""
_COPIES = {
    "l": Choice("l", "link that opens this"),
    "w": Choice("w", "words"),
    "r": Choice("r", "row for a spreadsheet"),
}


class HandingOn(ExplorerBase):
    """The part of the explorer that writes files and copies. Files go to the working directory, under new names."""

    @dataclass
    class Done(Message):
        """Something was handed on, or could not be."""

        text: str
        done: bool

    @on(Done)
    def say_done(self, message: Done) -> None:
        if message.done:
            self.notify(clean(message.text), markup=False)
        else:
            self.warn(message.text)

    def _off_thread(self, job: Callable[[], tuple[str, bool]]) -> None:
        """Does a job on a worker thread, and shows what it says: a line, and whether it was done."""

        def work() -> None:
            try:
                said, done = job()
            except MammiError as error:
                said, done = str(error), False
            self.post_message(self.Done(said, done))

        self.run_worker(work, name="handing on", thread=True)

    def _neuron(self) -> Neuron | None:
        """The neuron that is looked at, or whose films are; None, with a warning, if there is none."""
        subject = self.looking.neuron if isinstance(self.looking.subject, FilmSubject) else self.looking.subject
        if isinstance(subject, Neuron) and subject.unit != LAYER_LINE:
            return subject
        self.warn("No neuron is selected")
        return None

    @property
    def _run_name(self) -> str:
        return self.looking.reader.path.name.removesuffix(".duckdb")

    # The contact sheet

    def action_contact_sheet(self) -> None:
        """Writes the neuron's contact sheet."""
        neuron = self._neuron()
        if neuron is not None:
            looking = self.looking
            found = looking.examples_on_screen
            if looking.range != STRONGEST and found is None:
                self.warn(UNDERWAY)
                return
            self.notify("Drawing the contact sheet …", markup=False, timeout=2)
            self._off_thread(partial(self._draw_sheet, neuron, found))

    def _draw_sheet(self, neuron: Neuron, found: Examples | None) -> tuple[str, bool]:
        from mammi_tui.handing_on.cards import Cards
        from mammi_tui.handing_on.contact_sheet import MOST_FILMS, contact_sheet
        from mammi_tui.handing_on.identifiers import Identifiers

        looking, cuts = self.looking, self.looking.cuts
        own = self.verdict_log.reader.name
        evidence = looking.sources.evidence()
        cards = Cards(looking.reader, looking.requery, evidence, looking.rows, own, Identifiers())
        card = cards.card(neuron, cuts, MOST_FILMS, found)
        info = looking.reader.info
        heading = (
            f"{looking.reader.path.name} · {in_words(cuts)} · {info.target} ⇢ {info.vlm}",
            f"run {info.content_hash}",
        )
        sheet = contact_sheet(card, heading)
        part = f".{found.range.name.replace(' ', '-')}" if found else ""
        path = new_file(
            f"{self._run_name}.{card.layer}-{card.unit}{part}", ".png", lambda path: path.write_bytes(sheet)
        )
        films = count(min(len(card.films), MOST_FILMS), "film") + (f" ({found.range.name})" if found else "")
        return f"Contact sheet of {films}: {path}", True

    # Tables

    def action_export(self) -> None:
        """Asks for a format, and writes the table of the focused pane."""
        self.app.push_screen(MenuLine(f"Export {self.panes.named}", _FORMATS), self._export)

    def _export(self, chosen: str | None) -> None:
        if chosen is None:
            return
        table = self._table()
        if isinstance(table, str):
            self.warn(table)
        else:
            self._off_thread(partial(self._write_table, table, FORMATS[chosen]))

    def _table(self) -> Callable[[], Table] | str:
        """Gives the table of the present pane; or says why there is none."""
        looking, present = self.looking, self.panes.present
        if present == "neurons":
            table = neurons_on_screen(looking.rows, looking.reader.concepts)
            return (lambda: table) if table.rows else "No neuron is on screen: open a layer, or clear the filter"
        if present == "images":
            answer = looking.answer_on_screen
            examples = looking.examples_on_screen
            if answer is None or (looking.range != STRONGEST and examples is None):
                return UNDERWAY
            return lambda: films_of(looking.reader, answer, examples).of(answer.layer, answer.unit, answer.cuts)
        body = self.view_pane.body
        found, shown = body.table(), body.shown
        if found is None or shown is None:
            return f"{self.view_pane.view.title} has nothing to export yet: it is still being computed"
        if isinstance(shown.subject, Neuron):
            found = found.of(looking.layer_name(shown.subject.layer), shown.subject.unit, shown.cuts)
        return lambda: found

    def _write_table(self, of: Callable[[], Table], file_format: str) -> tuple[str, bool]:
        from engine.store.tables import write_table

        table = of()
        name = f"{self._run_name}.{table.what}"
        of_units = next(iter(table.columns)) == "layer"
        abouts = {tuple(row[:2]) if of_units else ("image", row[0]) for row in table.rows}
        if table.about:
            name = f"{self._run_name}.{_NO_NAME.sub('-', table.about)[:LONGEST_NAME]}.{table.what}"
        elif len(abouts) == 1 and table.what != "neurons":
            kind, number = abouts.pop()
            name = f"{self._run_name}.{kind}-{number}.{table.what}"
        path = new_file(name, f".{file_format}", lambda path: write_table(path, file_format, table.columns, table.rows))
        return f"{count(len(table.rows), 'row')} of {table.what}: {path}", True

    # Copying

    def action_copy(self) -> None:
        """Asks what to copy, and copies it."""
        neuron = self._neuron()
        if neuron is not None:
            about = f" of {self.looking.rows.name_of(neuron)}" if neuron != self.looking.subject else ""
            self.app.push_screen(MenuLine(f"Copy{clean(about)}", list(_COPIES.values())), partial(self._copy, neuron))

    def _copy(self, neuron: Neuron, chosen: str | None) -> None:
        if chosen is None:
            return
        try:
            text = {"l": self._link, "w": self._words, "r": self._row}[chosen](neuron)
        except MammiError as error:
            self.warn(str(error))
            return
        what = {"l": "the link", "w": "the words", "r": "the row"}[chosen]
        environment: Mapping[str, str] = dict(os.environ)
        self.app.copy_to_clipboard(text)
        self._off_thread(lambda: clipboard.copied(text, what, environment))

    def _link(self, neuron: Neuron) -> str:
        looking, rows = self.looking, self.looking.rows
        order = "" if rows.order is BY_UNIT else rows.order.name
        return copied.deep_link(looking.reader.path, rows.name_of(neuron), looking.cuts, rows.query, order)

    def _words(self, neuron: Neuron) -> str:
        answer = self.looking.answer_on_screen
        if answer is None:
            raise MammiError("The words are still being computed: try again")
        concepts = self.looking.reader.concepts
        words = [concepts[concept] for concept in answer.ranking[: answer.annotated].tolist()]
        if not words:
            raise MammiError(f"{self.looking.rows.name_of(neuron)} has no words to copy")
        return copied.one_line(words, ", ")

    def _row(self, neuron: Neuron) -> str:
        return copied.row(row_of(self.looking.rows, neuron, self.looking.reader.concepts))
