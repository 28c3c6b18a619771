"""Text on pictures: a font that has our signs, or their names in ASCII."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

from PIL import ImageDraw, ImageFont

from mammi_tui.spelling import spelled
from mammi_tui.text import ELLIPSIS, clean

_FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "arial.ttf", "Arial.ttf", "Helvetica.ttc")
"""Fonts that a system may have and that know Greek; Pillow finds them by name. Its own has Latin letters only"""
_NEEDED = "αβτ"
_NO_SIGN = "\uffff"
"""A character that no font has: drawn as the sign for a missing one"""


class Lettering:
    """Draws text in one size and colour. Texts are cleaned; what the font lacks is spelled out."""

    def __init__(self, size: int, colour: tuple[int, int, int]) -> None:
        self._font = _font(size)
        self._colour = colour
        self._missing = bytes(self._font.getmask(_NO_SIGN))
        self._shown: dict[str, str] = {}
        self.height = round(size * 1.4)
        """Pixels from one line to the next"""

    def written(self, text: str) -> str:
        """The text as the font can write it."""
        return "".join(map(self._character, clean(text, 10_000)))

    def _character(self, character: str) -> str:
        if character not in self._shown:
            lacks = not character.isspace() and bytes(self._font.getmask(character)) == self._missing
            self._shown[character] = spelled(character) if lacks else character
        return self._shown[character]

    def fitted(self, text: str, width: float) -> str:
        """One line of at most `width` pixels, cut with an ellipsis."""
        shown = self.written(text)
        if self._font.getlength(shown) <= width:
            return shown
        end = self.written(ELLIPSIS)
        room = width - self._font.getlength(end)
        fits = bisect_right(range(len(shown)), room, key=lambda length: self._font.getlength(shown[:length]))
        return shown[: max(0, fits - 1)].rstrip() + end

    def wrapped(self, text: str, width: float, lines: int) -> Iterator[str]:
        """At most so many lines of at most `width` pixels."""
        words, line = self.written(text).split(), ""
        while words and lines > 1:
            longer = f"{line} {words[0]}" if line else words[0]
            if line and self._font.getlength(longer) > width:
                yield self.fitted(line, width)
                line, lines = "", lines - 1
            else:
                line = longer
                words.pop(0)
        rest = " ".join([line, *words] if line else words)
        if rest:
            yield self.fitted(rest, width)

    def draw(self, on: ImageDraw.ImageDraw, x: int, y: int, text: str) -> None:
        """Draws text that `fitted` or `wrapped` gave."""
        on.text((x, y), text, fill=self._colour, font=self._font)


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in _FONTS:
        with suppress(OSError):
            font = ImageFont.truetype(name, size)
            missing = bytes(font.getmask(_NO_SIGN))
            if all(bytes(font.getmask(sign)) != missing for sign in _NEEDED):
                return font
    return ImageFont.load_default(size)
