"""Pictures by kitty's graphics protocol: each sent once, then placed by cells of text (Unicode placeholders).

The terminal shows a part of a picture in each cell that holds the placeholder. The cell's colour is the picture's id,
and accents above the placeholder number the row and the column. So what draws over a picture, moves it or takes it away
is text like any other, also for tmux. (https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders)
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

from rich.color import Color
from rich.style import Style
from textual.geometry import Region

from mammi_tui.terminal.pictures import Allowance, Sharp, Sight
from mammi_tui.terminal.sent_cells import Over, SentCells

PLACEHOLDER = "\U0010eeee"
_ABOVE = (
    "305 30D-30E 310 312 33D-33F 346 34A-34C 350-352 357 35B 363-36F 483-487 592-595 597-599 59C-5A1 5A8-5A9 "
    "5AB-5AC 5AF 5C4 610-617 657-65B 65D-65E 6D6-6DC 6DF-6E2 6E4 6E7-6E8 6EB-6EC 730 732-733 735-736 73A 73D "
    "73F-741 743 745 747 749-74A 7EB-7F1 7F3 816-819 81B-823 825-827 829-82D 951 953-954 F82-F83 F86-F87 "
    "135D-135F 17DD 193A 1A17 1A75-1A7C 1B6B 1B6D-1B73 1CD0-1CD2 1CDA-1CDB 1CE0 1DC0-1DC1 1DC3-1DC9 1DCB-1DCC "
    "1DD1-1DE6 1DFE 20D0-20D1 20D4-20D7 20DB-20DC 20E1 20E7 20E9 20F0 2CEF-2CF1 2DE0-2DFF A66F A67C-A67D "
    "A6F0-A6F1 A8E0-A8F1 AAB0 AAB2-AAB3 AAB7-AAB8 AABE-AABF AAC1 FE20-FE26 10A0F 10A38 1D185-1D189 1D1AA-1D1AD "
    "1D242-1D244 "
)
"""The protocol's accents in their order, as code points"""


def _accents() -> Iterator[str]:
    for span in _ABOVE.split():
        first, _, last = span.partition("-")
        yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))


ACCENTS = tuple(_accents())
"""ACCENTS[n] numbers row or column n"""
_CHUNK = 4096
"""Characters of a picture in one sequence"""
MOST_PICTURES, MOST_PIXELS = 240, 24_000_000
"""The terminal keeps at most so many of ours; it takes up to 4 bytes for a pixel"""
_BEHIND = 1.0
"""Seconds after which to look again whether a window behind others has come to the front"""
_ST = "\x1b\\"


