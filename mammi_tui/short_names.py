"""Names in a column: shortened so that different names never look the same where that is possible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import overload

from rich.cells import cell_len, chop_cells

from mammi_tui.text import ELLIPSIS, clean, fit

LEAST_CUT = 4
"""Cells below which a name is only cut at its end"""

Cut = Callable[[str], str]


class ShortNames(Sequence[str]):
    """Names from outside that may stand in one column: as a sequence, clean and in the order given.

    A name has the same short form wherever the column is as wide. A name that does not fit loses its end; with
    `keep_end`, its beginning. Where that makes different names look the same, they lose their middles, or what they
    have in common.
    """

    def __init__(self, names: Iterable[str], *, keep_end: bool = False) -> None:
        self._clean: list[str] = [clean(name) for name in names]
        self._keep_end = keep_end
        self._different = list(dict.fromkeys(self._clean))
        self.longest = max(map(cell_len, self._different), default=0)
        """Cells of the longest name"""
        self._by_width: dict[int, dict[str, str]] = {}

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self._clean[index]

    def __len__(self) -> int:
        return len(self._clean)

    def fit(self, name: str, width: int, *, right: bool = False) -> str:
        """A clean name in exactly `width` cells. A name that was not among those given is cut in the usual way."""
        if width >= self.longest or width < LEAST_CUT:
            return fit(name, width, right=right, keep_end=self._keep_end)
        return fit(self._at(width).get(name, name), width, right=right, keep_end=self._keep_end)

    def within(self, width: int) -> list[str]:
        """All names in at most `width` cells."""
        return [self.fit(name, width).rstrip() for name in self]

    def _at(self, width: int) -> dict[str, str]:
        """The names that are too long for `width` cells, each with its short form."""
        if width not in self._by_width:
            self._by_width[width] = shortened(self._different, width, keep_end=self._keep_end)
        return self._by_width[width]


def shortened(names: Iterable[str], width: int, *, keep_end: bool = False) -> dict[str, str]:
    """A short form of at most `width` cells for each of these different names that is longer."""
    long = [name for name in names if cell_len(name) > width]
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for name in long:
        alike[fit(name, width, keep_end=keep_end)].append(name)
    found = {group[0]: short for short, group in alike.items() if len(group) == 1}
    taken = set(found.values())
    for group in alike.values():
        if len(group) > 1:
            found |= _apart(group, width, taken)
            taken.update(found[name] for name in group)
    return found


def _apart(group: Sequence[str], width: int, taken: set[str]) -> dict[str, str]:
    """Short forms of names that have the same beginning or end: by the first cut that tells most of them apart."""
    best: dict[str, str] = {}
    most = -1
    for cut in _cuts(group, width):
        forms = {name: cut(name) for name in group}
        different = len(set(forms.values()) - taken)
        if different > most:
            best, most = forms, different
        if most == len(group):
            break
    return best


def _cuts(group: Sequence[str], width: int) -> Iterator[Cut]:
    """Ways to shorten names, the most readable first."""
    half = (width - 1) // 2
    for end in (*range(half, width - 1), *range(half - 1, 0, -1)):
        yield partial(_without_middle, beginning=width - 1 - end, end=end)
    yield partial(_from, start=max(1, _common(group) - 1), width=width)


def _common(names: Sequence[str]) -> int:
    """The number of characters with which all of these different names begin."""
    first, last = min(names), max(names)
    return next(place for place in range(len(last)) if not first.startswith(last[: place + 1]))


def _without_middle(name: str, beginning: int, end: int) -> str:
    """The beginning and the end of a name, of at most that many cells."""
    return _head(name, beginning) + ELLIPSIS + _tail(name, end)


def _from(name: str, start: int, width: int) -> str:
    """A name's first character, and what stands from `start` on."""
    return fit(name[0] + ELLIPSIS + name[start:].lstrip(), width).rstrip()


def _head(name: str, cells: int) -> str:
    """As much of a name's beginning as fits."""
    return next(iter(chop_cells(name, cells)), "") if cells > 0 else ""


def _tail(name: str, cells: int) -> str:
    """As much of a name's end as fits."""
    while cell_len(name) > cells:
        name = name[1:]
    return name
