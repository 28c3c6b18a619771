"""A terminal emulator that shows pictures: kitty's graphics by Unicode placeholders, and sixels."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from functools import cache
from typing import NamedTuple

import numpy as np
import pyte
from numpy.typing import NDArray
from PIL import Image
from wcwidth import wcwidth

from mammi_tui.images.quadrant import GLYPHS
from mammi_tui.terminal.kitty_pictures import ACCENTS, PLACEHOLDER

Pixels = NDArray[np.uint8]
_width = cache(wcwidth)

_STRING = re.compile(r"\x1b(?P<kind>[P_])(?P<body>(?:[^\x1b]|\x1b\x1b|\x1b(?![\\\x1b]))*)\x1b\\")
_SIXEL = re.compile(r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)(.)|([?-~])|([$-])")
_LOST = (255, 0, 255)
"""The colour of a placeholder whose picture the terminal does not hold"""


class Held(NamedTuple):
    """A picture that the terminal holds, and its size in cells."""

    pixels: Pixels
    columns: int
    rows: int


class _Screen(pyte.Screen):
    """Wipes what a sixel has drawn where a cell is written."""

    def __init__(self, columns: int, rows: int, cell: tuple[int, int]) -> None:
        self.cell = cell
        self.over = np.zeros((rows * cell[1], columns * cell[0], 3), dtype=np.uint8)
        self.drawn = np.zeros(self.over.shape[:2], dtype=bool)
        super().__init__(columns, rows)
        self.reset_mode(pyte.modes.DECAWM)

    def draw(self, data: str) -> None:
        self.wipe(self.cursor.x, self.cursor.y, sum(max(0, _width(character)) for character in data))
        super().draw(data)

    def wipe(self, x: int, y: int, width: int) -> None:
        self.drawn[y * self.cell[1] : (y + 1) * self.cell[1], x * self.cell[0] : (x + width) * self.cell[0]] = False

    def cursor_position(self, *numbers: int) -> None:
        super().cursor_position(*numbers[:2])


class PixelTerminal:
    """Shows what a program sends, with cells of so many pixels. Glyphs other than blocks are drawn as a bar."""

    def __init__(self, columns: int, rows: int, cell: tuple[int, int] = (10, 20), *, tmux: bool = False) -> None:
        """With `tmux`, only pictures that tmux is told to hand on are seen."""
        self.columns, self.rows, self.cell, self._tmux = columns, rows, cell, tmux
        self.screen = _Screen(columns, rows, cell)
        self._stream = pyte.Stream(self.screen)
        self.held: dict[int, Held] = {}
        self.sent: list[int] = []
        """The ids of pictures in the order in which they came"""
        self.sixels = 0
        self._partial: tuple[dict[str, str], str] | None = None

    def feed(self, text: str) -> None:
        end = 0
        for found in _STRING.finditer(text):
            self._stream.feed(text[end : found.start()])
            end = found.end()
            self._string(found["kind"], found["body"])
        self._stream.feed(text[end:])

    def _string(self, kind: str, body: str) -> None:
        if kind == "P" and body.startswith("tmux;"):
            assert self._tmux, "a sequence for tmux outside tmux"
            inner = _STRING.fullmatch(body[5:].replace("\x1b\x1b", "\x1b"))
            assert inner, "tmux is given what is no sequence"
            self._graphics(inner["body"])
        elif kind == "_":
            assert not self._tmux, "tmux keeps graphics for itself"
            self._graphics(body)
        elif re.match(r"[\d;]*q", body):
            self._sixel(body)

    def _graphics(self, body: str) -> None:
        assert body[0] == "G"
        control, _, payload = body[1:].partition(";")
        keys = dict(part.split("=", 1) for part in control.split(","))
        assert keys["q"] == "2", "the terminal would answer"
        assert len(payload) <= 4096
        if keys.get("a") == "d":
            assert keys["d"] == "I"
            self.held.pop(int(keys["i"]), None)
            return
        first, before = self._partial or (keys, "")
        payload = before + payload
        self._partial = (first, payload) if keys["m"] == "1" else None
        if self._partial is None:
            identifier = int(first["i"])
            assert (first["a"], first["U"], first["f"]) == ("T", "1", "100")
            with Image.open(io.BytesIO(b64decode(payload, validate=True)), formats=["PNG"]) as image:
                pixels = np.asarray(image.convert("RGB"))
            self.held[identifier] = Held(pixels, int(first["c"]), int(first["r"]))
            self.sent.append(identifier)

    def _sixel(self, body: str) -> None:
        head, _, data = body.partition("q")
        assert head.split(";")[1] == "1", "what is not drawn would be wiped"
        size = re.match(r'"1;1;(\d+);(\d+)', data)
        assert size
        width, height = int(size[1]), int(size[2])
        left, top = self.screen.cursor.x * self.cell[0], self.screen.cursor.y * self.cell[1]
        assert left + width <= self.columns * self.cell[0]
        assert top + height <= (self.rows - 1) * self.cell[1], "a picture in the last line makes terminals scroll"
        self.sixels += 1
        over, drawn = (
            layer[top : top + height, left : left + width] for layer in (self.screen.over, self.screen.drawn)
        )
        palette: dict[int, tuple[int, ...]] = {}
        x = y = colour = 0
        for number, *levels, count, counted, single, control in _SIXEL.findall(data[size.end() :]):
            if number:
                colour = int(number)
                if levels[0]:
                    palette[colour] = tuple(round(int(level) * 2.55) for level in levels)
            elif control:
                x, y = 0, y + (6 if control == "-" else 0)
            else:
                bits, length = ord(counted or single) - 63, int(count or 1)
                for row in range(6):
                    if bits >> row & 1:
                        over[y + row, x : x + length] = palette[colour]
                        drawn[y + row, x : x + length] = True
                x += length

    def pixels(self) -> Pixels:
        """The screen, [h, w, 3]."""
        width, height = self.cell
        shown = np.zeros((self.rows * height, self.columns * width, 3), dtype=np.uint8)
        for y in range(self.rows):
            for x in range(self.columns):
                cell = self.screen.buffer[y][x]
                place = shown[y * height : (y + 1) * height, x * width : (x + 1) * width]
                if cell.data.startswith(PLACEHOLDER):
                    place[:] = self._part(cell)
                    continue
                front, back = _colour(cell.fg, (208, 208, 208)), _colour(cell.bg, (0, 0, 0))
                if cell.reverse:
                    front, back = back, front
                place[:] = back
                if cell.data == " ":
                    continue
                if cell.data in GLYPHS:
                    for quadrant in range(4):
                        if GLYPHS.index(cell.data) >> quadrant & 1:
                            part = place[quadrant // 2 * height // 2 :][: height // 2, quadrant % 2 * width // 2 :]
                            part[:, : width // 2] = front
                elif cell.data.strip():
                    place[4:8, 1 + ord(cell.data[0]) % 5 : -1] = front
        shown[self.screen.drawn] = self.screen.over[self.screen.drawn]
        return shown

    def area(self, x: int, y: int, columns: int, rows: int) -> Pixels:
        """The pixels of a rectangle of cells."""
        width, height = self.cell
        return self.pixels()[y * height : (y + rows) * height, x * width : (x + columns) * width]

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def _part(self, cell: pyte.screens.Char) -> Pixels:
        """What a placeholder's cell shows."""
        row, column, high = (ACCENTS.index(accent) for accent in cell.data[1:])
        low = int(cell.fg, 16) if len(cell.fg) == 6 else -1
        held = self.held.get(high << 24 | low)
        width, height = self.cell
        if held is None:
            return np.full((height, width, 3), _LOST, dtype=np.uint8)
        size = held.columns * width, held.rows * height
        pixels = held.pixels
        if pixels.shape[1::-1] != size:
            pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
        return pixels[row * height : (row + 1) * height, column * width : (column + 1) * width]


def _colour(name: str, default: tuple[int, int, int]) -> tuple[int, int, int]:
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return int(name[:2], 16), int(name[2:4], 16), int(name[4:], 16)
    return default


def psnr(shown: Pixels, film: Pixels) -> float:
    """How near pixels come to others, in dB; ∞ where they are the same."""
    error = float(((shown.astype(np.float64) - film.astype(np.float64)) ** 2).mean())
    return np.inf if not error else float(10 * np.log10(255**2 / error))
