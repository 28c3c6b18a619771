"""How films are drawn in a terminal, and why: from what was asked for, the environment, and what the terminal says."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from mammi_tui.terminal.replies import Replies

if TYPE_CHECKING:
    from mammi_tui.terminal.tmux import Tmux

Kind = Literal["kitty", "sixel", "quadrant", "halfblock", "ascii", "off"]
ImagesOption = Literal["auto", "kitty", "sixel", "quadrant", "halfblock", "ascii", "off"]
Colours = Literal["truecolor", "256", "16", "none"]

IMAGES_OPTIONS: tuple[str, ...] = get_args(ImagesOption)
IMAGES_VARIABLE = "MAMMI_IMAGES"
IN_WORDS: dict[Kind, str] = {
    "kitty": "kitty pictures",
    "sixel": "sixel pictures",
    "quadrant": "quadrant blocks",
    "halfblock": "half blocks",
    "ascii": "characters",
    "off": "not drawn",
}
CELL = (10, 20)
"""A cell's width and height in pixels where nobody says: that of a VT340, as Windows Terminal has it"""

_SHARP = ("kitty", "sixel")
_PLACEHOLDERS = {"kitty": (0, 28), "ghostty": (1, 0)}
"""The terminals that have kitty's Unicode placeholders, since which version. Others take its pictures without them."""
_NAMED = re.compile(r"(?P<name>\w+)[ (](?P<major>\d+)\.(?P<minor>\d+)")
_SIXEL_CLIENTS = re.compile(r"foot|WezTerm|Konsole|iTerm2|mlterm|mintty|contour", re.I)
"""Terminals with sixels that tmux may not know to have them"""
_TRUE_COLOUR_TERMS = ("xterm-kitty", "xterm-ghostty")
"""Values of $TERM by which tmux knows that a terminal has true colours"""
_MUTE_TERMS = ("", "dumb", "unknown", "linux")
"""Values of $TERM of terminals that have no pictures, and may write what they are asked"""
_IN_TMUX = re.compile(r"(?:tmux|screen)\b", re.I)


@dataclass(frozen=True, slots=True)
class Fit:
    """How to draw films."""

    kind: Kind
    why: str
    """The reason, without a capital or a full stop"""
    warning: str = ""
    """One line, where what was asked for is not what the terminal seems to have"""
    through_tmux: bool = False
    true_colour: bool = True
    """Whether a colour of 24 bits arrives as it is"""
    cell: tuple[int, int] = CELL
    """A cell's width and height in pixels"""
    registers: int = 256
    """Colours that a sixel picture may have"""
    keeps_many: bool = True
    """Whether a whole grid of sixel pictures stays on screen: xterm keeps 16, tmux 20"""

    @property
    def is_sharp(self) -> bool:
        return self.kind in _SHARP

    def prepare(self, environment: MutableMapping[str, str]) -> None:
        """Has Textual, before it is loaded, send colours as they are, unless told otherwise: SSH drops COLORTERM."""
        if self.is_sharp and self.true_colour:
            environment.setdefault("TEXTUAL_COLOR_SYSTEM", "truecolor")

    def __str__(self) -> str:
        return f"{IN_WORDS[self.kind]}: {self.why}"


def colours(environment: Mapping[str, str]) -> Colours:
    """The colours that the terminal can show, from the environment variables that Textual and Rich read."""
    forced = environment.get("TEXTUAL_COLOR_SYSTEM", "auto").lower()
    term = environment.get("TERM", "").lower()
    if environment.get("NO_COLOR") is not None or term in ("dumb", "unknown"):
        return "none"
    if forced in ("truecolor", "256"):
        return "truecolor" if forced == "truecolor" else "256"
    if forced == "auto" and environment.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return "truecolor"
    if forced == "auto" and term.endswith(("-256color", "-kitty")):
        return "256"
    return "16"


def speaks_utf8(environment: Mapping[str, str]) -> bool:
    """Whether the locale is a UTF-8 one: the first of LC_ALL, LC_CTYPE and LANG that is set decides."""
    locale = next((value for key in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environment.get(key))), "")
    return "utf8" in locale.lower().replace("-", "")


def may_be_asked(images: str, environment: Mapping[str, str]) -> bool:
    """Whether a terminal's replies can make a difference to how films are drawn, and it can be asked without harm."""
    return images in ("auto", *_SHARP) and not _unasked(environment)


def fit(images: str, environment: Mapping[str, str], replies: Replies | None, tmux: Tmux | None) -> Fit:
    """How to draw films for `--images` `images`, one of IMAGES_OPTIONS.

    `replies` is what the terminal has said, None where it was not asked; `tmux` what tmux has, None outside it.
    """
    if images not in ("auto", *_SHARP):
        return _cells(images, environment, "asked for")
    found, why = _sharp(environment, replies, tmux)
    replies = replies or Replies()
    in_tmux = bool(environment.get("TMUX")) or replies.name.startswith("tmux")
    if images == "auto" and not found:
        return _cells("auto", environment, why)
    if images == "kitty" and colours(environment) == "none":
        cells = _cells("auto", environment, why)
        return Fit(cells.kind, cells.why, f"kitty pictures need colours, but {why}: films are {IN_WORDS[cells.kind]}")
    kind: Kind = found if images == "auto" and found else "kitty" if images == "kitty" else "sixel"
    warning = ""
    if images not in ("auto", found):
        reason = why if not found else f"{_called(replies, tmux)} is rather one for {IN_WORDS[found]}"
        warning = f"{IN_WORDS[kind]} as asked for, but {reason}. If films stay blank: --images auto"
    return Fit(
        kind,
        "asked for" if images != "auto" else why,
        warning,
        through_tmux=in_tmux,
        true_colour=_keeps_colours(replies, tmux),
        cell=replies.cell or CELL,
        registers=replies.registers or 256,
        keeps_many=not in_tmux and not replies.name.startswith("XTerm"),
    )


