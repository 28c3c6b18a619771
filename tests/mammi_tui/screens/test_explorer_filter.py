"""The explorer's filter, and what it leaves as it was."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.widgets import Input

from mammi_tui.neurons.tree import NeuronTree
from tests.support.explorer import expected_readout, explorer


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
async def test_a_finding_that_the_filter_finds_is_shown(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        for size in ((80, 24), (120, 40), (200, 60)):
            await opened.resize(size)
            finding = next(text for text in opened.reader.findings("layer1") if text)
            await opened.press("slash")
            await opened.type(finding.lower())
            rows = [line for line in opened.lines() if re.match(r"│[ ▌]\s+\d+ ", line)]
            assert rows
            assert all(finding[:8] in line for line in rows), rows
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
