"""Chooses the image backend that fits a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Literal, get_args

from engine.errors import ConfigError
from mammi_tui.images.ascii import AsciiBackend
from mammi_tui.images.base import ImageBackend
from mammi_tui.images.halfblock import HalfBlockBackend
from mammi_tui.images.off import OffBackend
from mammi_tui.images.quadrant import QuadrantBackend
from mammi_tui.images.shades import Shades

ImagesOption = Literal["auto", "kitty", "quadrant", "halfblock", "ascii", "off"]
Colours = Literal["truecolor", "256", "16", "none"]

IMAGES_OPTIONS: tuple[str, ...] = get_args(ImagesOption)


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


def choose_backend(name: str, environment: Mapping[str, str]) -> ImageBackend:
    """The backend for `--images name` in a terminal described by `environment`.

    auto is quadrant, or ascii where there are fewer than 256 colours or no UTF-8.
    kitty has no backend: films are drawn with quadrant blocks, and a line on stderr says so.

    Raises ConfigError for a name that is none of IMAGES_OPTIONS.
    """
    if name not in IMAGES_OPTIONS:
        raise ConfigError(f"--images: {name!r} is none of {', '.join(IMAGES_OPTIONS)}")
    depth = colours(environment)
    if name == "kitty":
        print("mammi: --images kitty is not available; the films are drawn with quadrant blocks", file=sys.stderr)
        name = "quadrant"
    if name == "off":
        return OffBackend()
    poor = depth in ("none", "16") or not speaks_utf8(environment)
    if name == "ascii" or depth == "none" or (name == "auto" and poor):
        return AsciiBackend()
    shades = Shades.ramp() if depth == "256" else Shades.true_colour()
    return HalfBlockBackend(shades) if name == "halfblock" else QuadrantBackend(shades)
