"""Evidence in the explorer: beside the concepts, in the tree, and in its order and filter."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.evidence.answers import NeuronEvidence
from engine.evidence.columns import CHANGE_CHANCE, P_VALUE, PATIENTS, Q_VALUE, TRUST, Z_SCORE
from engine.evidence.image_columns import PATIENT_SHARE
from engine.evidence.live import Evidence
from engine.requery import Requery
from mammi_tui.neurons.figures import TRUST_MARKS
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.questions import evidence as evidence_asking
from mammi_tui.text import clean, count
from mammi_tui.views.concept_list import ConceptList
from mammi_tui.views.evidence_sheet import EvidenceSheet
from mammi_tui.views.pane import ViewPane
from mammi_tui.views.summary import Summary
from tests.support.explorer import Explorer, explorer
from tests.support.verdicts import latest

pytestmark = pytest.mark.slow


def evidence_of(opened: Explorer) -> NeuronEvidence:
    """What the engine says of the neuron looked at, at the α and β and for the concept set looked at."""
    looking = opened.looking
    assert looking.neuron is not None
    live = Evidence(looking.reader, Requery(looking.reader))
    layer = looking.reader.layers[looking.neuron.layer].name
    return live.neuron(layer, looking.neuron.unit, looking.cuts)


def said(opened: Explorer) -> str:
    """What pane 2 says, without the breaks between its lines."""
    pane = opened.screen.query_one(ViewPane).content_region
    lines = (line[pane.x : pane.right].rstrip("▁▂▃▄▅▆▇█ ") for line in opened.lines()[pane.y : pane.bottom])
    return " ".join(" ".join(lines).split())


def title(opened: Explorer) -> str:
    return str(opened.screen.query_one(ViewPane).border_title)


def marks(opened: Explorer) -> dict[int, str]:
    """The mark of each unit of the last layer, as the tree draws it."""
    tree = opened.screen.query_one(NeuronTree)
    rows = {tree.rows.at(line): tree.row(line, 60) for line in range(tree.row_count())}
    return {n.unit: list(row)[2][0].strip() for n, row in rows.items() if n.layer == 1 and n.unit >= 0}


async def test_a_small_run_shows_from_the_start_how_far_words_can_be_trusted(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_asking, "SOON_COMPUTED", 60 * 14)
    async with explorer(run_path, tmp_path, size=(160, 60)) as opened:
        await opened.press("j")
        assert title(opened).startswith("2 Concepts of layer1:4")
        assert evidence_of(opened).sentence in said(opened)
        assert marks(opened)[4] == TRUST_MARKS[evidence_of(opened).trust][0]


async def test_e_brings_up_the_evidence_and_again_the_concepts(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(160, 60)) as opened:
        assert "e Evidence" in opened.lines()[-1]
        assert not any(mark for mark in marks(opened).values()), "nothing is computed before it is asked for"
        await opened.press("e")
        evidence = evidence_of(opened)
        assert title(opened) == "2 Evidence of layer1:3 class 3"
        assert said(opened).startswith(f"{TRUST_MARKS[evidence.trust][0]} {evidence.sentence}")
        assert isinstance(opened.screen.focused, NeuronTree), "the neurons keep the keys"
        assert re.search(
            rf"(images|image|patients) +{evidence.count} of {count(evidence[PATIENTS], 'patient')}", said(opened)
        )
        await opened.press("e")
        assert title(opened) == "2 Concepts of layer1:3 class 3"
        assert "β cut" in said(opened) or "no score" in said(opened)
        assert evidence.sentence in said(opened), "under the concepts it stays"


@pytest.mark.parametrize(
    "keys", [["j"], ["left_square_bracket"] * 3, ["left_curly_bracket"] * 9, ["S"], ["j", "k", "G"]]
)
async def test_evidence_follows(two_sets_path: Path, tmp_path: Path, keys: list[str]) -> None:
    async with explorer(two_sets_path, tmp_path, size=(160, 60)) as opened:
        await opened.press("e", *keys)
        assert said(opened).startswith(f"{TRUST_MARKS[evidence_of(opened).trust][0]} {evidence_of(opened).sentence}")
        assert opened.neuron in title(opened)
        await opened.press("e")
        assert evidence_of(opened).sentence in said(opened)


async def test_the_old_evidence_never_stands_under_the_new_name(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path, size=(160, 60)) as opened:
        await opened.press("e")
        old = said(opened)
        gate = threading.Event()
        source = opened.looking.sources.evidence()
        ask = source.neuron
        monkeypatch.setattr(source, "neuron", lambda *asked: (gate.wait(10), ask(*asked))[1])
        await opened.pilot.press("j")
        await opened.pilot.pause(0.4)
        pane = opened.screen.query_one(ViewPane)
        assert opened.neuron == "layer1:4"
        assert title(opened) == "2 Evidence of layer1:3 class 3"
        assert said(opened) == old
        assert opened.screen.query_one(EvidenceSheet).stale
        assert "computing" in str(pane.border_subtitle)
        await opened.pilot.press("e")
        await opened.pilot.pause(0.1)
        assert title(opened) == "2 Concepts of layer1:4 class 4"
        assert "layer1:3" not in said(opened)
        assert opened.screen.query_one(Summary).evidence is None, "no sentence under the new name"
        await opened.pilot.press("e", "k")
        gate.set()
        await opened.rest()
        assert said(opened) == old
        assert not opened.screen.query_one(EvidenceSheet).stale


async def test_every_unit_is_marked_as_the_engine_grades_it(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(160, 60)) as opened:
        await opened.press("e", "left_square_bracket")
        live = Evidence(opened.reader, Requery(opened.reader))
        trust = live.layer("layer1", Cuts(opened.cuts.alpha, opened.cuts.beta))[TRUST]
        by_grade = {int(grade): mark for grade, (mark, _) in TRUST_MARKS.items()}
        expected = {unit: by_grade[int(grade)] for unit, grade in enumerate(trust)}
        assert marks(opened) == expected | {0: ""}, "a dead unit has none"


async def test_sorting_by_evidence(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        live = Evidence(opened.reader, Requery(opened.reader)).layer("layer1", Cuts(0.93, 0.95))
        for order, head in (("trust", "✓▾ best concept"), ("significance", " q▴"), ("stability", " change▴")):
            opened.screen.action_sort(order)
            await opened.rest()
            units = opened.rows.matches[1]
            values = {"trust": -live[TRUST], "significance": live[Q_VALUE], "stability": live[CHANGE_CHANCE]}[order]
            ordered = np.asarray(values, float)[units]
            known = ordered[~np.isnan(ordered)].tolist()
            assert known == sorted(known), order
            assert f"sorted by {order}" in opened.text()
            assert head in opened.text()
            assert opened.neuron == "layer1:3"


async def test_an_order_that_is_left_at_once_computes_nothing(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press_together("s", "t", "s", "u")
        assert opened.rows.evidence == [None, None]
        assert "sorted by unit" in opened.text()


async def test_filtering_by_evidence(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        live = Evidence(opened.reader, Requery(opened.reader))
        layers = [live.layer(name, Cuts(0.93, 0.95)) for name in ("layer0", "layer1")]
        for query, matches in (
            ("trust:weak", sum(int((layer[TRUST] == 1).sum()) for layer in layers)),
            ("p<20%", sum(int((layer[P_VALUE] < 0.2).sum()) for layer in layers)),
            ("patient>=0.5 layer1", int((layers[1][PATIENT_SHARE] >= 0.5).sum())),
        ):
            await opened.press("slash")
            await opened.type(query)
            await opened.press("enter")
            assert opened.rows.match_count == matches, query
            assert f"{count(matches, 'neuron')} found" in opened.text()
            await opened.press("escape")


async def test_a_filter_follows_alpha(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("slash")
        await opened.type("z>1")
        await opened.press("enter", *["left_square_bracket"] * 9)
        live = Evidence(opened.reader, Requery(opened.reader))
        wanted = [np.flatnonzero(live.layer(f"layer{n}", Cuts(opened.cuts.alpha, 0.95))[Z_SCORE] > 1) for n in range(2)]
        assert [units.tolist() for units in opened.rows.matches] == [units.tolist() for units in wanted]


async def test_the_pane_says_that_evidence_is_being_computed(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        gate = threading.Event()
        source = opened.looking.sources.evidence()
        ask = source.layer
        monkeypatch.setattr(source, "layer", lambda *asked: (gate.wait(10), ask(*asked))[1])
        await opened.pilot.press("slash", *"trust:weak", "enter")
        await opened.pilot.pause(0.4)
        assert "computing evidence …" in opened.text()
        await opened.pilot.press("escape", "j")
        await opened.pilot.pause(0.1)
        assert opened.neuron == "layer1:4", "no key waits for it"
        gate.set()
        await opened.rest()
        assert "computing evidence" not in opened.text()


@pytest.mark.parametrize("size", [(200, 60), (160, 48), (120, 40), (100, 24), (80, 24), (79, 24), (60, 15)])
@pytest.mark.parametrize("view", ["e", "m"])
async def test_every_size_has_room_for_the_view(
    rich_run_path: Path, tmp_path: Path, size: tuple[int, int], view: str
) -> None:
    async with explorer(rich_run_path, tmp_path, size=size) as opened:
        await opened.press(view)
        pane = opened.screen.query_one(ViewPane)
        assert pane.region.area
        assert opened.screen.region.contains_region(pane.region)
        shown = [pane for pane in opened.screen.query(".pane") if pane.region.area]
        for one in shown:
            assert not any(one.region.overlaps(other.region) for other in shown if other is not one)
        await opened.press("2", "j", "G", "g")
        assert opened.screen.focused is pane.reading
        await opened.press("3", "2", view)
        assert pane.view.name == "concepts"
        assert opened.screen.focused is opened.screen.query_one(ConceptList)
        assert clean(opened.neuron) in title(opened)


async def test_one_pane_goes_to_the_evidence_and_back(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(70, 24)) as opened:
        await opened.press("e")
        assert "2 Evidence of layer1:3" in opened.text()
        assert "1 Neurons" not in opened.text()
        await opened.press("e")
        assert "2 Concepts of layer1:3" in opened.text()
        await opened.press("1")
        assert "1 Neurons" in opened.text()
        await opened.press("e", "n")
        assert "2 Evidence of layer1:4" in opened.text(), "n goes on with the evidence in sight"


async def test_verdicts_are_given_with_the_evidence_in_sight(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("e", "y", "x")
        assert latest(opened.log) == {
            "layer1:3": "accept",
            "layer1:4": "reject",
        }
        assert "2 Evidence of layer1:5" in opened.text()
        await opened.press("k")
        assert "✗ rejected" in opened.text()


async def test_hostile_names_stay_text(rich_run_path: Path, tmp_path: Path) -> None:
    async with explorer(rich_run_path, tmp_path, size=(160, 60)) as opened:
        for _ in range(12):
            await opened.press("j", "e", "e")
            assert not re.search(r"[\x00-\x1f\x7f\u202e]", opened.text().replace("\n", ""))


async def test_the_help_explains_the_lines(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(120, 150)) as opened:
        await opened.press("question_mark")
        assert "trust:strong" in opened.text()
        assert "Evidence, line by line" not in opened.text()
        await opened.press("escape", "e", "question_mark")
        for line in ("Enough images", "Leads the second by", "Stands out most", "at β", "centred"):
            assert line in opened.text()


async def test_the_keys_can_be_remapped(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        opened.app.set_keymap({"view.evidence": "f6", "view.methods": "f7"})
        await opened.press("f6")
        assert title(opened).startswith("2 Evidence")
        await opened.press("f7")
        assert title(opened).startswith("2 Methods")
