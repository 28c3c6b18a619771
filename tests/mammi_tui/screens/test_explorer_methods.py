"""Methods side by side in the explorer."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.errors import MammiError
from engine.methods.base import MethodAnswer
from engine.methods.panel import Panel
from engine.requery import Requery
from mammi_tui.views.methods_sheet import MethodsSheet
from mammi_tui.views.pane import ViewPane
from tests.support.explorer import Explorer, explorer

pytestmark = pytest.mark.slow


def answers_of(opened: Explorer) -> dict[str, MethodAnswer]:
    """What each method says of the neuron looked at, at the α and β and for the concept set looked at."""
    looking = opened.looking
    assert looking.neuron is not None
    panel = Panel(looking.reader, Requery(looking.reader))
    layer = looking.reader.layers[looking.neuron.layer].name
    unit = looking.neuron.unit
    return {method.title: panel.answer(method.name, layer, unit, looking.cuts) for method in panel.methods}


def check_shown(opened: Explorer) -> None:
    expected = answers_of(opened)
    columns = opened.screen.query_one(MethodsSheet).columns
    assert [column.title for column in columns] == list(expected)
    for column in columns:
        assert column.answer is not None, column
        assert column.answer.concepts == expected[column.title].concepts
        assert column.answer.annotated == expected[column.title].annotated
        assert not column.stale


async def test_m_shows_every_method_with_mammi_first(rich_run_path: Path, tmp_path: Path) -> None:
    async with explorer(rich_run_path, tmp_path, size=(200, 48)) as opened:
        assert "m Methods" in opened.lines()[-1]
        await opened.press("m")
        check_shown(opened)
        heads = opened.lines()[4]
        assert heads.index("MAMMI", 20) < heads.index("WWW (top 20")
        for keys in (["j"], ["left_square_bracket"] * 2, ["left_curly_bracket"] * 5, ["h", "h", "g", "l", "j"]):
            await opened.press(*keys)
            check_shown(opened)
        await opened.press("m")
        assert opened.screen.query_one(ViewPane).view.name == "concepts"


async def test_methods_follow_the_concept_set(two_sets_path: Path, tmp_path: Path) -> None:
    async with explorer(two_sets_path, tmp_path, size=(200, 48)) as opened:
        await opened.press("m", "S")
        check_shown(opened)
        await opened.press("S", "j")
        check_shown(opened)


async def test_methods_that_have_no_room_come_by_keys(rich_run_path: Path, tmp_path: Path) -> None:
    async with explorer(rich_run_path, tmp_path, size=(80, 24)) as opened:
        await opened.press("m")
        count = len(opened.screen.query_one(MethodsSheet).columns)
        assert count >= 5
        assert f"methods 1, 2 of {count} ▸" in opened.text()
        await opened.press("2", "l")
        assert f"◂ methods 1, 3 of {count} ▸" in opened.text()
        assert "MAMMI" in opened.lines()[4]
        await opened.press(*"l" * 9)
        assert f"◂ methods 1, {count} of {count} " in opened.text()
        await opened.press(*"h" * 9)
        assert f"methods 1, 2 of {count} ▸" in opened.text()


async def test_a_slow_method_holds_up_no_other(run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    answer = Panel.answer

    def slow(self: Panel, name: str, *asked: object) -> MethodAnswer:
        if name == "clip_dissect":
            gate.wait(10)
        return answer(self, name, *asked)  # type: ignore[arg-type]

    monkeypatch.setattr(Panel, "answer", slow)
    async with explorer(run_path, tmp_path, size=(220, 48)) as opened:
        await opened.pilot.press("m")
        await opened.pilot.pause(0.6)
        assert "may take seconds" in opened.text()
        await opened.pilot.press("j")
        await opened.pilot.pause(0.3)
        assert "2 Methods of layer1:4" in opened.text()
        columns = opened.screen.query_one(MethodsSheet).columns
        assert [column.answer is not None for column in columns] == [True, True, True, False]
        gate.set()
        await opened.rest()
        check_shown(opened)
        assert "may take seconds" not in opened.text()


async def test_a_method_that_fails_says_why(run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Panel.answer

    def failing(self: Panel, name: str, *asked: object) -> MethodAnswer:
        if name == "www":
            raise MammiError("the film room is closed")
        return answer(self, name, *asked)  # type: ignore[arg-type]

    monkeypatch.setattr(Panel, "answer", failing)
    async with explorer(run_path, tmp_path, size=(220, 48)) as opened:
        await opened.press("m")
        assert "the film room is closed" in opened.text()
        columns = opened.screen.query_one(MethodsSheet).columns
        assert [column.answer is not None for column in columns] == [True, True, False, True]


async def test_the_help_explains_the_columns(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(120, 70)) as opened:
        await opened.press("m", "question_mark")
        assert "in the annotations of three" in opened.text()
