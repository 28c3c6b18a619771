"""Drawn films are kept for whoever comes back, a few screens full of them."""

from __future__ import annotations

from textual.geometry import Size

from mammi_tui.widgets.drawn_films import DrawnFilms, Wanted

SCREEN = Size(40, 10)


def test_a_screen_of_films_stays_drawn_and_those_of_long_ago_go() -> None:
    drawn = DrawnFilms()
    for image in range(200):
        drawn.keep(Wanted((image,), 20, 5), ["film"], SCREEN)
    kept = [image for image in range(200) if drawn.get(image, 20, 5)]
    assert kept == list(range(200 - len(kept), 200))
    assert SCREEN.area <= len(kept) * 20 * 5 <= 8 * SCREEN.area


def test_a_terminal_that_has_become_small_keeps_less() -> None:
    drawn = DrawnFilms()
    drawn.keep(Wanted(tuple(range(40)), 10, 10), ["film"] * 40, SCREEN)
    drawn.keep(Wanted((99,), 4, 2), ["film"], Size(10, 4))
    assert drawn.missing([99], 4, 2, 8) is None
    assert sum(drawn.get(image, 10, 10) is not None for image in range(40)) <= 2