def cells_for(environment: Mapping[str, str]) -> Kind:
    """How films are best drawn with characters."""
    return "ascii" if _poor(environment) else "quadrant"


def _poor(environment: Mapping[str, str]) -> str:
    """Why blocks cannot be drawn; "" where they can."""
    if colours(environment) == "none":
        return _unasked(environment)
    if colours(environment) == "16":
        return "it shows fewer than 256 colours, as far as TERM and COLORTERM say"
    return "" if speaks_utf8(environment) else "the locale is not a UTF-8 one"


def _cells(images: str, environment: Mapping[str, str], why: str) -> Fit:
    """Films drawn with characters."""
    if images == "off":
        return Fit("off", why)
    if images == "auto":
        poor = _poor(environment)
        return Fit(cells_for(environment), f"{why}, and {poor}" if poor not in ("", why) else why)
    if colours(environment) == "none":
        return Fit("ascii", _unasked(environment))
    return Fit("ascii" if images == "ascii" else "halfblock" if images == "halfblock" else "quadrant", why)


def _unasked(environment: Mapping[str, str]) -> str:
    """Why the terminal is not asked; "" where it is."""
    term = environment.get("TERM", "").lower()
    if environment.get("NO_COLOR") is not None:
        return "NO_COLOR is set"
    if term in _MUTE_TERMS or environment.get("TERM_PROGRAM") == "Apple_Terminal":
        return f"TERM={term} shows no pictures" if term in _MUTE_TERMS else "Terminal.app shows no pictures"
    if environment.get("STY") and not environment.get("TMUX"):
        return "GNU screen shows no pictures"
    return ""


def _sharp(
    environment: Mapping[str, str], replies: Replies | None, tmux: Tmux | None
) -> tuple[Literal["kitty", "sixel", ""], str]:
    """The sharpest pictures that the terminal is known to show, and why those, or why none."""
    if why := _unasked(environment):
        return "", why
    if replies is None:
        return "", "there is no terminal to ask"
    if environment.get("TMUX"):
        return ("", "tmux did not say what terminal it draws on") if tmux is None else _in_tmux(replies, tmux)
    if replies.name.startswith("tmux"):
        return "", f"{replies.name} is at the other end of the connection, and cannot be asked for its terminal"
    name = replies.name or "the terminal"
    placeholders = _has_placeholders(replies.name)
    if placeholders and replies.kitty:
        return "kitty", f"{name} has them"
    if replies.sixel:
        return "sixel", f"{name} has them"
    if not (replies.complete or replies.name):
        return "", "the terminal did not reply within 200 ms"
    if placeholders is False:
        return "", f"{name} is too old for kitty pictures: 0.28 has them"
    if name.startswith("XTerm"):
        return "", f"{name} has sixel pictures where it is started with `-ti vt340`"
    return "", f"{name} has neither placeholders for kitty pictures nor sixel pictures"


def _in_tmux(replies: Replies, tmux: Tmux) -> tuple[Literal["kitty", "sixel", ""], str]:
    """The same within tmux, for the terminal that it draws on."""
    name, version = tmux.name or tmux.term or "a terminal that it does not know", f"tmux {tmux.version}"
    if _IN_TMUX.match(name):
        return "", f"{version} is within {name}"
    placeholders = _has_placeholders(tmux.name)
    if placeholders and tmux.passes and tmux.utf8:
        return "kitty", f"{name} has them, and {version} lets them through"
    if replies.sixel and "sixel" in tmux.features:
        return "sixel", f"{name} has them, and {version} too"
    if placeholders and not tmux.utf8:
        return "", f"{version} takes {name} for a terminal without UTF-8: `tmux -u` gives kitty pictures"
    if placeholders:
        return "", f"{version} keeps kitty pictures from {name}: `tmux set -g allow-passthrough on` lets them through"
    if placeholders is False:
        return "", f"{name} is too old for kitty pictures: 0.28 has them"
    if not _SIXEL_CLIENTS.match(name) and "sixel" not in tmux.features:
        return "", f"{version} draws on {name}, which is not known to have pictures"
    if not replies.sixel:
        return "", f"{version} was built without sixel pictures"
    setting = f"tmux set -as terminal-features ',{tmux.term}:sixel'"
    return "", f"{version} does not know that {name} has sixel pictures: `{setting}`, then attach anew"


def _has_placeholders(name: str) -> bool | None:
    """Whether the version of a terminal has placeholders; None for the terminals of which none has."""
    found = _NAMED.match(name)
    since = _PLACEHOLDERS.get(found["name"].lower()) if found else None
    return None if since is None or found is None else (int(found["major"]), int(found["minor"])) >= since


def _keeps_colours(replies: Replies, tmux: Tmux | None) -> bool:
    """Whether colours of 24 bits arrive as they are. Terminals that say their name have them."""
    if tmux is None:
        return bool(replies.name)
    return "RGB" in tmux.features or tmux.term in _TRUE_COLOUR_TERMS


def _called(replies: Replies, tmux: Tmux | None) -> str:
    return (tmux.name if tmux else replies.name) or "this terminal"
