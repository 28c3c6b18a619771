"""How the explorer looks: at every size, in every theme, with any text."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from rich.color import Color
from rich.style import Style

from engine.errors import ConfigError
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.views.concept_list import ConceptList
from mammi_tui.widgets.line_list import LineList
from tests.support.explorer import explorer


@pytest.mark.slow
async def test_class_names_are_whole(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        for size in ((80, 24), (100, 30), (120, 40)):
            await opened.resize(size)
            assert any(re.match(r"│[ ▌]\s+13 +class 13 ", line) for line in opened.lines())


async def test_the_concepts_come_back_beside_the_neurons(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(80, 24)) as opened:
        await opened.press("3")
        assert "β cut" not in opened.text()
        await opened.press("1")
        assert "2 Concepts of layer1:3" in opened.text()


@pytest.mark.slow
async def test_a_large_film_names_its_neuron_and_its_keys(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("3", "enter")
        assert "layer1:3 class 3" in opened.lines()[2]
        for key in ("question_mark", "f1"):
            await opened.press(key)
            await opened.type("outlines")
            assert "Show or hide the findings' outlines" in opened.text()
            assert "Sort by" not in opened.text()
            await opened.press("escape", "escape")
            assert "layer1:3 class 3" in opened.lines()[2]


@pytest.mark.slow
async def test_marks_are_symbols_as_well_as_colours(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("y", "x", "u")
        tree = [line[:60] for line in opened.lines()]
        for unit, mark in ((3, "✓"), (4, "✗"), (5, "?")):
            assert any(re.search(rf"│▌?\s+{unit} \{mark} ", line) for line in tree), (unit, mark)


@pytest.mark.slow
async def test_hostile_texts_are_shown_as_they_are(hostile_run_path: Path, tmp_path: Path) -> None:
    async with explorer(hostile_run_path, tmp_path, size=(200, 60)) as opened:
        await opened.press("j", "2", "j", "3", "question_mark", "escape", "colon")
        await opened.pilot.pause(0.3)
        await opened.press("escape", "slash")
        await opened.type("[/]")
        for line in opened.lines():
            assert not re.search("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", line)
            assert len(line) == 200
        assert "[/]" in opened.text()


@pytest.mark.slow
async def test_no_size_overlaps_or_cuts(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        for size in ((200, 60), (120, 40), (119, 40), (100, 24), (80, 24), (79, 24), (60, 15)):
            await opened.resize(size)
            for pane in ("1", "2", "3", "tab", "shift+tab"):
                await opened.press(pane)
                focused = opened.screen.focused
                assert focused is not None
                assert focused.region.width >= 30
                assert opened.screen.region.contains_region(focused.region)
                lines = opened.lines()
                assert len(lines) == size[1]
                assert "α 0.930" in lines[1]
                assert "β 0.950" in lines[1]
                assert lines[-1].rstrip().endswith("q Quit  ? Help")
                assert "tab Pane" in lines[-1]
            shown = [pane for pane in opened.screen.query(".pane") if pane.region.area]
            for one in shown:
                assert not any(one.region.overlaps(other.region) for other in shown if other is not one)
            assert len(shown) == (
                3 if size[0] >= 120 or (size[0] >= 80 and size[1] >= 36) else 2 if size[0] >= 80 else 1
            )


@pytest.mark.parametrize("size", [(59, 24), (80, 14), (20, 5)])
async def test_a_screen_that_is_too_small_says_so(run_path: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    async with explorer(run_path, tmp_path, size=size) as opened:
        lines = [line for line in opened.lines() if line.strip()]
        assert "60 × 15" in " ".join(lines)
        assert "Neurons" not in opened.text()
        await opened.pilot.resize_terminal(100, 30)
        await opened.rest()
        await opened.press("j")
        assert opened.neuron == "layer1:4"


@pytest.mark.slow
async def test_themes(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        for theme in ("mammi-dark", "mammi-light", "textual-light", "ansi-dark"):
            opened.app.theme = theme
            await opened.press("1", "j", "2", "j")
            assert "β cut" in opened.text() or "no score" in opened.text()


@pytest.mark.slow
async def test_the_palette_changes_to_light_and_dark(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        for key, word in (("colon", "light"), ("ctrl+p", "dark")):
            await opened.pilot.press(key, *word)
            await opened.pilot.pause(0.4)
            await opened.pilot.press("enter")
            await opened.pilot.pause(0.2)
            assert opened.app.theme == f"mammi-{word}"


def contrast(style: Style) -> float:
    """The ratio of the luminances of text and background (WCAG 2.1)."""

    def luminance(colour: Color | None) -> float:
        assert colour is not None
        parts = [value / 255 for value in colour.get_truecolor()]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    dark, light = sorted((luminance(style.color), luminance(style.bgcolor)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.slow
async def test_rows_can_be_read_in_every_theme(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        for theme in ("mammi-light", "mammi-dark", "textual-light", "textual-dark", "nord"):
            opened.app.theme = theme
            for pane in ("1", "2"):
                await opened.press(pane, "j")
                for rows in opened.screen.query(LineList):
                    for y in range(rows.size.height):
                        chosen = y + rows.scroll_offset.y == rows.cursor
                        for text, style, _ in rows.render_line(y):
                            if style and any(map(str.isalnum, text)):
                                assert contrast(style) >= (3 if chosen else 2), (theme, rows, text, style)


@pytest.mark.slow
async def test_what_stands_around_a_film_can_be_read(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("y", "3", "enter")
        for theme in ("mammi-light", "mammi-dark", "textual-light"):
            opened.app.theme = theme
            await opened.rest()
            rows = opened.app.screen._compositor.render_strips()
            around = [segment for strip in (*rows[:3], *rows[-6:]) for segment in strip]
            said = [segment for segment in around if any(map(str.isalpha, segment.text))]
            assert any("judged" in segment.text or "accepted" in segment.text for segment in said)
            for text, style, _ in said:
                assert style is not None
                if not style.dim:
                    assert contrast(style) >= 2, (theme, text, style)


async def test_the_theme_is_chosen_by_the_environment(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAMMI_THEME", "mammi-light")
    async with explorer(run_path, tmp_path) as opened:
        assert not opened.app.current_theme.dark
    monkeypatch.setenv("MAMMI_THEME", "none of them")
    with pytest.raises(ConfigError, match="mammi-dark"):
        async with explorer(run_path, tmp_path):
            pass


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 16), (120, 17), (140, 40)])
async def test_the_heads_stand_over_their_columns(run_path: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    async with explorer(run_path, tmp_path, size=size) as opened:
        for keys in ((), ("slash", "1", "3", "enter"), ("escape",), ("slash", *"class", "enter"), ("2", "G")):
            await opened.press(*keys)
            for pane, number in ((NeuronTree, r"−?0\.\d{3} "), (ConceptList, r"(?<!cut )−?0\.\d{4} ")):
                region = opened.screen.query_one(pane).region
                heads, *rows = [line[region.x : region.right] for line in opened.lines()[region.y - 1 : region.bottom]]
                ends = {found.end() - 1 for row in rows for found in re.finditer(number, row)}
                assert ends == {heads.index("score") + len("score")}, (keys, heads)
