"""How films are drawn in each terminal, and why, from what it says of itself."""

from __future__ import annotations

import pytest

from mammi_tui.images.fitting import Fit, colours, fit, may_be_asked
from mammi_tui.terminal.replies import Sorter
from mammi_tui.terminal.tmux import Tmux, parsed

PLAIN = {"TERM": "xterm-256color", "LANG": "en_GB.UTF-8"}
IN_TMUX = {"TERM": "tmux-256color", "LANG": "en_GB.UTF-8", "TMUX": "/tmp/tmux-0/default,1,0"}  # noqa: S108
KITTY_TAKES, KITTY_REFUSES = "\x1b_Gi=31;OK\x1b\\", "\x1b_Gi=31;ENOTSUPPORTED:no\x1b\\"


def name(text: str) -> str:
    """The reply to XTVERSION."""
    return f"\x1bP>|{text}\x1b\\"


# What each sends in reply to QUESTIONS. Those marked * were recorded here; the others were not tried.
TERMINALS = {
    "kitty 0.35 *": (name("kitty(0.35.2)") + KITTY_TAKES + "\x1b[6;18;9t\x1b[?62;c", "kitty"),
    "kitty 0.28": (name("kitty(0.28.0)") + KITTY_TAKES + "\x1b[?62;c", "kitty"),
    "kitty 0.26 *": (name("kitty(0.26.5)") + KITTY_TAKES + "\x1b[6;18;9t\x1b[?62;c", "quadrant"),
    "Ghostty": (name("ghostty 1.2.3") + KITTY_TAKES + "\x1b[6;34;16t\x1b[?62;22;52c", "kitty"),
    "xterm as VT420 *": (name("XTerm(379)") + "\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c", "quadrant"),
    "xterm as VT340 *": (
        name("XTerm(379)") + "\x1b[?1;0;1024S\x1b[?2;0;480;312S\x1b[?63;1;2;4;6;9;15;16;22;28c",
        "sixel",
    ),
    "foot *": (name("foot(1.13.1)") + "\x1b[6;14;7t\x1b[?1;0;1024S\x1b[?2;0;1190;784S\x1b[?62;4;22c", "sixel"),
    "mlterm *": ("\x1b[6;19;10t\x1b[?1;0;1024S\x1b[?63;1;2;3;4;6;7;15;18;22;29c", "sixel"),
    "Windows Terminal 1.22": ("\x1b[6;20;10t\x1b[?61;4;6;7;14;21;22;23;24;28;32;42c", "sixel"),
    "Windows Terminal 1.18": ("\x1b[?61;6;7;21;22;23;24;28;32;42c", "quadrant"),
    "VS Code, images on": (name("xterm.js(5.6.0)") + "\x1b[?62;4;9;22c", "sixel"),
    "VS Code, images off": ("\x1b[?1;2c", "quadrant"),
    "WezTerm": (name("WezTerm 20240203-110809-5046fc22") + KITTY_TAKES + "\x1b[?65;4;6;18;22c", "sixel"),
    "Konsole": (name("Konsole 22.12.3") + KITTY_TAKES + "\x1b[?62;1;4c", "sixel"),
    "iTerm2": (name("iTerm2 3.5.10") + KITTY_TAKES + "\x1b[?62;4c", "sixel"),
    "Warp": (name("Warp(v0.2025.01.01)") + KITTY_TAKES + "\x1b[?62;c", "quadrant"),
    "mintty": (name("mintty 3.7.0") + KITTY_REFUSES + "\x1b[?64;1;2;4;6;9;15;21;22;28;29c", "sixel"),
    "Contour": (name("contour 0.6.0") + "\x1b[?64;1;4;8;18;22c", "sixel"),
    "zellij on a terminal with sixels": (name("Zellij(0.41.2)") + "\x1b[?62;4c", "sixel"),
    "zellij on one without": (name("Zellij(0.41.2)") + "\x1b[?62c", "quadrant"),
    "gnome-terminal": (name("VTE(7600)") + "\x1b[?61;1;21;22c", "quadrant"),
    "Alacritty": ("\x1b[?6c", "quadrant"),
    "urxvt": ("\x1b[?1;2c", "quadrant"),
    "tmux at the other end of SSH": (name("tmux 3.5a") + "\x1b[?1;2;4c", "quadrant"),
    "mosh": ("\x1b[?62c", "quadrant"),
    "one that says nothing": ("", "quadrant"),
}