class KittyPictures:
    """Keeps the pictures used last in the terminal, within bounds."""

    beneath: frozenset[int] = frozenset()

    def __init__(
        self,
        *,
        in_tmux: bool = False,
        true_colour: bool = True,
        cell: tuple[int, int] = (10, 20),
        allowance: Allowance,
        number: Callable[[int], int] = secrets.randbelow,
        is_on_screen: Callable[[], bool] = lambda: True,
    ) -> None:
        """Without `true_colour` ids are colours of the 256-colour palette. `number(n)` is random, below n.

        `is_on_screen` tells whether the terminal is given what is sent now; tmux drops it for a window behind others.
        """
        self.cell = cell
        self.over: Over = {}
        self.wait: float | None = None
        self._is_on_screen = is_on_screen
        self._arrives: bool | None = None
        """Whether what is sent now arrives; None as long as nobody has asked"""
        self._in_tmux, self._true_colour, self._allowance = in_tmux, true_colour, allowance
        self._ids: OrderedDict[bytes, tuple[int, int]] = OrderedDict()
        """The id and the number of pixels of each picture that the terminal holds, the one used last at the end"""
        # Another process picks other numbers, most likely, so that several explorers share a terminal.
        self._high = 1 + number(255)
        self._next = number(1 << 24)
        self._gone: list[int] = []
        self._shown: list[tuple[Region, tuple[Region, ...], int]] = []

    def lay(self, sights: Sequence[Sight], sent: SentCells) -> str:
        self.wait = self._arrives = None
        texts: list[str] = []
        shown = []
        for sight in sights:
            if max(sight.region.size) > len(ACCENTS):
                continue
            identifier, text = self._id_of(sight.sharp)
            texts.append(text)
            if identifier:
                shown.append((sight.region, sight.seen, identifier))
        if shown != self._shown:
            self._shown, self.over = shown, self._cells(shown, sent)
        texts += self._bounded({identifier for _, _, identifier in shown})
        return "".join(texts)

    def after(self, is_touched: Callable[[Region], bool]) -> str:  # noqa: ARG002
        return ""

    def forget(self) -> None:
        self._gone += [identifier for identifier, _ in self._ids.values()]
        self._ids.clear()
        self._shown = []

    def regained(self) -> None:
        """Sends all again where tmux stands between: it hands nothing on from a window that is not on screen."""
        if self._in_tmux:
            self.forget()

    def farewell(self) -> str:
        """Ends what has been sent in part, then deletes what the terminal holds."""
        held = [identifier for identifier, _ in tuple(self._ids.values())]
        if not held:
            return ""
        return _ST + "".join(map(self._deletion, held))

    def _id_of(self, sharp: Sharp) -> tuple[int, str]:
        """The id of a picture, and what sends it where the terminal does not hold it; 0 where that has to wait."""
        if found := self._ids.get(sharp.key):
            self._ids.move_to_end(sharp.key)
            return found[0], ""
        if self._arrives is None:
            self._arrives = self._is_on_screen()
        if not self._arrives:
            self.wait = _BEHIND
            return 0, ""
        if seconds := self._allowance.take(len(sharp.data)):
            self.wait = min(seconds, self.wait or seconds)
            return 0, ""
        identifier = self._new_id()
        self._ids[sharp.key] = identifier, sharp.pixels
        return identifier, self._transmission(identifier, sharp)

    def _new_id(self) -> int:
        """An id that is in no use, as a colour in its lower 24 bits and an accent in its upper 8."""
        used = {identifier for identifier, _ in self._ids.values()}
        while True:
            self._next += 1
            low = self._next % (1 << 24) if self._true_colour else 16 + self._next % 240
            if low and (identifier := self._high << 24 | low) not in used:
                return identifier

    def _transmission(self, identifier: int, sharp: Sharp) -> str:
        columns, rows = sharp.region.size
        keys = f"a=T,U=1,f=100,t=d,i={identifier},c={columns},r={rows},q=2"
        chunks = [sharp.data[start : start + _CHUNK] for start in range(0, len(sharp.data), _CHUNK)]
        last = len(chunks) - 1
        return "".join(
            self._sequence(f"{keys if place == 0 else 'q=2'},m={int(place < last)};{chunk}")
            for place, chunk in enumerate(chunks)
        )

    def _deletion(self, identifier: int) -> str:
        return self._sequence(f"a=d,d=I,i={identifier},q=2")

    def _sequence(self, body: str) -> str:
        sequence = f"\x1b_G{body}{_ST}"
        return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}{_ST}" if self._in_tmux else sequence

    def _bounded(self, shown: set[int]) -> Iterator[str]:
        """Deletes the pictures that have not been used for longest, as far as the bounds ask for it."""
        gone, self._gone = self._gone, []
        pixels = sum(size for _, size in self._ids.values())
        for key, (identifier, size) in tuple(self._ids.items()):
            if len(self._ids) <= MOST_PICTURES and pixels <= MOST_PIXELS:
                break
            if identifier not in shown:
                del self._ids[key]
                pixels -= size
                gone.append(identifier)
        return map(self._deletion, gone)

    def _cells(self, shown: Sequence[tuple[Region, tuple[Region, ...], int]], sent: SentCells) -> Over:
        over: Over = {}
        for region, seen, identifier in shown:
            style = sent.styles.number(self._style(identifier))
            high = ACCENTS[identifier >> 24]
            for part in seen:
                columns = [(x, ACCENTS[x - region.x] + high) for x in range(part.x, part.right)]
                for y in range(part.y, part.bottom):
                    text = PLACEHOLDER + ACCENTS[y - region.y]
                    over.setdefault(y, {}).update((x, (text + accents, style)) for x, accents in columns)
        return over

    def _style(self, identifier: int) -> Style:
        low = identifier & 0xFFFFFF
        if not self._true_colour:
            return Style(color=Color.from_ansi(low))
        return Style(color=Color.from_rgb(low >> 16, low >> 8 & 255, low & 255), bgcolor=Color.from_rgb(0, 0, 0))
