"""What stands below a film: its rank, its labels, what identifies it, and its activation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rich.cells import cell_len

from mammi_tui.film_labels import short_list
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, fit, significant

PAGE = 24
"""Films whose names are told apart from each other; only the pages that are drawn are read"""
NARROW = 12
"""Cells below which a caption leaves out the activation"""

_ENDING = re.compile(r"(?<=[^/])(\.[A-Za-z][A-Za-z0-9]{1,4}){1,2}$")
"""The ending of a file's name, such as .png or .nii.gz; the numbers of a DICOM identifier are none"""
LEAST_NAME, LEAST_FOLDER = 10, 8
"""Cells that a film's name keeps beside its labels, and cells below which its folder is left out"""

Words = list[tuple[str, str]]
"""Clean texts, each with its kind: rank, labels, path or activation"""


@dataclass(frozen=True, slots=True)
class ThumbnailItem:
    """One representative image, as its tile shows it."""

    image: int
    path: str
    activation: float
    labels: tuple[str, ...]
    """The telling ones first"""
    rank: int = 0
    """Among all images, from 1 for the highest activation; 0 where that is its place in the list"""


class Captions:
    """The captions of a sequence of films, made when they are drawn."""

    def __init__(self, items: Sequence[ThumbnailItem]) -> None:
        self._items = items
        self._pages: dict[int, _Page] = {}

    def below(self, index: int, width: int) -> tuple[Words, Words]:
        """The two lines below a film of `width` cells."""
        item, page = self._items[index], self._page(index)
        rank = f"#{item.rank or index + 1:,} "
        rank = rank if page.names_findings(width - len(rank)) else ""  # the finding goes before the rank
        labels = short_list([*map(clean, item.labels)], width - len(rank), page.labels)
        activation = f" {significant(item.activation)}" if width >= NARROW else ""
        room = width - len(activation)
        name = page.names.fit(page.names[index % PAGE], room)
        return [("rank", rank), ("labels", labels)], [("path", name), ("activation", activation)]

    def line(self, index: int, width: int) -> Words:
        """One line of `width` cells in place of a film."""
        item, page = self._items[index], self._page(index)
        rank = f"#{item.rank or index + 1:,}".rjust(max(page.rank_cells, len(f"#{len(self._items):,}"))) + "  "
        activation = significant(item.activation).ljust(page.activation_cells) + "  "
        room = max(0, width - len(rank) - len(activation))
        full, short = page.label_cells
        cells = min(full, max(room // 2, min(short, room - LEAST_NAME)))
        labels = fit(short_list([*map(clean, item.labels)], cells, page.labels), cells) + "  " * bool(cells)
        name_cells = min(page.names.longest, max(0, room - cell_len(labels)))
        name = page.names.fit(page.names[index % PAGE], name_cells)
        words = [("rank", rank), ("activation", activation), ("labels", labels), ("path", name)]
        folder = clean(item.path.rpartition("/")[0])
        room -= cell_len(labels) + name_cells
        return [*words, ("folder", f"  {folder}")] if folder and room >= LEAST_FOLDER else words

    def _page(self, index: int) -> _Page:
        number = index // PAGE
        if number not in self._pages:
            first = number * PAGE
            self._pages[number] = _Page([self._items[i] for i in range(first, min(first + PAGE, len(self._items)))])
        return self._pages[number]


class _Page:
    """Films that stand near each other, and the names that have to be told apart."""

    def __init__(self, items: Sequence[ThumbnailItem]) -> None:
        self._items = items
        self._named: dict[int, bool] = {}

    def names_findings(self, cells: int) -> bool:
        """Whether in so many cells every film's first label is whole."""
        if cells not in self._named:
            lists = ([*map(clean, item.labels)] for item in self._items if item.labels)
            self._named[cells] = all(short_list(names, cells, self.labels).startswith(names[0]) for names in lists)
        return self._named[cells]

    @cached_property
    def labels(self) -> ShortNames:
        return ShortNames(label for item in self._items for label in item.labels)

    @cached_property
    def label_cells(self) -> tuple[int, int]:
        """The cells of the longest list of labels, and those in which every list has its first label whole."""
        lists = [[*map(clean, item.labels)] for item in self._items if item.labels]
        full = max((cell_len(", ".join(names)) for names in lists), default=0)
        others = (f" +{len(names) - 1}" if len(names) > 1 else "" for names in lists)
        short = max((cell_len(names[0] + other) for names, other in zip(lists, others, strict=True)), default=0)
        return full, short

    @cached_property
    def rank_cells(self) -> int:
        """The cells of the longest rank."""
        return max((len(f"#{item.rank:,}") * bool(item.rank) for item in self._items), default=0)

    @cached_property
    def activation_cells(self) -> int:
        """The cells of the longest activation."""
        return max((len(significant(item.activation)) for item in self._items), default=0)

    @cached_property
    def names(self) -> ShortNames:
        """What identifies each film."""
        return ShortNames(identifiers([item.path for item in self._items]), keep_end=True)


def identifier(path: str) -> str:
    """A file's name without its ending."""
    return _ENDING.sub("", path).rpartition("/")[2]


def identifiers(paths: Sequence[str]) -> list[str]:
    """What tells these files apart: their names without endings, after as many folders as that takes."""
    whole = [_ENDING.sub("", path).split("/") for path in paths]
    for taken in range(1, max(map(len, whole), default=0) + 1):
        names = ["/".join(parts[-taken:]) for parts in whole]
        if len(set(names)) == len(set(paths)):
            return names
    return list(paths)
