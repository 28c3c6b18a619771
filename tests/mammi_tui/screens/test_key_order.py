"""Keys that arrive together do what they do when typed one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from tests.support.explorer import explorer


async def test_keys_before_tab_go_where_the_focus_was(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press_together("j", "j", "tab")
        assert (opened.neuron, opened.screen.panes.present) == ("layer1:5", "view")


PACKETS = (
    (("j", "j", "2"), "layer1:5", "view"),
    (("down", "down", "3"), "layer1:5", "images"),
    (("j", "2", "j", "1", "j"), "layer1:5", "neurons"),
    (("1", "tab", "3", "shift+tab", "1", "j"), "layer1:4", "neurons"),
    (("1", "2", "j"), "layer1:13", "neurons"),
    (("j", "tab", "shift+tab", "k", "k"), "layer1:2", "neurons"),
    (("tab", "tab", "tab", "j"), "layer1:4", "neurons"),
    (("e", "1", "j", "m", "m", "1", "j"), "layer1:5", "neurons"),
    (("question_mark", "j", "escape", "escape", "j"), "layer1:4", "neurons"),
    (("3", "enter", "l", "q", "1", "j"), "layer1:4", "neurons"),
    (("j", "k") * 50 + ("j",), "layer1:4", "neurons"),
)
"""Keys that arrive together at layer1:3 in the pane of neurons, and where they lead"""


@pytest.mark.slow
async def test_keys_in_one_packet_do_what_they_do_one_by_one(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        for keys, neuron, pane in PACKETS:
            opened.screen.panes.go_to("neurons")
            await opened.go_to(1, 3)
            await opened.press_together(*keys)
            assert (opened.neuron, opened.screen.panes.present) == (neuron, pane), keys
            assert opened.app.screen is opened.screen
            assert opened.screen.focused is opened.screen.panes.reading(opened.screen.panes.present), keys


@pytest.mark.slow
async def test_a_value_and_a_filter_typed_ahead(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press_together(*"a0.6", "enter", "j")
        assert (opened.cuts.alpha, opened.neuron) == (0.6, "layer1:4")
        await opened.press_together(*"/12", "enter", *"b.5", "enter")
        assert (opened.rows.query, opened.cuts.beta, opened.neuron) == ("12", 0.5, "layer1:12")
        await opened.press_together("escape", "k")
        assert (opened.rows.query, opened.neuron) == ("", "layer1:11")


async def test_pasted_text_waits_for_the_keys_before_it(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        opened.app.post_message(events.Key("slash", "/"))
        opened.app.post_message(events.Paste("verdict"))
        await opened.rest()
        assert opened.screen.query_one("#filter", Input).value == "verdict"


async def test_keys_typed_after_the_one_that_quits_are_dropped(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press_together("j", "q", "j", "y")
        assert opened.app.return_code == 0
        assert not opened.log.path.exists()
