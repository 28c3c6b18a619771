"""The explorer, driven by keys and mouse."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import numpy as np
import pytest
from rich.color import Color
from rich.style import Style
from textual.widgets import Input

from engine.annotation.cuts import Cuts
from engine.errors import ConfigError, RunFileError
from engine.requery import NeuronAnswer
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.screens.explorer_keys import explorer_keys
from mammi_tui.screens.help_sheet import HelpSheet
from mammi_tui.text import decimal
from mammi_tui.views.concept_list import ConceptList
from mammi_tui.views.registry import VIEWS
from mammi_tui.widgets.line_list import LineList
from mammi_tui.widgets.slider import Slider
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid
from tests.support.explorer import Explorer, explorer
from tests.support.verdicts import latest


def expected_readout(answer: NeuronAnswer) -> str:
    images = f"{len(answer.images):,} image{'' if len(answer.images) == 1 else 's'}"
    return f"τ {decimal(answer.threshold, 4)} · {images}"


def annotated_on_screen(opened: Explorer) -> list[str]:
    """The concepts above the cut line, as the concepts pane draws them."""
    ranking = opened.screen.query_one(ConceptList)
    rows = ["".join(text for text, _ in ranking.row(index, 60)) for index in range(ranking.row_count())]
    cut = next(index for index, row in enumerate(rows) if "cut" in row or "no score" in row)
    return [re.sub(r"\s+−?\d\.\d+.*", "", row).strip().split(None, 1)[1] for row in rows[:cut]]


def annotation(opened: Explorer, answer: NeuronAnswer) -> list[str]:
    return [opened.reader.concepts[index] for index in answer.ranking[: answer.annotated]]


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
@pytest.mark.parametrize(
    ("keys", "alpha", "beta"),
    [
        (["left_square_bracket"] * 3, 0.90, 0.95),
        (["comma"], 0.929, 0.95),
        (["right_square_bracket"] * 9, 1.0, 0.95),
        (["left_curly_bracket"] * 5, 0.93, 0.90),
        (["less_than_sign", "left_square_bracket"], 0.92, 0.949),
        (["a", "down", "down", "shift+right"], 0.831, 0.95),
        (["b", "home"], 0.93, 0.0),
    ],
)
async def test_keys_move_the_cuts_and_everything_follows(
    run_path: Path, tmp_path: Path, keys: list[str], alpha: float, beta: float
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press(*keys)
        assert (opened.cuts.alpha, opened.cuts.beta) == pytest.approx((alpha, beta))
        answer = opened.answer()
        assert expected_readout(answer) in opened.text()
        if len(answer.ranking):
            assert annotated_on_screen(opened) == annotation(opened, answer)
        counts = opened.rows.answers[1]
        assert counts is not None
        np.testing.assert_array_equal(counts.counts, opened.layer_answer(1).counts)


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
async def test_typing_is_no_key_of_the_explorer(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("slash")
        await opened.type("ab12/yq[n")
        assert opened.screen.query_one("#filter", Input).value == "ab12/yq[n"
        await opened.press("escape", "b")
        await opened.type("0.123")
        await opened.press("enter")
        assert opened.cuts.beta == 0.123
        assert not opened.log.path.exists()


@pytest.mark.slow
async def test_only_the_neuron_under_the_cursor_is_judged(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:

        async def refused() -> bool:
            opened.app.clear_notifications()
            await opened.press("y", "x", "u", "c")
            said = [toast.message for toast in opened.app._notifications]
            return set(said) == {"The cursor is on no neuron: go to one to judge it"} and not opened.log.path.exists()

        await opened.press("h")
        assert await refused(), "on a layer's line"
        await opened.press("j", "slash")
        await opened.type("zzz")
        await opened.press("enter")
        assert "nothing matches zzz; esc shows all" in opened.text()
        assert await refused(), "in an empty list"
        await opened.press("escape", "j", "y")
        assert "nothing matches" not in opened.text()
        assert list(latest(opened.log)) == ["layer1:1"]


@pytest.mark.slow
async def test_the_filter_keeps_the_readers_place(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        for keys in (("1", "2", "escape"), ("z", "z", "escape"), ("z", "z", "enter", "escape")):
            await opened.press("slash", *keys)
            assert opened.neuron == "layer1:3", keys
            assert opened.screen.query_one(NeuronTree).here() == opened.looking.neuron
            assert expected_readout(opened.answer()) in opened.text()
        await opened.press("slash", "1", "2", "enter", "escape")
        assert opened.neuron == "layer1:12", "a filter that is kept is a way to go"
        await opened.press("slash", "3", "enter", "slash", "z", "escape")
        assert opened.neuron == "layer0:3", "on which the second filter was opened"
        await opened.press("slash", "z", "enter")
        opened.screen.go_to_layer(0)
        await opened.rest()
        assert opened.neuron == "layer0:0"


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
async def test_the_filter_works_while_typing_and_clears(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("slash")
        await opened.type("12")
        assert opened.neuron == "layer1:12"
        assert "1 neuron found" in opened.text()
        await opened.press("escape")
        assert opened.neuron == "layer1:3", "back to where the filter began"
        assert "sorted by unit" in opened.text()

        best = opened.reader.concepts[int(opened.layer_answer(0).best[4])]
        await opened.press("slash")
        await opened.type(f'"{best}"')
        found = opened.rows.match_count
        own = [opened.layer_answer(0), opened.layer_answer(1)]
        names = opened.reader.concepts
        wanted = sum(best in names[index] for answer in own for index in answer.best if index >= 0)
        assert found == wanted >= 1
        await opened.press("enter")
        assert isinstance(opened.screen.focused, NeuronTree)
        assert opened.rows.match_count == found, "enter keeps it"
        await opened.press("escape")
        assert opened.rows.query == ""


@pytest.mark.slow
async def test_no_filter_is_an_error(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        for query in ("(", "[/]", "\\", "*", "%s", "zzz", ":", "layer1:", '"', '""', "--", "٣"):
            await opened.press("slash")
            opened.screen.query_one("#filter", Input).value = query
            await opened.rest()
            assert re.search(r"\d+ neurons? found", opened.text()) or not query.strip('"')
            await opened.press("escape")


@pytest.mark.slow
async def test_filters_by_class_finding_and_verdict(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        rows = opened.rows
        finding = next(text for text in opened.reader.findings("layer1") if text)
        await opened.press("slash")
        for query, least in (("class 7", 1), (finding.upper(), 1), ("dead", 2), ("layer0:5", 1)):
            opened.screen.query_one("#filter", Input).value = query
            await opened.rest()
            assert rows.match_count >= least, query
        await opened.press("escape")
        await opened.press("u", "slash")
        await opened.type("unsure")
        assert opened.neuron == "layer1:3"
        assert rows.match_count == 1


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_finding_that_the_filter_finds_is_shown(run_path: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    async with explorer(run_path, tmp_path, size=size) as opened:
        finding = next(text for text in opened.reader.findings("layer1") if text)
        await opened.press("slash")
        await opened.type(finding.lower())
        rows = [line for line in opened.lines() if re.match(r"│[ ▌]\s+\d+ ", line)]
        assert rows
        assert all(finding[:8] in line for line in rows), rows


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40)])
async def test_class_names_are_whole(run_path: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    async with explorer(run_path, tmp_path, size=size) as opened:
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
async def test_triage_writes_a_line_and_goes_to_the_next_undecided(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        seen = annotation(opened, opened.answer())
        await opened.press("left_curly_bracket", "y", "x")
        assert opened.neuron == "layer1:5"
        await opened.press("k", "k", "u")
        assert opened.neuron == "layer1:5", "the one after has its verdict"
        screen = opened.text()
        assert "2/20 decided" in screen
        lines = [json.loads(line) for line in opened.log.path.read_text().splitlines()]
        assert [(line["neuron"], line["verdict"]) for line in lines] == [
            ("layer1:3", "accept"),
            ("layer1:4", "reject"),
            ("layer1:3", "unsure"),
        ]
        assert lines[0]["beta"] == 0.94
        assert set(seen) <= set(lines[0]["annotation"])
        await opened.press("k", "k", "c")
        assert opened.neuron == "layer1:3", "clearing stays"
        assert "1/20 decided" in opened.text()


@pytest.mark.slow
async def test_triage_ends_and_the_next_session_goes_on(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        visited = []
        for _ in range(20):
            visited.append(opened.neuron)
            await opened.press("y")
        assert len(set(visited)) == 20
        assert "20/20 decided" in opened.text()
        await opened.press("n")
        assert any("has a verdict" in toast.message for toast in opened.app._notifications)
    async with explorer(run_path, tmp_path) as again:
        assert "20/20 decided" in again.text()


@pytest.mark.slow
async def test_marks_are_symbols_as_well_as_colours(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("y", "x", "u")
        tree = [line[:60] for line in opened.lines()]
        for unit, mark in ((3, "✓"), (4, "✗"), (5, "?")):
            assert any(re.search(rf"│▌?\s+{unit} \{mark} ", line) for line in tree), (unit, mark)


@pytest.mark.slow
async def test_an_answer_that_is_no_longer_wanted_is_dropped(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        asked: list[tuple[int, float]] = []
        gate = threading.Event()
        ask = opened.looking.requery.neuron

        def slowly(layer: str, unit: int, cuts: Cuts) -> NeuronAnswer:
            asked.append((unit, cuts.alpha))
            assert gate.wait(10)
            return ask(layer, unit, cuts)

        monkeypatch.setattr(opened.looking.requery, "neuron", slowly)
        shown: list[int] = []
        ranking = opened.screen.query_one(ConceptList)
        draw = ranking.show
        monkeypatch.setattr(ranking, "show", lambda answer: (shown.append(answer.unit), draw(answer)))
        await opened.pilot.press(*"jjjjjj", "left_square_bracket")
        gate.set()
        await opened.rest()
        assert [unit for unit, _ in asked[:2]] == [4, 9], "of all that was passed over only the newest is asked"
        assert shown == [9], "and the one in flight is not drawn"
        assert opened.neuron == "layer1:9"


async def test_a_failing_question_is_reported_and_the_explorer_goes_on(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        ask = opened.looking.requery.neuron

        def fails_once(layer: str, unit: int, cuts: Cuts) -> NeuronAnswer:
            if unit == 4:
                raise RunFileError("run.duckdb: [red]damaged[/] \x1b]0;x\x07")
            return ask(layer, unit, cuts)

        monkeypatch.setattr(opened.looking.requery, "neuron", fails_once)
        await opened.pilot.press("j")
        await opened.pilot.pause(0.1)
        assert any(
            "[red]damaged" in toast.message and "\x1b" not in toast.message for toast in opened.app._notifications
        )
        await opened.press("j")
        assert opened.neuron == "layer1:5"
        assert expected_readout(opened.answer()) in opened.text()


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
@pytest.mark.parametrize("size", [(200, 60), (120, 40), (119, 40), (100, 24), (80, 24), (79, 24), (60, 15)])
async def test_no_size_overlaps_or_cuts(run_path: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    async with explorer(run_path, tmp_path, size=size) as opened:
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
        assert len(shown) == (3 if size[0] >= 120 or (size[0] >= 80 and size[1] >= 36) else 2 if size[0] >= 80 else 1)


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
async def test_help_lists_the_focused_panes_keys(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(120, 160)) as opened:
        for pane, mine, others in (
            ("1", "Sort: a letter for each order", "Show the film large"),
            ("3", "Show the film large", "Sort: a letter"),
        ):
            for key in ("question_mark", "f1"):
                await opened.press(pane, key)
                screen = opened.text()
                assert mine in screen
                assert others not in screen
                notes = opened.app.screen.query_one(HelpSheet).found()
                assert any("not for diagnosis" in text for note in notes for _, text in note.lines)
                assert "To the α slider" in screen
                await opened.press("escape")


@pytest.mark.slow
async def test_in_the_filter_f1_is_the_help(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(120, 110)) as opened:
        await opened.press("slash")
        keys = opened.lines()[-1]
        assert keys.rstrip().endswith("f1 Help")
        assert "Quit" not in keys, "q is typed"
        await opened.press("f1")
        assert "Keep the filter" in opened.text()
        assert "Accept the annotation" not in opened.text()


@pytest.mark.slow
async def test_keys_can_be_remapped(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(120, 90)) as opened:
        opened.app.set_keymap({"verdict.accept": "ctrl+y", "alpha.up": "f5"})
        await opened.press("ctrl+y")
        assert latest(opened.log).keys() == {"layer1:3"}
        await opened.press("f5")
        assert opened.cuts.alpha == pytest.approx(0.94)
        await opened.press("question_mark")
        assert re.search(r"\^y\s+Accept", opened.text())


async def test_every_key_has_an_id_of_its_own(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        widgets = [NeuronTree, ConceptList, Slider, type(opened.app)]
        bindings = [binding for widget in widgets for binding in widget.BINDINGS]
        for binding in (*bindings, *explorer_keys(VIEWS)):
            assert binding.id, binding
            assert binding.description, binding


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["mammi-dark", "mammi-light", "textual-light", "ansi-dark"])
async def test_themes(run_path: Path, tmp_path: Path, theme: str) -> None:
    async with explorer(run_path, tmp_path) as opened:
        opened.app.theme = theme
        await opened.press("j", "2", "j")
        assert "β cut" in opened.text() or "no score" in opened.text()


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


@pytest.mark.slow
@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_the_palette_changes_to_light_and_dark(run_path: Path, tmp_path: Path, key: str) -> None:
    async with explorer(run_path, tmp_path) as opened:
        for word in ("light", "dark"):
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
@pytest.mark.parametrize("theme", ["mammi-light", "mammi-dark", "textual-light", "textual-dark", "nord"])
async def test_rows_can_be_read_in_every_theme(run_path: Path, tmp_path: Path, theme: str) -> None:
    async with explorer(run_path, tmp_path) as opened:
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
@pytest.mark.parametrize("theme", ["mammi-light", "mammi-dark", "textual-light"])
async def test_what_stands_around_a_film_can_be_read(run_path: Path, tmp_path: Path, theme: str) -> None:
    async with explorer(run_path, tmp_path) as opened:
        opened.app.theme = theme
        await opened.press("y", "3", "enter")
        rows = opened.app.screen._compositor.render_strips()
        around = [segment for strip in (*rows[:3], *rows[-6:]) for segment in strip]
        said = [segment for segment in around if any(map(str.isalpha, segment.text))]
        assert any("judged" in segment.text or "accepted" in segment.text for segment in said)
        for text, style, _ in said:
            assert style is not None
            if not style.dim:
                assert contrast(style) >= 2, (theme, text, style)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_quits(run_path: Path, tmp_path: Path, key: str) -> None:
    async with explorer(run_path, tmp_path) as opened:
        if key == "ctrl+c":
            await opened.press("slash")
        await opened.pilot.press(key)
        await opened.pilot.pause(0.1)
        assert not opened.app.is_running


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