def fitted(replies: str, environment: dict[str, str] = PLAIN, images: str = "auto", tmux: Tmux | None = None) -> Fit:
    sorter = Sorter()
    assert sorter.keys(replies) == ""
    return fit(images, environment, sorter.replies, tmux)


@pytest.mark.parametrize("terminal", TERMINALS)
def test_each_terminal_gets_the_sharpest_that_it_has(terminal: str) -> None:
    replies, kind = TERMINALS[terminal]
    found = fitted(replies)
    assert found.kind == kind, found.why
    assert found.warning == ""
    assert found.why


TMUX_REPLIES = {False: name("tmux 3.3a") + "\x1b[?1;2c", True: name("tmux 3.5a") + "\x1b[6;18;9t\x1b[?1;2;4c"}
OLD_FEATURES = "bpaste,ccolour,clipboard,cstyle,focus,title"
# What tmux prints, whether it was built with sixels, what is drawn, and what is said.
IN_TMUX_ON = {
    "kitty *": (f"3.3a\txterm-kitty\tkitty(0.35.2)\t{OLD_FEATURES}\t1\non", False, "kitty", "tmux 3.3a lets them"),
    "kitty, all": (f"3.5a\txterm-kitty\tkitty(0.35.2)\t{OLD_FEATURES}\t1\nall", True, "kitty", "lets them through"),
    "kitty, off *": (f"3.3a\txterm-kitty\tkitty(0.35.2)\t{OLD_FEATURES}\t1\noff", False, "quadrant", "through on`"),
    "kitty, tmux 3.2": (f"3.2a\txterm-kitty\tkitty(0.35.2)\t{OLD_FEATURES}\t1\n", False, "kitty", "lets them through"),
    "kitty without UTF-8": (f"3.3a\txterm-kitty\tkitty(0.35.2)\t{OLD_FEATURES}\t0\non", False, "quadrant", "tmux -u"),
    "old kitty": (f"3.3a\txterm-kitty\tkitty(0.26.5)\t{OLD_FEATURES}\t1\non", False, "quadrant", "too old"),
    "Ghostty": (f"3.5a\txterm-ghostty\tghostty 1.2.3\t{OLD_FEATURES}\t1\non", False, "kitty", "ghostty 1.2.3"),
    "foot, no sixels *": ("3.3a\tfoot\tfoot(1.13.1)\tbpaste,focus,title\t1\noff", False, "quadrant", "built without"),
    "foot *": ("3.5a\tfoot\tfoot(1.13.1)\tbpaste,focus,sixel,title\t1\noff", True, "sixel", "tmux 3.5a too"),
    "WezTerm": ("3.5a\txterm-256color\tWezTerm 2024\ttitle\t1\noff", True, "quadrant", "',xterm-256color:sixel'`"),
    "xterm *": ("3.5a\txterm\tXTerm(379)\t256,RGB,sixel,title\t1\noff", True, "sixel", "XTerm(379) has them"),
    "Alacritty": ("3.5a\talacritty\t\t256,RGB,title\t1\noff", True, "quadrant", "draws on alacritty"),
    "tmux in tmux": ("3.5a\ttmux-256color\ttmux 3.5a\t256\t1\non", True, "quadrant", "within tmux 3.5a"),
    "no client": ("3.5a\t\t\t\t\noff", True, "quadrant", "a terminal that it does not know"),
    "no reply": ("", False, "quadrant", "did not say"),
}


