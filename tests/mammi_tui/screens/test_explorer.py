"""The explorer, driven by keys and mouse."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.views.concept_list import ConceptList
from mammi_tui.widgets.slider import Slider
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid
from tests.support.explorer import Explorer, annotation, expected_readout, explorer
from tests.support.verdicts import latest


def annotated_on_screen(opened: Explorer) -> list[str]:
    """The concepts above the cut line, as the concepts pane draws them."""
    ranking = opened.screen.query_one(ConceptList)
    rows = ["".join(text for text, _ in ranking.row(index, 60)) for index in range(ranking.row_count())]
    cut = next(index for index, row in enumerate(rows) if "cut" in row or "no score" in row)
    return [re.sub(r"\s+−?\d\.\d+.*", "", row).strip().split(None, 1)[1] for row in rows[:cut]]


@pytest.mark.slow
async def test_the_first_screen_shows_the_stored_answers(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        answer, screen = opened.answer(), opened.text()
        assert "layer1:3" in screen
        assert expected_readout(answer) in screen
        assert "60 images · 25 concepts" in screen
        assert annotated_on_screen(opened) == annotation(opened, answer)
        assert [item.image for item in opened.screen.query_one(ThumbnailGrid).items] == answer.images.tolist()


@pytest.mark.slow
async def test_keys_move_the_cuts_and_everything_follows(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        for keys, alpha, beta in (
            (["left_square_bracket"] * 3, 0.90, 0.95),
            (["comma"], 0.929, 0.95),
            (["right_square_bracket"] * 9, 1.0, 0.95),
            (["left_curly_bracket"] * 5, 0.93, 0.90),
            (["less_than_sign", "left_square_bracket"], 0.92, 0.949),
            (["a", "down", "down", "shift+right"], 0.831, 0.95),
            (["b", "home"], 0.93, 0.0),
        ):
            assert (opened.cuts.alpha, opened.cuts.beta) == (0.93, 0.95)
            await opened.press(*keys)
            assert (opened.cuts.alpha, opened.cuts.beta) == pytest.approx((alpha, beta))
            answer = opened.answer()
            assert expected_readout(answer) in opened.text()
            if len(answer.ranking):
                assert annotated_on_screen(opened) == annotation(opened, answer)
            counts = opened.rows.answers[1]
            assert counts is not None
            np.testing.assert_array_equal(counts.counts, opened.layer_answer(1).counts)
            await opened.press("escape", "r")


@pytest.mark.slow
async def test_one_key_returns_to_the_runs_own_cuts(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        before = opened.text()
        await opened.press("left_square_bracket", "left_curly_bracket", "less_than_sign")
        assert opened.text() != before
        await opened.press("r")
        assert opened.text() == before


@pytest.mark.slow
async def test_the_cut_line_moves_with_beta(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        counts = []
        for value in ("0", "0.5", "1"):
            await opened.press("b")
            await opened.type(value)
            await opened.press("enter")
            counts.append(len(annotated_on_screen(opened)))
            assert counts[-1] == opened.answer().annotated
        assert counts[0] > counts[1] > counts[2] == 0


@pytest.mark.slow
async def test_a_typed_value_is_taken_and_a_bad_one_is_refused_gently(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("a")
        await opened.type("0,7125")
        await opened.press("enter")
        assert opened.cuts.alpha == 0.7125
        for bad in ("7", "1.5.2"):
            await opened.press("a")
            await opened.type(bad)
            await opened.press("enter")
            assert opened.cuts.alpha == 0.7125
            assert opened.screen.query_one("#alpha", Slider).editing == bad
            assert any(bad in toast.title for toast in opened.app._notifications)
            await opened.press("escape")
        assert "α 0.7125" in opened.text()
        await opened.press("escape")
        assert opened.screen.focused is opened.screen.query_one(NeuronTree)


@pytest.mark.slow
async def test_the_mouse_drags_a_slider(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        slider = opened.screen.query_one("#alpha", Slider)
        left, track, _ = slider._layout()
        await opened.pilot.mouse_down(slider, offset=(left + track - 1, 0))
        await opened.rest()
        assert opened.cuts.alpha == 1.0
        left, track, _ = slider._layout()
        await opened.pilot.hover(slider, offset=(left + track // 2, 0))
        await opened.rest()
        assert opened.cuts.alpha == pytest.approx((track // 2) / (track - 1), abs=0.001)
        await opened.pilot.mouse_up(slider, offset=(left + track // 2, 0))
        await opened.pilot.hover(slider, offset=(left, 0))
        await opened.rest()
        assert opened.cuts.alpha > 0.3, "moving without a button does nothing"
        assert expected_readout(opened.answer()) in opened.text()


@pytest.mark.slow
async def test_moving_through_neurons_shows_each(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("j", "j", "k", "down")
        assert opened.neuron == "layer1:5"
        assert expected_readout(opened.answer()) in opened.text()
        await opened.press("G")
        assert opened.neuron == "layer1:13"
        await opened.press("g", "l", "j")
        assert opened.neuron == "layer0:0"
        await opened.press("h", "h")
        assert not any(re.search(r"│▌?\s+1 .*concept", line[:50]) and "class" not in line for line in opened.lines())


async def test_a_dead_unit_is_explained(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, start=("layer1", 0)) as opened:
        screen = opened.text()
        assert "A dead unit: its activation" in screen
        assert "nothing to annotate" in screen
        row = next(line for line in opened.lines() if re.search(r"│▌\s+0 ", line))
        assert "dead unit" in row
        await opened.press("y")
        assert latest(opened.log) == {}, "there is nothing to judge"
        assert opened.neuron == "layer1:0"


@pytest.mark.slow
async def test_no_image_above_the_threshold_is_explained(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("a", "end")
        assert opened.cuts.alpha == 1.0
        assert "No image lies above τ" in opened.text()


async def test_scores_may_all_be_negative(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, start=("layer1", 1)) as opened:
        assert opened.answer().annotated == 0
        assert "no score above 0" in opened.text()
        assert "−0." in opened.text()


@pytest.mark.slow
async def test_a_concept_leads_to_its_neurons(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        best = opened.reader.concepts[int(opened.answer().ranking[0])]
        await opened.press("2", "f")
        assert opened.rows.query == f'concept:"{best}"'
        assert opened.rows.match_count >= 1
        assert opened.neuron == "layer1:3"


@pytest.mark.slow
async def test_sorting(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:

        def scores() -> list[float]:
            units = opened.rows.matches[1]
            answer = opened.layer_answer(1)
            return [answer.best_scores[unit] for unit in units if answer.best[unit] >= 0]

        await opened.press("s", "s")
        assert scores() == sorted(scores(), reverse=True)
        assert opened.neuron == "layer1:3", "the cursor stays on its neuron"
        assert "sorted by best score" in opened.text()
        await opened.press("left_square_bracket", "left_square_bracket")
        assert scores() == sorted(scores(), reverse=True), "the order follows α"
        await opened.press("s", "s")
        assert scores() == sorted(scores()), "the same letter again gives the other direction"
        assert opened.rows.matches[1][-1] == 0, "the dead unit stays last"
        await opened.press("s", "i")
        counts = opened.layer_answer(1).counts[opened.rows.matches[1]]
        assert counts.tolist() == sorted(counts, reverse=True)
        await opened.press("s", "escape", "s", "x", "escape")
        assert "sorted by representatives" in opened.text(), "Esc leaves it as it was"
        await opened.press("s", "u")
        assert opened.rows.matches[1].tolist() == list(range(14))
        assert opened.log.read().lines == (), "letters of the menu are no verdicts"


@pytest.mark.slow
async def test_clicks(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(200, 40)) as opened:
        line = next(y for y, line in enumerate(opened.lines()) if re.search(r"│\s+6 .*class 6", line))
        await opened.pilot.click(offset=(10, line))
        await opened.rest()
        assert opened.neuron == "layer1:6"
        line = next(y for y, line in enumerate(opened.lines()) if "▸ layer0" in line)
        await opened.pilot.click(offset=(10, line))
        await opened.rest()
        assert any("▾ layer0" in line for line in opened.lines())
        column = opened.lines()[-1].index("Reset")
        await opened.press("left_square_bracket")
        await opened.pilot.click(offset=(column, 39))
        await opened.rest()
        assert opened.cuts.alpha == 0.93


@pytest.mark.slow
async def test_the_palette_goes_to_a_layer(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.pilot.press("colon")
        await opened.pilot.press(*"layer0")
        await opened.pilot.pause(0.4)
        await opened.pilot.press("enter")
        await opened.pilot.pause(0.2)
        await opened.rest()
        assert opened.neuron == "layer0:0"
