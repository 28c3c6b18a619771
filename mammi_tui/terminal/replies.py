"""What a terminal replies when it is asked what it can draw, told apart from the keys that are typed meanwhile."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import ClassVar

_GRAPHICS = (
    "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"  # kitty graphics: whether it would take a picture of one pixel
    "\r\x1b[K"  # wipes what a terminal writes that does not know the line above
)
QUESTIONS = (
    "\x1b[>q"  # XTVERSION: its name and version
    f"{_GRAPHICS}"
    "\x1b[16t"  # the size of a cell in pixels
    "\x1b[?1;1;0S"  # XTSMGRAPHICS: colours of a sixel picture
    "\x1b[c"  # DA1: its attributes, of which 4 is sixel. Every terminal replies to it, so it comes last
)

QUESTIONS_IN_TMUX = QUESTIONS.replace(_GRAPHICS, "")
"""tmux would take the question about graphics for a title, and show it"""
_MOST_NAME = 80
"""Characters of a terminal's name that are kept"""
_LARGEST_CELL = 256
"""Pixels of a cell's side; more than that is no cell"""
_MOST_HELD = 4096
"""Characters of a reply that does not end; then it is dropped"""
_SOON = 0.1
"""Seconds after which what may be the beginning of a key is one"""
_LATER = 1.0
"""Seconds after which a reply that does not go on is dropped"""

_STRING = r"[^\x1b\x07]*"
_END = r"(?:\x1b\\|\x07)"
_REPLY = re.compile(
    r"\x1b\[\?(?P<attributes>[\d;]*)c"
    rf"|\x1bP>\|(?P<name>{_STRING}){_END}"
    rf"|\x1b_G(?P<graphics>{_STRING}){_END}"
    r"|\x1b\[6;(?P<cell>\d{1,5};\d{1,5})t"
    r"|\x1b\[\?(?P<sixel>[\d;]*)S"
)
_BEGINNINGS = rf"\x1b\[\?[\d;]*|\x1bP>(?:\|{_STRING}\x1b?)?|\x1b_G{_STRING}\x1b?"
_BEGUN = re.compile(rf"(?:{_BEGINNINGS})\Z")
"""The beginning of a reply, with which no key begins"""
_MAYBE_BEGUN = re.compile(rf"(?:{_BEGINNINGS}|\x1b(?:\[(?:6(?:;[\d;]*)?)?|P|_)?)\Z")
"""The same, or what begins replies and keys"""


@dataclass(frozen=True, slots=True)
class Replies:
    """What a terminal has said of itself. What it did not say is empty, False or None."""

    name: str = ""
    """Name and version, such as "kitty(0.35.2)" """
    kitty: bool = False
    """Whether it takes pictures by kitty's graphics protocol"""
    attributes: frozenset[int] = frozenset()
    """Of DA1"""
    cell: tuple[int, int] | None = None
    """A cell's width and height in pixels"""
    registers: int | None = None
    """Colours that a sixel picture may have"""
    complete: bool = False
    """Whether the last question was answered"""

    SIXEL: ClassVar[int] = 4

    @property
    def sixel(self) -> bool:
        return self.SIXEL in self.attributes

    def __str__(self) -> str:
        said = [self.name] if self.name else []
        said += ["kitty's graphics"] if self.kitty else []
        if self.sixel:
            said.append("sixels" + (f" of {self.registers} colours" if self.registers else ""))
        said += [f"cells of {self.cell[0]} × {self.cell[1]} pixels"] if self.cell else []
        return ", ".join(said)

    def with_reply(self, found: re.Match[str]) -> Replies:
        """These replies and one more."""
        value = found[found.lastgroup or 0]
        match found.lastgroup:
            case "attributes":
                return replace(self, attributes=frozenset(_numbers(value)), complete=True)
            case "name":
                return replace(self, name="".join(filter(str.isprintable, value))[:_MOST_NAME].strip())
            case "graphics":
                return replace(self, kitty=value.startswith("i=31;OK"))
            case "cell":
                height, width = _numbers(value)
                is_one = 0 < width <= _LARGEST_CELL and 0 < height <= _LARGEST_CELL
                return replace(self, cell=(width, height) if is_one else None)
        return self._with_sixel(_numbers(value))

    def _with_sixel(self, numbers: list[int]) -> Replies:
        """With a reply to XTSMGRAPHICS: the item, 0 where all is well, and its values."""
        match numbers:
            case [1, 0, registers] if registers > 0:
                return replace(self, registers=registers)
        return self


def _numbers(text: str) -> list[int]:
    return [int(number[:9]) for number in text.split(";") if number]


class Sorter:
    """Sorts what comes from a terminal into replies and keys, whatever the pieces that it comes in."""

    def __init__(self, expected: float = 0.0) -> None:
        """`expected`: for how many seconds replies are expected, so that what may begin one is waited for as well."""
        self.replies = Replies()
        self._expected_until = time.monotonic() + expected
        self._held = ""
        """The beginning of a reply, or what may be one"""
        self._since = 0.0
        """When it came"""

    @property
    def expects(self) -> bool:
        return not self.replies.complete and time.monotonic() < self._expected_until

    def keys(self, text: str) -> str:
        """Takes text from the terminal, or "" where nothing has come for a while; returns what of it are keys."""
        if not text:
            return self._given_up()
        before = len(self._held)
        text, place, keys = self._held + text, 0, []
        for found in _REPLY.finditer(text):
            keys.append(text[place : found.start()])
            place = found.end()
            self.replies = self.replies.with_reply(found)
        begun = (_MAYBE_BEGUN if self.expects else _BEGUN).search(text, place)
        end = begun.start() if begun else len(text)
        if end or not before:
            self._since = time.monotonic()
        self._held = text[end:] if len(text) - end <= _MOST_HELD else ""
        return "".join([*keys, text[place:end]])

    def _given_up(self) -> str:
        """What was held and goes on no more: the keys, if it may be keys."""
        is_reply = _BEGUN.fullmatch(self._held) is not None
        if not self._held or time.monotonic() - self._since < (_LATER if is_reply else _SOON):
            return ""
        held, self._held = self._held, ""
        return "" if is_reply else held
