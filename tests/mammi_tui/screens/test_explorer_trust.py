"""Layers whose trust is not known yet: they say so, and get their evidence while the reader rests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mammi_tui.neurons.pane import NeuronsPane
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions import evidence as asking
from tests.support.explorer import explorer

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def as_on_small_runs(monkeypatch: pytest.MonkeyPatch, as_on_large_runs: None) -> None:
    """The neuron's layer has its evidence from the start."""
    monkeypatch.setattr(asking, "SOON_COMPUTED", 5000)


async def test_a_layer_without_evidence_says_so(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        assert re.search(r"layer0 +8 units · 1 dead · trust not known yet", opened.text())
        assert not re.search(r"layer1 .*trust", opened.text())
        opened.screen.neurons.set_underway(0)
        await opened.rest()
        assert re.search(r"layer0 +8 units · 1 dead · trust under way …", opened.text())


async def test_a_narrow_layers_line_says_it_in_a_word(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(62, 24)) as opened:
        assert re.search(r"layer0 .* trust (…|not known yet) ", opened.text())


async def test_a_neuron_whose_trust_is_not_known_has_a_mark_that_says_so(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        tree = opened.screen.neurons.outline
        evidence, opened.rows.evidence[0] = opened.rows.evidence[1], None
        opened.rows.open.add(0)
        tree.rebuild(Neuron(1, 3))
        opened.screen.desk.ask()
        await opened.rest()
        assert evidence is opened.rows.evidence[1]
        assert re.search(r"\s3  · concept \d+", opened.text())


async def test_layers_get_their_evidence_while_nothing_is_pressed(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "IDLE", 0.01)
    async with explorer(run_path, tmp_path, in_background=True) as opened:
        for _ in range(1000):
            if all(opened.rows.evidence):
                break
            await opened.pilot.pause(0.01)
        await opened.rest()
        assert "· trust" not in opened.text()
        assert opened.rows.evidence_underway is None


@pytest.mark.parametrize("images", [5, 5000])
async def test_evidence_in_the_background_waits_until_the_reader_rests(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, images: int
) -> None:
    """On a run of more images than are soon computed it waits longer, and is not asked for before."""
    monkeypatch.setattr(asking, "SOON_COMPUTED", images)
    monkeypatch.setattr(asking, "IDLE" if images > 60 else "IDLE_OF_LARGE_RUNS", 1000.0)
    async with explorer(run_path, tmp_path, in_background=True) as opened:
        await opened.press("j", "k")
        assert [found is None for found in opened.rows.evidence] == [True, images < 60]


async def test_on_a_large_run_too_layers_get_their_evidence_one_by_one(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SOON_COMPUTED", 5)
    monkeypatch.setattr(asking, "IDLE_OF_LARGE_RUNS", 0.01)
    told: list[int | None] = []
    with monkeypatch.context() as patched:
        seen = NeuronsPane.set_underway
        patched.setattr(NeuronsPane, "set_underway", lambda pane, layer: (told.append(layer), seen(pane, layer))[1])
        async with explorer(run_path, tmp_path, in_background=True) as opened:
            for _ in range(1000):
                if all(opened.rows.evidence):
                    break
                await opened.pilot.pause(0.01)
            await opened.rest()
    assert told == [1, 0, None]
