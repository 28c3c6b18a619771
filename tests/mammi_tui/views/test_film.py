"""The film view: why a film has its outputs, and what lies over it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from textual import events
from textual.widget import Widget

from engine.decisions.film import FilmDecision
from engine.decisions.outputs import Outcomes
from engine.store.decision_records import FilmImportance, Head
from engine.store.reader import RunReader
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.subjects import ClassSubject, ConceptSubject, FilmSubject
from mammi_tui.text import probability
from mammi_tui.views.film import FilmBody
from mammi_tui.views.film_units import FIRST, shares_of_units, told
from tests.support.decisions import add_maps, decided_run
from tests.support.explorer import Explorer, explorer
from tests.support.runs import small_run

SIZES = ((60, 15), (80, 24), (200, 60))


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = decided_run(tmp_path_factory.mktemp("decided"))
    add_maps(path)
    return path


def body(opened: Explorer) -> FilmBody:
    found = opened.screen.view_pane.body
    assert isinstance(found, FilmBody)
    return found


def text_in(opened: Explorer, widget: Widget) -> str:
    """What a widget shows, in one line."""
    region = widget.region
    lines = opened.lines()[region.y : region.bottom]
    return " ".join(" ".join(line[region.x : region.right] for line in lines).split())


def image(opened: Explorer) -> int:
    assert opened.screen.film is not None
    return opened.screen.film.image


async def test_outputs_stand_beside_labels_and_the_units_behind_them_below(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("3", "enter")
        found = FilmDecision.of(opened.reader, Outcomes.of(opened.reader), image(opened))
        lines = opened.lines()
        for output in found.outputs[:4]:
            row = re.compile(rf"{output.name} +{probability(output.probability)} ")
            (line,) = [line for line in lines if row.search(line)]
            assert ("●" in line.partition(output.name)[0][-4:]) is output.labelled
            if output.kind in ("false positive", "missed"):
                assert output.kind in line
        first = found.outputs[0]
        shares = found.shares(first.number)
        assert shares is not None
        assert f"Units behind {first.name}" in opened.text()
        top = int(shares.units[0])
        (line,) = [line for line in lines if f"layer0:{top} " in line and "│" in line and "layer0:3" not in line[:20]]
        words = opened.layer_answer(0).words.of_unit(top)
        if len(words):
            assert opened.reader.concepts[int(words[0])].split()[0] in line
        assert f"of {'+' if shares.total >= 0 else '−'}{abs(shares.total):.2f}" in opened.text()


async def test_the_cursor_among_the_outputs_chooses_whose_units_are_shown(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("3", "enter", "tab", "j", "j")
        chosen = body(opened).outputs.here()
        assert chosen is not None
        assert f"Units behind {chosen.name}" in opened.text()
        await opened.press("right")
        again = body(opened).outputs.here()
        assert again is not None
        assert again.name == chosen.name, "the class stays from film to film"


async def test_everything_leads_on(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("3", "enter", "tab", "tab", "j")
        unit = body(opened).units.here()
        assert unit is not None
        await opened.press("enter")
        assert opened.looking.subject == unit.neuron
        assert opened.screen.film is None
        await opened.press("ctrl+o")
        assert opened.screen.film is not None
        await opened.press("shift+tab")
        film = body(opened).similar.here()
        while opened.app.focused is not body(opened).similar:
            await opened.press("tab")
        assert film is not None
        await opened.press("enter")
        assert image(opened) == film.info.image
        assert opened.looking.films is not None
        await opened.press("escape")
        assert not isinstance(opened.looking.subject, FilmSubject)


async def test_a_word_leads_to_its_concept(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("3", "enter", "tab", "tab")
        units = body(opened).units
        while not (units.annotation(units.units[units.cursor].neuron) or ()):
            await opened.press("j")
        words = units.annotation(units.units[units.cursor].neuron) or ()
        await opened.press("O")
        subject = opened.looking.subject
        assert isinstance(subject, ConceptSubject)
        assert opened.reader.concepts[subject.concept] == words[0]


async def test_the_way_back_leads_to_the_neuron_and_the_film_in_the_grid(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("a", *"0.3", "enter", "1", "e", "3", "enter", "right", "space", "q")
        assert opened.looking.subject == Neuron(0, 3)
        assert opened.screen.view_pane.view.name == "evidence", "the view from before"
        assert opened.screen.images.grid.cursor == 2
        assert opened.screen.panes.present == "images"
        await opened.press("ctrl+o")
        assert opened.screen.film is not None
        await opened.press("1")
        assert opened.looking.subject == Neuron(0, 3)
        assert opened.screen.panes.present == "neurons"
        await opened.press("3", "enter", "slash")
        assert opened.screen.film is None
        assert opened.screen.neurons.region.area, "the filter's list is on screen"


async def test_h_lays_the_units_map_and_then_the_classs_over_the_film(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("3", "enter")
        assert "~" not in opened.text()
        await opened.press("h")
        assert "layer0:3: " in opened.text()
        assert "strongest lower right" in opened.text() or "inside" in opened.text()
        assert "~" in opened.text(), "marks, as ascii has no colours for cells"
        await opened.press("h")
        output = body(opened).outputs.here()
        assert output is not None
        assert f"{output.name}: " in opened.text()
        await opened.press("h")
        assert "~" not in opened.text()


async def test_a_film_beyond_the_strongest_says_how_many_maps_are_kept(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("a", *"0.3", "enter", "enter", "3", "G", "enter", "h")
        assert "its map is kept for its 3 strongest films" in " ".join(opened.text().replace("│", " ").split())


async def test_a_run_without_decisions_says_what_is_missing_and_what_adds_it(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    run = small_run(tmp_path / "made")
    async with explorer(run, tmp_path, size=(80, 24)) as opened:
        await opened.press("3", "enter", "tab")
        said = text_in(opened, body(opened).outputs)
        assert "The run was made by a version of mammi that did not keep it." in said
        assert "`mammi run CONFIG.toml` adds it." in said
        await opened.press("h", "tab", "tab")
        assert len(body(opened).similar.films) > 5, "similar films need no decisions"
        said = text_in(opened, body(opened).facts)
        assert "no outputs: `mammi run CONFIG.toml` adds it" in " ".join(said.split()), "as the heat map that h wants"


async def test_at_every_size_each_part_can_be_reached(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("3", "enter")
        for size in SIZES:
            await opened.pilot.resize_terminal(*size)
            await opened.rest()
            seen = []
            for _ in range(4):
                focused = opened.app.focused
                assert isinstance(focused, Widget)
                assert focused.region.area, f"what has the keys is on screen at {size}"
                seen.append(focused.id)
                await opened.press("tab")
            assert seen == ["film", "film-outputs", "film-units", "film-similar"]
            assert opened.app.focused is body(opened).film


async def test_zoom_window_and_inversion_are_told_and_go_back(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("3", "enter")
        plain = opened.text()
        await opened.press("+", "+")
        assert "zoom 2×" in opened.text()
        part = body(opened).film.picture
        assert part is not None
        assert part.part.right - part.part.left == pytest.approx(0.5)
        await opened.press("L", "J")
        assert body(opened).film.picture.part.right == 0.875  # type: ignore[union-attr]
        await opened.press("f", "w", "d", "!")
        assert "window 239 level 144 · inverted" in opened.text()
        await opened.press("A")
        assert "(auto)" in opened.text()
        await opened.press("A", "!")
        assert opened.text() == plain


async def test_the_mouse_steps_zooms_pans_and_moves_the_window(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("a", *"0.3", "enter", "enter", "3", "enter")
        film, images = body(opened).film, opened.looking.films
        assert images is not None
        await opened.pilot._post_mouse_events([events.MouseScrollDown], film, button=0)
        await opened.rest()
        assert image(opened) == images.images[1]
        await opened.pilot.mouse_down(film, offset=(20, 10))
        await opened.pilot.hover(film, offset=(24, 10))
        await opened.pilot.mouse_up(film, offset=(24, 10))
        await opened.rest()
        assert film.present_window.width != 255
        await opened.pilot._post_mouse_events([events.MouseScrollUp], film, button=0, control=True)
        await opened.rest()
        assert film.zoom > 1
        assert image(opened) == images.images[1]


async def test_i_hides_the_data_and_b_the_outlines(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("3", "enter")
        info = opened.reader.images([image(opened)])[0]
        assert f"{info.width} × {info.height} pixels" in opened.text()
        await opened.press("I")
        assert f"{info.width} × {info.height} pixels" not in opened.text()
        await opened.press("I")
        for place in range(20):
            if body(opened).film.has_outlines:
                break
            await opened.press("right" if place else "left")
        enabled = opened.app.screen.active_bindings["b"].enabled
        assert enabled is body(opened).film.has_outlines


async def test_at_another_alpha_the_films_are_those_of_that_alpha(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("3", "enter", "a", *"0.3", "enter")
        assert opened.looking.films is not None
        assert opened.looking.films.images == tuple(opened.answer().images.tolist())
        assert f"1 of {len(opened.answer().images)}" in opened.text()


async def test_each_part_is_exported(decided: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("3", "enter")
        for what in ("outputs", "shares", "similar"):
            await opened.press("tab", "E", "j")
            path = tmp_path / f"run.image-{image(opened)}.{what}.json"
            for _ in range(200):
                if path.exists():
                    break
                await opened.pilot.pause(0.02)
            rows = json.loads(path.read_text("utf-8"))
            assert {row["image"] for row in rows} == {image(opened)}
            if what == "shares":
                answer = body(opened).answer
                assert answer is not None
                shares = answer.decision.shares(body(opened).chosen_class or 0)
                assert shares is not None
                np.testing.assert_allclose(sum(row["share"] for row in rows), shares.total, rtol=1e-6)


async def test_names_from_outside_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    run = decided_run(tmp_path / "made", hostile=True)
    async with explorer(run, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("3", "enter", "h", "right", "G")
        assert "\x1b" not in opened.text()


async def test_a_film_that_was_opened_from_elsewhere_stays_after_a_verdict(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("3", "enter", "tab", "tab", "tab", "enter")
        film = image(opened)
        await opened.press("y")
        assert image(opened) == film
        assert [line.neuron for line in opened.log.read().lines] == ["layer0:3"]
        assert opened.lines()[2].strip().startswith("✓")
        await opened.press("n")
        assert opened.looking.subject == Neuron(0, 4)


async def test_a_verdict_among_the_units_is_about_the_one_under_the_cursor(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("3", "enter", "tab", "tab")
        film, units = image(opened), body(opened).units
        await opened.press_together("j", "y")
        second, third = (unit.neuron for unit in units.units[1:3])
        assert second is not None
        assert third is not None
        name = opened.rows.name_of
        (line,) = opened.log.read().lines
        assert line.neuron == name(second)
        assert line.seen.annotation == tuple(units.annotation(second) or ())
        assert image(opened) == film
        assert name(third) in opened.lines()[2], "the cursor goes on, and the line on top with it"
        await opened.press("k")
        assert name(second) in opened.lines()[2]
        assert opened.lines()[2].strip().startswith("✓")
        await opened.press("shift+tab")
        assert "layer0:3" in opened.lines()[2]
        await opened.press("escape")
        assert opened.looking.subject == Neuron(0, 3)


def test_units_of_hidden_layers_follow_those_of_the_head() -> None:
    one = np.ones((1, 2), np.float32)
    head = Head(0, one, one[0], np.zeros(2), True, None)
    hidden = FilmImportance(
        1, np.array([0], np.int32), np.array([[7, 3]], np.int32), np.array([[-2.0, 1.0]], np.float32)
    )
    rows, sums = shares_of_units(FilmDecision((), head, one[0], (hidden,)), 0, ["deep.last", "deep.mid"])
    assert [(row.name, row.share, row.neuron) for row in rows] == [
        ("last:0", 1.0, Neuron(0, 0)),
        ("last:1", 1.0, Neuron(0, 1)),
        ("deep.mid: a · ∂output/∂a", None, None),
        ("mid:7", -2.0, Neuron(1, 7)),
        ("mid:3", 1.0, Neuron(1, 3)),
    ]
    assert "all 2 sum to" in sums[0]
    assert shares_of_units(FilmDecision((), None, None, ()), 0, []) == ([], ())


def test_the_sum_is_told_as_a_share_where_that_says_something() -> None:
    assert told(2.4, 3.0, 40)[-1] == f"the first {FIRST} explain 80 % of +3.00 "
    assert told(-2.4, 3.0, 40)[-1] == f"the first {FIRST} sum to −2.40 of +3.00 "
    assert told(0.4, 0.0, 40)[-1] == f"the first {FIRST} sum to +0.40 of 0.00 "
    assert told(3.0, 3.0, 5)[0] == "the first 5 explain 100 % of +3.00; all 5 sum to output − mean output "


def test_maps_are_read_for_the_films_that_have_them(decided: Path) -> None:
    with RunReader(decided) as reader:
        maps = reader.unit_maps(3)
        assert maps is not None
        assert maps.maps.shape == (3, 4, 4)
        found = reader.class_map(5, 1)
        assert found is not None
        assert found[0, 3] == 6


async def test_from_a_unit_behind_an_output_the_class_view_is_about_that_output(decided: Path, tmp_path: Path) -> None:
    async with explorer(decided, tmp_path, start=("layer0", 3)) as opened:
        await opened.press("3", "enter", "tab", "j")
        chosen = body(opened).chosen_class
        assert chosen is not None
        await opened.press("tab", "enter")
        assert isinstance(opened.looking.subject, Neuron)
        await opened.press("C")
        assert opened.looking.subject == ClassSubject(opened.reader.classes[chosen])
