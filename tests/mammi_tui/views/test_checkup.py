"""The check-up view, driven by keys."""

from __future__ import annotations

from pathlib import Path

from engine.decisions.checkup.checks import CHECKS
from mammi_tui.questions.subjects import ClassSubject, RunSubject
from mammi_tui.views.checkup_list import CheckList
from tests.support.decisions import decided_run
from tests.support.explorer import Explorer, explorer


def names_of(opened: Explorer) -> list[str]:
    found = []
    rows = opened.rows
    for layer, units in enumerate(rows.matches):
        found += [f"{rows.layers[layer].name}:{unit}" for unit in units]
    return found


async def go_to(opened: Explorer, name: str) -> CheckList:
    lines = opened.screen.query_one(CheckList)
    await opened.press("g")
    for _ in range([check.name for check in CHECKS].index(name)):
        await opened.press("j")
    assert lines.lines[lines.cursor].check.name == name
    return lines


async def test_every_line_comes_and_enter_filters_its_neurons(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("D")
        assert opened.looking.subject == RunSubject()
        lines = opened.screen.query_one(CheckList)
        assert lines.unanswered == 0
        dead = (await go_to(opened, "dead")).lines[-1].finding
        assert dead is not None
        assert dead.found
        await opened.press("enter")
        assert opened.rows.query == "check:dead"
        assert names_of(opened) == [f"{layer}:{unit}" for layer, unit in dead.neurons]
        await opened.press("ctrl+o")
        assert opened.looking.subject == RunSubject()


async def test_the_key_again_leads_back_to_the_neuron(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        before = opened.neuron
        await opened.press("D", "D")
        assert opened.neuron == before
        assert "Concepts of" in opened.text()


async def test_the_filter_makes_the_check_that_it_names(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("/", *"check:dead", "enter")
        dead = [
            f"{layer.name}:{unit}" for layer in opened.rows.layers for unit in range(layer.units) if layer.dead[unit]
        ]
        assert names_of(opened) == dead


async def test_an_unknown_check_is_answered_with_the_nearest(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("/", *"check:boarder")
        assert "nearest: border" in opened.text()


async def test_other_cuts_make_the_checks_anew(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("D")
        lines = opened.screen.query_one(CheckList)
        before = {line.check.name: line.finding for line in lines.lines}
        await opened.press("a", *"0.4", "enter")
        assert lines.unanswered == 0
        after = {line.check.name: line.finding for line in lines.lines}
        assert after["unsupported"] != before["unsupported"]


async def test_an_output_that_fails_leads_to_its_class(tmp_path: Path) -> None:
    folder = tmp_path / "decided"
    folder.mkdir()
    async with explorer(decided_run(folder, threshold=0.999), tmp_path) as opened:
        await opened.press("D")
        lines = await go_to(opened, "outputs")
        finding = lines.lines[lines.cursor].finding
        assert finding is not None
        assert finding.classes
        await opened.press("enter")
        assert opened.looking.subject == ClassSubject(finding.classes[0])
