"""What a program has left set in its terminal, read from the bytes that it sent."""

from __future__ import annotations

import re
from typing import NamedTuple

MODES = re.compile(rb"\x1b\[\?([\d;]+)([hl])|\x1b\[([<>])\d*u")
_SET_AT_FIRST = {7: True, 25: True}
"""A terminal wraps lines and shows its cursor unless a program says otherwise"""
_SCREENS = (47, 1047, 1049)


class Left(NamedTuple):
    """All of it is empty where the terminal is as it was."""

    modes: dict[int, bool]
    """Modes that differ from a terminal's at first, such as the alternate screen (1049) or mouse reports (1003)"""
    keyboard: int
    """Settings of the kitty keyboard protocol that were pushed and not popped"""


def left(received: bytes | bytearray) -> Left:
    """What is set after all these bytes."""
    modes = dict(_SET_AT_FIRST)
    depth = {False: 0, True: 0}  # each screen has a stack of its own
    for found in MODES.finditer(received):
        numbers, switch, push = found.groups()
        if numbers:
            modes |= {int(number): switch == b"h" for number in numbers.split(b";")}
        else:
            alternate = any(modes.get(screen) for screen in _SCREENS)
            depth[alternate] = max(0, depth[alternate] + (1 if push == b">" else -1))
    changed = {mode: on for mode, on in modes.items() if on != _SET_AT_FIRST.get(mode, False)}
    return Left(changed, sum(depth.values()))


AS_FOUND = Left({}, 0)
