"""Which backend a terminal gets."""

from __future__ import annotations

import pytest

from engine.errors import ConfigError
from mammi_tui.images.choose import choose_backend

TRUE_COLOUR = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "en_GB.UTF-8"}
PALETTE = {"TERM": "tmux-256color", "LC_ALL": "C.UTF-8"}


@pytest.mark.parametrize(
    ("asked", "environment", "chosen"),
    [
        ("auto", TRUE_COLOUR, "quadrant"),
        ("auto", PALETTE, "quadrant"),
        ("auto", TRUE_COLOUR | {"NO_COLOR": "1"}, "ascii"),
        ("auto", TRUE_COLOUR | {"LC_ALL": "C"}, "ascii"),
        ("auto", {"TERM": "dumb", "LANG": "C.UTF-8"}, "ascii"),
        ("auto", {"TERM": "linux", "LANG": "C.UTF-8"}, "ascii"),
        ("auto", {}, "ascii"),
        ("quadrant", TRUE_COLOUR | {"NO_COLOR": ""}, "ascii"),
        ("quadrant", {"TERM": "linux"}, "quadrant"),
        ("halfblock", PALETTE, "halfblock"),
        ("ascii", TRUE_COLOUR, "ascii"),
        ("off", {"TERM": "dumb"}, "off"),
    ],
)
def test_the_backend_fits_the_terminal(asked: str, environment: dict[str, str], chosen: str) -> None:
    assert choose_backend(asked, environment).name == chosen


def test_an_unknown_name_is_refused_with_the_available_ones() -> None:
    with pytest.raises(ConfigError, match=r"--images: 'sixels' is none of auto, kitty, sixel"):
        choose_backend("sixels", TRUE_COLOUR)
