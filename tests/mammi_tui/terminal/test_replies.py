"""Replies of a terminal never become keys, and keys never get lost among them."""

from __future__ import annotations

import pytest

from mammi_tui.terminal import replies as module
from mammi_tui.terminal.replies import Replies, Sorter

ALL = (  # of a terminal with everything
    "\x1bP>|XTerm(379)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;18;9t\x1b[?1;0;256S\x1b[?63;1;2;4c"
)
EVERYTHING = Replies("XTerm(379)", True, frozenset({63, 1, 2, 4}), (9, 18), 256, True)


class Clock:
    """Stands for the time module."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_all_that_a_terminal_says_is_kept() -> None:
    sorter = Sorter(3)
    assert sorter.keys(ALL) == ""
    assert sorter.replies == EVERYTHING
    assert str(EVERYTHING) == "XTerm(379), kitty's graphics, sixels of 256 colours, cells of 9 × 18 pixels"


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_replies_may_come_in_pieces(size: int) -> None:
    sorter = Sorter(3)
    pieces = [ALL[start : start + size] for start in range(0, len(ALL), size)]
    assert "".join(sorter.keys(piece) for piece in pieces) == ""
    assert sorter.replies == EVERYTHING


@pytest.mark.parametrize("place", range(0, len(ALL), 5))
def test_late_pieces_are_no_keys_either(place: int, clock: Clock) -> None:
    sorter = Sorter(3)
    assert sorter.keys(ALL[:place]) == ""
    clock.now += 0.09
    assert sorter.keys("") == ""
    assert sorter.keys(ALL[place:]) == ""
    assert sorter.replies == EVERYTHING


def test_late_replies_are_no_keys_long_after_they_were_expected(clock: Clock) -> None:
    sorter = Sorter(3)
    clock.now += 60
    assert sorter.keys(f"j{ALL}k") == "jk"


KEYS = {
    "letters": "jkα",
    "escape": "\x1b",
    "alt and letters": "\x1bP\x1b_\x1b[",
    "page down": "\x1b[6~",
    "ctrl page down": "\x1b[6;5~",
    "shift F4": "\x1b[1;2S",
    "arrows": "\x1b[A\x1bOB",
    "kitty's keys": "\x1b[97;5u\x1b[57399;129:1u",
    "mouse": "\x1b[<35;10;5M",
    "focus": "\x1b[I\x1b[O",
    "paste": "\x1b[200~text\x1b[201~",
    "modes that Textual asks for": "\x1b[?2026;2$y\x1b[?2048;0$y",
    "sizes that Textual asks for": "\x1b[48;40;120;720;1080t",
    "position": "\x1b[3;7R",
}


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize("expected", [0.0, 3.0])
@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
def test_all_else_is_handed_on_as_it_was(keys: str, expected: float, size: int, clock: Clock) -> None:
    sorter = Sorter(expected)
    given = "".join(sorter.keys(keys[start : start + size]) for start in range(0, len(keys), size))
    clock.now += 0.11
    assert given + sorter.keys("") == keys


def test_a_single_escape_is_handed_on_at_once_unless_replies_are_expected(clock: Clock) -> None:
    assert Sorter().keys("\x1b") == "\x1b"
    sorter = Sorter(3)
    assert sorter.keys("\x1b") == ""
    clock.now += 0.05
    assert sorter.keys("") == ""
    clock.now += 0.06
    assert sorter.keys("") == "\x1b"


def test_a_reply_that_never_ends_is_dropped_and_keys_work_again(clock: Clock) -> None:
    sorter = Sorter(3)
    assert sorter.keys("\x1bP>|never") == ""
    clock.now += 1.1
    assert sorter.keys("") == ""
    assert sorter.keys("j") == "j"
    assert sorter.keys("\x1b_G" + "x" * 5000) == ""
    assert sorter.keys("j") == "j"


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[?99999999999999999999999c",
        "\x1b[?;;;c",
        "\x1b[6;0;0t",
        "\x1b[6;99999;99999t",
        "\x1b[?1;0;S\x1b[?2;0;1S\x1b[?;S",
        "\x1b_Gi=31;\x1b\\\x1b_G\x1b\\",
        "\x1bP>|q\r:quit\n\u202e" + "x" * 500 + "\x1b\\",
    ],
)
def test_replies_that_make_no_sense_press_no_key_and_do_no_harm(hostile: str) -> None:
    sorter = Sorter(3)
    assert sorter.keys(hostile) == ""
    found = sorter.replies
    assert len(found.name) <= 80
    assert found.name.isprintable()
    assert found.cell is None or max(found.cell) < 1000