@pytest.mark.parametrize("terminal", IN_TMUX_ON)
def test_within_tmux_it_is_the_terminal_that_tmux_draws_on(terminal: str) -> None:
    printed, sixels, kind, said = IN_TMUX_ON[terminal]
    found = fitted(TMUX_REPLIES[sixels], IN_TMUX, tmux=parsed(printed))
    assert (found.kind, said in found.why) == (kind, True), found.why
    assert found.through_tmux or not found.is_sharp


def test_tmux_keeps_colours_as_they_are_only_where_it_knows_that_its_terminal_shows_them() -> None:
    """Kitty finds a picture by the colour of its cells."""
    known = parsed(IN_TMUX_ON["kitty *"][0])
    other = parsed("3.3a\txterm-256color\tkitty(0.35.2)\t256,title\t1\non")
    environment: dict[str, str] = {}
    fitted(TMUX_REPLIES[False], IN_TMUX, tmux=other).prepare(environment)
    assert environment == {}
    fitted(TMUX_REPLIES[False], IN_TMUX, tmux=known).prepare(environment)
    assert environment == {"TEXTUAL_COLOR_SYSTEM": "truecolor"}


@pytest.mark.parametrize(
    ("images", "terminal", "kind", "said"),
    [
        ("kitty", "kitty 0.35 *", "kitty", ""),
        ("sixel", "foot *", "sixel", ""),
        ("kitty", "foot *", "kitty", "foot(1.13.1) is rather one for sixel pictures"),
        ("sixel", "Alacritty", "sixel", "has neither"),
        ("kitty", "tmux at the other end of SSH", "kitty", "cannot be asked"),
        ("quadrant", "kitty 0.35 *", "quadrant", ""),
        ("off", "foot *", "off", ""),
    ],
)
def test_what_is_asked_for_is_done_and_a_line_says_where_the_terminal_seems_to_lack_it(
    images: str, terminal: str, kind: str, said: str
) -> None:
    found = fitted(TERMINALS[terminal][0], images=images)
    assert found.kind == kind
    assert (said in found.warning) if said else not found.warning
    assert "\n" not in found.warning


def test_kitty_pictures_are_not_drawn_without_colours() -> None:
    found = fitted("", PLAIN | {"NO_COLOR": "1"}, "kitty")
    assert found.kind == "ascii"
    assert "NO_COLOR is set" in found.warning


@pytest.mark.parametrize(
    ("images", "environment", "asks"),
    [
        ("auto", PLAIN, True),
        ("kitty", PLAIN, True),
        ("auto", IN_TMUX, True),
        ("auto", IN_TMUX | {"STY": "1.pts-1"}, True),
        ("quadrant", PLAIN, False),
        ("ascii", PLAIN, False),
        ("off", PLAIN, False),
        ("auto", PLAIN | {"TERM": "dumb"}, False),
        ("auto", PLAIN | {"TERM": "linux"}, False),
        ("auto", {}, False),
        ("auto", PLAIN | {"NO_COLOR": ""}, False),
        ("auto", PLAIN | {"TERM_PROGRAM": "Apple_Terminal"}, False),
        ("auto", PLAIN | {"TERM": "screen-256color", "STY": "1.pts-1"}, False),
    ],
)
def test_a_terminal_is_asked_only_where_its_replies_can_make_a_difference(
    images: str, environment: dict[str, str], asks: bool
) -> None:
    assert may_be_asked(images, environment) is asks
    if not asks:
        assert fit(images, environment, None, None).why


TRUE_COLOUR = PLAIN | {"COLORTERM": "truecolor"}


@pytest.mark.parametrize(
    ("environment", "depth"),
    [
        (TRUE_COLOUR, "truecolor"),
        (PLAIN, "256"),
        ({"TERM": "xterm-kitty"}, "256"),
        (PLAIN | {"TEXTUAL_COLOR_SYSTEM": "truecolor"}, "truecolor"),
        (TRUE_COLOUR | {"TEXTUAL_COLOR_SYSTEM": "256"}, "256"),
        ({"TERM": "vt100"}, "16"),
    ],
)
def test_colours_go_by_the_variables_that_textual_reads(environment: dict[str, str], depth: str) -> None:
    assert colours(environment) == depth
