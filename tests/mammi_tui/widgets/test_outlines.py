"""Boxes and contours of findings over a film."""

from __future__ import annotations

import numpy as np
import pytest
from rich.style import Style
from textual.strip import Strip

from mammi_tui.findings import Contour, Outline
from mammi_tui.images.base import Placement, place
from mammi_tui.images.quadrant import QuadrantBackend
from mammi_tui.images.shades import Shades
from mammi_tui.widgets.outlines import draw

FILM = np.full((100, 100), 120, np.uint8)
YELLOW = Style(color="yellow", bgcolor="black")


def drawn(*findings: Outline | Contour) -> list[Strip]:
    strips = QuadrantBackend(Shades.true_colour()).render(FILM, 24, 10)
    draw(strips, findings, place(FILM, 24, 10), YELLOW)
    return strips


def test_a_box_lies_where_the_finding_does() -> None:
    assert place(FILM, 24, 10) == Placement(2, 0, 20, 10)
    assert [strip.text for strip in drawn(Outline("Mass", 0.25, 0.25, 0.75, 0.75))] == [
        " " * 24,
        " " * 24,
        "       ┌Mass────┐       ",
        "       │        │       ",
        "       │        │       ",
        "       │        │       ",
        "       │        │       ",
        "       └────────┘       ",
        " " * 24,
        " " * 24,
    ]


def test_a_label_that_has_no_room_is_left_out() -> None:
    assert "┌───┐" in drawn(Outline("Cardiomegaly", 0.2, 0.2, 0.4, 0.6))[2].text


def test_the_film_shows_behind_the_lines() -> None:
    line = next(segment for segment in drawn(Outline("", 0.2, 0.2, 0.6, 0.6))[2] if segment.text == "─")
    assert line.style is not None
    assert line.style.color == YELLOW.color
    assert line.style.bgcolor is not None
    assert line.style.bgcolor.triplet == (121, 121, 121)


def test_a_contour_follows_its_corners_under_its_label() -> None:
    triangle = Contour("Mass", ((0.5, 0.25), (0.75, 0.75), (0.25, 0.75)))
    assert [strip.text for strip in drawn(triangle)] == [
        " " * 24,
        "         Mass           ",
        "           ⢀⡄           ",
        "          ⢀⠎⠘⡄          ",
        "         ⢀⠎  ⠘⡄         ",
        "        ⢀⠎    ⠘⡄        ",
        "       ⢀⠎      ⠘⡄       ",
        "       ⠚⠒⠒⠒⠒⠒⠒⠒⠒⠚       ",
        " " * 24,
        " " * 24,
    ]


def test_labels_lie_over_the_lines_of_all_findings() -> None:
    texts = [strip.text for strip in drawn(Outline("Mass", 0.25, 0.25, 0.75, 0.75), Outline("", 0.3, 0, 0.5, 1))]
    assert "┌Mass" in texts[2]


@pytest.mark.parametrize(
    "outline",
    [
        Outline("out", -3, -3, 4, 4),
        Outline("beside", 2, 2, 3, 3),
        Outline("inside out", 0.8, 0.8, 0.2, 0.2),
        Outline("肺肺肺", 0, 0, 1, 1),
        Outline("\x1b[31mred", 0, 0, 1, 1),
        Outline("nothing", float("nan"), 0, 1, 1),
        Outline("endless", 0, 0, float("inf"), 1),
        Contour("out", ((-9, -9), (0.5, 1e9), (7, 0.2))),
        Contour("beside", ((2, 2), (3, 2), (3, 3))),
        Contour("nowhere", ()),
        Contour("a point", ((0.5, 0.5),)),
        Contour("nothing", ((float("nan"), 0), (0.5, float("inf")), (0.1, 0.1), (0.9, 0.1))),
        Contour("肺" * 40, ((0, 0), (1, 0), (1, 1), (0, 1))),
        Contour("\x1b[31mred", ((0, 0), (1, 0), (1, 1), (0, 1))),
    ],
)
def test_no_outline_breaks_the_picture(outline: Outline | Contour) -> None:
    strips = drawn(outline)
    assert [strip.cell_length for strip in strips] == [24] * 10
    assert sum(len(strip.text) for strip in strips) <= 240
    assert "\x1b" not in "".join(strip.text for strip in strips)
