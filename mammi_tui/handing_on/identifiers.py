"""What may point to a person: names of films, readers and files, and what readers write in words of their own.

Cards say nothing of patients. A film's pixels are handed on as they are: what is burnt into them stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

PIXELS = "The pixels of the films are as they came: look whether names or dates are burnt into them."


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Says what of it is shown."""

    shown: bool = True
    """Whether names of films, readers and files are shown"""
    free_texts: bool = True
    """Whether notes are shown, and labels that are no words of the run"""
    words: Collection[str] = ()
    """The run's concepts, labels and classes: no free text"""
    readers: Collection[str] = ()
    """All readers; where their names are left out, each is called by its place among them"""

    def reader(self, name: str) -> str:
        return name if self.shown else f"reader {list(self.readers).index(name) + 1}"

    def note(self, text: str) -> str | None:
        """A reader's note; None where it is left out."""
        return text if self.free_texts or not text else None

    def label(self, text: str) -> str | None:
        """A reader's own label; None where it is left out."""
        return text if text in self.words else self.note(text)

    def left_out(self) -> Iterator[str]:
        """Says what is left out."""
        if not self.shown:
            yield (
                "Names of films, of readers and of the run file, warnings of the run, which may hold names, and values "
                "of attributes, which may name a place."
            )
        if not self.free_texts:
            yield "Notes, and labels in a reader's own words, as they may name persons (--keep-notes keeps them)."
        if not self.shown:
            yield PIXELS
