"""One film large over the screen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from textual.app import App
from textual.events import MouseScrollDown, MouseScrollUp
from textual.pilot import Pilot

from engine.errors import RunFileError
from engine.probing.base import Box, Polygon
from engine.store import thumbnails
from engine.store.records import ImageInfo
from mammi_tui.images.ascii import AsciiBackend
from mammi_tui.images.films import Films
from mammi_tui.screens.film import FilmScreen
from mammi_tui.widgets.captions import ThumbnailItem
from mammi_tui.widgets.thumbnail import Thumbnail

SIZE = (80, 30)
BROKEN = 102


def film(image: int) -> bytes:
    if image == BROKEN:
        raise RunFileError("image 102: cannot be read")
    return thumbnails.encode(np.full((64, 64), 200, np.uint8))


def describe(image: int) -> ImageInfo:
    boxes = (Box("Mass", 256, 256, 512, 384),) if image == 101 else ()
    polygons = (Polygon("Nodule", ((256, 256), (768, 256), (512, 768))),) if image == 103 else ()
    facts = (f"films/{image}.png", f"p{image}\x1b[31m", "PA", ("Effusion",))
    return ImageInfo(image, *facts, 1024, 1024, "", boxes, polygons)


class FilmApp(App[None]):
    def __init__(self, index: int = 0) -> None:
        super().__init__()
        items = [
            ThumbnailItem(image, f"films/{image}[b].png\x1b]0;x\x07", -1.289, ("Effusion",) if image % 2 else ())
            for image in range(100, 105)
        ]
        self.film = FilmScreen(
            "features.norm5:17",
            items,
            index,
            films=Films(film),
            describe=describe,
            backend=AsciiBackend(),
            judge=self,
        )
        self.closed_at: list[int | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.film, self.closed_at.append)

    def text(self) -> str:
        return "\n".join(strip.text for strip in self.screen._compositor.render_strips())


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.01)
    raise AssertionError("this did not happen in time")


def loaded(app: FilmApp) -> Callable[[], bool]:
    return lambda: app.film._missing() is None


async def test_it_shows_the_film_and_its_data() -> None:
    app = FilmApp(1)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, loaded(app))
        text = app.text()
        for said in (
            "features.norm5:17",
            "2 of 5",
            "activation −1.289",
            "Effusion",
            "films/101[b].png",
            "patient p101",
            "view PA",
            "1024 × 1024 pixels",
            "outlined: Mass",
            "A preview, not for diagnosis.",
            "Close",
        ):
            assert said in text
        assert "\x1b" not in text


@pytest.mark.slow
async def test_keys_step_through_the_list_and_stop_at_its_ends() -> None:
    app = FilmApp()
    async with app.run_test(size=SIZE) as pilot:
        places = []
        for key in ("right", "l", "j", "space", "down", "left", "h", "k", "up", "up", "G", "g", "end", "home"):
            await pilot.press(key)
            places.append(app.film.index)
        assert places == [1, 2, 3, 4, 4, 3, 2, 1, 0, 0, 4, 0, 4, 0]
        await until(pilot, loaded(app))
        assert "films/100[b].png" in app.text()


@pytest.mark.slow
async def test_escape_q_and_enter_close_at_the_film_shown_last() -> None:
    for key in ("escape", "q", "enter"):
        app = FilmApp()
        async with app.run_test(size=SIZE) as pilot:
            await pilot.press("l", "l", key)
            await pilot.pause()
            assert app.closed_at == [2]
            assert not isinstance(app.screen, FilmScreen)


async def test_shift_i_hides_the_data_and_shows_it_again() -> None:
    app = FilmApp()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, loaded(app))
        await pilot.press("I")
        await pilot.pause()
        assert "films/100" not in app.text()
        await pilot.press("I")
        await pilot.pause()
        assert "films/100" in app.text()


async def test_b_takes_the_outlines_away_and_puts_them_back() -> None:
    app = FilmApp(1)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, loaded(app))
        assert "┌Mass─" in app.text()
        await pilot.press("b")
        await pilot.pause()
        assert "┌Mass" not in app.text()
        await pilot.press("b")
        await pilot.pause()
        assert "┌Mass─" in app.text()


async def test_a_contour_takes_the_place_of_boxes() -> None:
    app = FilmApp(3)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, loaded(app))
        assert "outlined: Nodule" in app.text()
        dotted = app.text()
        await pilot.press("b")
        await pilot.pause()
        dots = [sum("⠀" <= character <= "⣿" for character in text) for text in (dotted, app.text())]
        assert dots[0] > 20
        assert dots[1] == 0


async def test_a_film_without_findings_has_no_key_for_outlines() -> None:
    app = FilmApp(0)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, loaded(app))
        assert not app.screen.active_bindings["b"].enabled
        await pilot.press("l")
        await until(pilot, loaded(app))
        assert app.screen.active_bindings["b"].enabled


@pytest.mark.slow
async def test_a_film_that_cannot_be_read_says_so_and_the_next_is_shown() -> None:
    app = FilmApp(2)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, loaded(app))
        assert "image 102: cannot be read" in app.text()
        await pilot.press("l")
        await until(pilot, loaded(app))
        assert "cannot be read" not in app.text()
        assert "films/103" in app.text()


async def test_the_wheel_steps_through_the_list() -> None:
    app = FilmApp()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, loaded(app))
        await pilot._post_mouse_events([MouseScrollDown, MouseScrollDown, MouseScrollUp], Thumbnail, button=0)
        assert app.film.index == 1


async def test_an_answer_that_comes_before_it_opens_or_after_it_has_closed_is_no_error() -> None:
    app = FilmApp()
    app.film.look_at("features.norm5:18", [])
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("escape")
        await pilot.pause()
        app.film.look_at("features.norm5:19", list(app.film._items))
        await pilot.pause()
        assert app.return_code is None
