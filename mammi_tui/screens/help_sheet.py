"""What the help says, as a sheet to read and to search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from mammi_tui.notes import Note
from mammi_tui.text import clean, fit, wrap
from mammi_tui.widgets.lines import Part
from mammi_tui.widgets.sheet import Row, Sheet
from mammi_tui.words import Words, folded

MOST_TERM_CELLS = 24
LEAST_TEXT_CELLS = 20
"""Cells for an explanation beside its term; with fewer it stands below the term"""
INDENT = "  "


class HelpSheet(Sheet):
    """Shows notes, or only those of their lines that have every word that is searched."""

    BINDING_GROUP_TITLE = "Help"

    def __init__(self, notes: Sequence[Note], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._notes = notes
        self._searched = ""

    def search(self, text: str) -> None:
        self._searched = text.strip()
        self.rows_changed()
        self.action_go_to(0)

    def found(self) -> list[Note]:
        """The notes that are shown."""
        words = Words(self._searched)
        if not words.words:
            return list(self._notes)
        kept = (
            Note(note.title, [line for line in note.lines if words.score(_searchable(note.title, *line))])
            for note in self._notes
        )
        return [note for note in kept if note.lines]

    def lay_out(self, width: int) -> Sequence[Row]:
        notes = self.found()
        if not notes:
            text = f"Nothing here has {clean(self._searched, 60)!r} in it."
            return [((line, "line--muted"),) for line in wrap(text, width)]
        terms = [cell_len(term) for note in notes for term, _ in note.lines]
        cells = min(max(terms, default=0), MOST_TERM_CELLS)
        return [row for place, note in enumerate(notes) for row in self._note(note, place, cells, width)]

    def _note(self, note: Note, place: int, cells: int, width: int) -> Iterator[Row]:
        if place:
            yield ()
        yield ((note.title, "line--accent"),)
        for term, explanation in note.lines:
            yield from self._line(term, explanation, cells, width)

    def _line(self, term: str, explanation: str, cells: int, width: int) -> Iterator[Row]:
        """A term with its explanation beside it, or below it where it is too long."""
        beside = cell_len(term) <= cells and width - cells - 2 * len(INDENT) >= LEAST_TEXT_CELLS
        indent = len(INDENT) * (2 if term else 1) + (cells if beside and term else 0)
        texts = list(wrap(explanation, max(1, width - indent)))
        if term and not beside:
            yield ((fit(INDENT + term, width), "line--strong"),)
        for number, text in enumerate(texts):
            first = fit(INDENT + term, indent) if beside and not number else " " * indent
            parts: list[Part] = [(first, "line--strong"), (text, "line--text")]
            yield parts


def _searchable(title: str, term: str, explanation: str) -> str:
    return folded(f"{term} {explanation} {title} {term.replace('^', 'ctrl+')}")
