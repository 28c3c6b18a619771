"""What an update of the screen sends: the cells that it changes, and the pictures over them.

It uses Textual's internals, hence the narrow pin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter

from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderResult  # noqa: TID251 (a type)
from rich.control import Control
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from mammi_tui.terminal.pictures import Pictures, Sight
from mammi_tui.terminal.sent_cells import Cell, Run, SentCells

Placed = tuple[int, int, Strip]
"""A strip, and the column and the line where it begins"""


class LinesUpdate(CompositorUpdate):
    """Parts of lines, none of which overlap."""

    def __init__(self, placed: list[Placed]) -> None:
        self.placed = placed

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for x, y, strip in self.placed:
            yield Control.move_to(x, y)
            yield from strip

    def render_segments(self, console: Console) -> str:
        return "".join(f"\x1b[{y + 1};{x + 1}H{strip.render(console)}" for x, y, strip in self.placed)


Update = LayoutUpdate | ChopsUpdate | LinesUpdate


class ChangesOnly(CompositorUpdate):
    """Wraps an update, and sends only its changed cells, and the pictures over them."""

    def __init__(
        self,
        update: Update,
        sent: SentCells,
        size: Size,
        pictures: Pictures | None = None,
        sights: Sequence[Sight] = (),
    ) -> None:
        """`size` is the terminal's: the update may be for one from before. `sights` are the whole screen's pictures."""
        self._update = update
        self._size = size
        self._sent = sent
        self._pictures = pictures
        self._sights = sights

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return self._update.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        self._sent.resize(self._size)
        colours = console._color_system or ColorSystem.TRUECOLOR
        before = self._pictures.lay(self._sights, self._sent) if self._pictures else ""
        runs = list(self._runs())
        cells = "".join(f"\x1b[{y + 1};{x + 1}H{self._rendered(run, colours)}" for y, x, run in runs)
        after = self._pictures.after(partial(_touch, runs)) if self._pictures else ""
        return before + cells + after

    def _runs(self) -> Iterator[Run]:
        """The runs of cells to send, while pictures take the place of theirs."""
        if self._pictures:
            self._sent.cover(self._pictures.over, self._pictures.beneath)
        for x, y, strip in _strips(self._update):
            yield from ((y, column, run) for column, run in self._sent.changes(x, y, strip))
        yield from self._sent.uncovered()

    def _rendered(self, run: Iterable[Cell], colours: ColorSystem) -> str:
        texts = []
        for number, group in groupby(run, key=itemgetter(1)):
            style, text = self._sent.styles[number], "".join([character for character, _ in group])
            texts.append(text if style is None or not text else Strip.render_style(style, text, colours))
        return "".join(texts)


def _strips(update: Update) -> Iterable[Placed]:
    """The strips that an update draws."""
    if isinstance(update, LinesUpdate):
        return update.placed
    return _whole_strips(update)


def _whole_strips(update: LayoutUpdate | ChopsUpdate) -> Iterator[Placed]:
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            yield update.region.x, y, Strip.join(line)
        return
    for y in dict.fromkeys(y for y, _, _ in update.spans):
        spans = [(first, last) for line, first, last in update.spans if line == y]
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=True):
            if strip is not None and any(x < last and end > first for first, last in spans):
                yield x, y, strip


def _touch(runs: Iterable[Run], region: Region) -> bool:
    """Whether any of the runs has cells in a region."""
    return any(region.y <= y < region.bottom and x < region.right and x + len(cells) > region.x for y, x, cells in runs)
