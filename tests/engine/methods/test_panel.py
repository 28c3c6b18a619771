"""All methods of a run by name: live ones with the run's own options, and stored ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import kinds
from engine.annotation.cuts import Cuts
from engine.errors import MammiError, RunFileError
from engine.methods import KINDS, is_computed
from engine.methods.panel import Panel
from engine.store.contents import ConceptSet, StoredMethod
from engine.store.records import MethodScore
from tests.support.method_runs import LAYER, opened_run

CAPTIONS = {"captions": ["A nodule."], "caption_embeddings": np.ones((1, 16), dtype=np.float32)}
SCORES = [
    MethodScore(LAYER, 3, "Mass", 0.9, 0.5, "layer1"),
    MethodScore(LAYER, 3, "Nodule", 0.8, 0.01, "layer1"),
    MethodScore(LAYER, 3, "Nodule", 0.7, 0.02, "layer2"),
    MethodScore(LAYER, 4, "Mass", 0.9, None, ""),
]


def _names(panel: Panel) -> list[str]:
    return [method.name for method in panel.methods]


def test_a_run_that_names_no_method_has_the_live_ones(tmp_path: Path) -> None:
    with opened_run(tmp_path) as opened:
        panel = Panel(opened.reader, opened.requery)
        assert _names(panel) == ["mammi", "mammi_z", "www", "clip_dissect"]
        assert [method.title for method in panel.methods][1:] == [
            "MAMMI by z",
            "WWW (top 40 images)",
            "CLIP-Dissect (soft WPMI, prompted)",
        ]


def test_falcon_needs_captions_and_computed_methods_need_scores(tmp_path: Path) -> None:
    methods = [StoredMethod(name, {}) for name in reversed(KINDS)]
    with opened_run(tmp_path, {**CAPTIONS, "methods": methods}) as opened:
        assert _names(Panel(opened.reader, opened.requery)) == list(KINDS)


def test_the_runs_own_options_are_used(tmp_path: Path) -> None:
    methods = [
        StoredMethod("www", {"count": 3}),
        StoredMethod("clip_dissect", {"similarity": "wpmi", "a": None, "top_k": 9}),
    ]
    with opened_run(tmp_path, {"methods": methods}) as opened:
        titles = [method.title for method in Panel(opened.reader, opened.requery).methods]
        assert titles[2:] == ["WWW (top 3 images)", "CLIP-Dissect (WPMI, prompted, top_k 9)"]


def test_methods_of_packages_follow_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    installed = {"mine_live": "engine.methods.www", "mine_computed": "engine.methods.tcav"}
    monkeypatch.setattr(kinds, "added", lambda _: installed)
    methods = [StoredMethod(name, {}) for name in ("mine_computed", "gone", "mine_live", "tsi")]
    with opened_run(tmp_path, {"methods": methods}) as opened:
        found = Panel(opened.reader, opened.requery).methods
    assert [method.title for method in found][-3:] == ["TSI", "TCAV", "WWW (top 40 images)"]
    assert len(found) == 7
    assert [is_computed(name) for name in ("www", "tsi", "mine_live", "mine_computed", "gone")] == [
        *(False, True, False, True, False)
    ]
    (message,) = caplog.messages
    assert message.endswith("the method 'gone' is not installed here, so it is left out.")


@pytest.mark.parametrize("options", [{"count": "[red]"}, {"cuont": 3}, {"count": 0}])
def test_damaged_options_are_reported(options: dict[str, object], tmp_path: Path) -> None:
    damaged = {"methods": [StoredMethod("www", options)]}
    with opened_run(tmp_path, damaged) as opened, pytest.raises(RunFileError, match="options of www"):
        Panel(opened.reader, opened.requery).methods  # noqa: B018


def test_stored_scores_come_with_the_annotation_first(tmp_path: Path) -> None:
    """TCAV annotates with significant concepts, each once."""
    stored = {"methods": [StoredMethod("tcav", {})], "method_scores": {"tcav": SCORES}}
    with opened_run(tmp_path, stored) as opened:
        panel = Panel(opened.reader, opened.requery)
        answer = panel.answer("tcav", LAYER, 3, Cuts(0.93, 0.95))
        assert answer.concepts == ("Nodule", "Mass", "Nodule")
        assert answer.scores.tolist() == [0.8, 0.9, 0.7]
        assert answer.annotated == 1
        assert answer.p_values is not None
        assert answer.p_values.tolist() == [0.01, 0.5, 0.02]
        assert answer.details == ("layer1", "layer1", "layer2")
        plain = panel.answer("tcav", LAYER, 4, Cuts(0.93, 0.95))
        assert (plain.p_values, plain.details, plain.annotated) == (None, (), 0)
        assert "cut" in plain.note


@pytest.mark.parametrize(("concepts", "sizes"), [("matched", (1, 0)), ("labels", (2, 2))])
def test_a_concept_set_chooses_among_stored_concepts_that_are_the_runs(
    concepts: str, sizes: tuple[int, int], tmp_path: Path
) -> None:
    with opened_run(tmp_path) as opened:
        inside, outside, *others = opened.reader.concepts
    scores = [MethodScore(LAYER, 3, name, 0.9, 0.01) for name in (inside, outside)]
    more = {
        "methods": [StoredMethod("tcav", {"concepts": concepts})],
        "method_scores": {
            "tcav": [*scores, MethodScore(LAYER, 4, outside, 0.9, 0.01), MethodScore(LAYER, 4, "x", 0.8)]
        },
        "concept_sets": [
            ConceptSet("one", "word_list", (0,)),
            ConceptSet("rest", "word_list", tuple(range(1, 2 + len(others)))),
        ],
    }
    with opened_run(tmp_path, more) as opened:
        panel = Panel(opened.reader, opened.requery)
        answers = [panel.answer("tcav", LAYER, unit, Cuts(0.93, 0.95, "one")) for unit in (3, 4)]
        assert tuple(len(answer.concepts) for answer in answers) == sizes
        assert len(panel.answer("tcav", LAYER, 3, Cuts(0.93, 0.95)).concepts) == 2


def test_a_neuron_without_stored_scores_says_why(tmp_path: Path) -> None:
    methods = [StoredMethod(name, {}) for name in ("tcav", "netdissect", "tsi")]
    scores = {"netdissect": [MethodScore(LAYER, 3, "Mass", 0.5)]}
    with opened_run(tmp_path, {"methods": methods, "method_scores": scores}) as opened:
        panel = Panel(opened.reader, opened.requery)
        reasons = {
            "tcav": "Only classes are tested, and the units of this layer are none.",
            "netdissect": "None of its active cells lies on an outline.",
            "tsi": "The run has no scores for this neuron.",
        }
        for name, reason in reasons.items():
            assert "Dead" in panel.answer(name, LAYER, 0, Cuts(0.93, 0.95)).note
            assert panel.answer(name, LAYER, 5, Cuts(0.93, 0.95)).note == reason


def test_a_neuron_without_words_of_crops_says_what_may_be_the_reason(tmp_path: Path) -> None:
    for options, reason in (({}, "highly enough (methods.falcon_crops.limit)"), ({"groups": True}, "in no group")):
        folder = tmp_path / reason[:4]
        folder.mkdir()
        with opened_run(folder, {"methods": [StoredMethod("falcon_crops", options)]}) as opened:
            answer = Panel(opened.reader, opened.requery).answer("falcon_crops", LAYER, 5, Cuts(0.93, 0.95))
            assert answer.concepts == ()
            assert reason in answer.note


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    with opened_run(tmp_path, {"methods": [StoredMethod("tcav", {})]}) as opened:
        panel = Panel(opened.reader, opened.requery)
        with pytest.raises(MammiError, match="no method 'clipdissect' in this run; nearest: clip_dissect"):
            panel.answer("clipdissect", LAYER, 3, Cuts(0.93, 0.95))
        for name in ("mammi", "www", "clip_dissect", "tcav"):
            with pytest.raises(MammiError, match="no unit 8"):
                panel.answer(name, LAYER, 8, Cuts(0.93, 0.95))
            with pytest.raises(MammiError, match="concept set"):
                panel.answer(name, LAYER, 3, Cuts(0.93, 0.95, "x"))
            with pytest.raises(ValueError, match="alpha"):
                panel.answer(name, LAYER, 3, Cuts(2, 0.95))


def test_every_answer_has_the_promised_shape(tmp_path: Path) -> None:
    with opened_run(tmp_path, {**CAPTIONS, "methods": [StoredMethod("netdissect", {})]}, hostile=True) as opened:
        panel = Panel(opened.reader, opened.requery)
        for layer in opened.reader.layers:
            for unit in range(layer.units):
                for method in panel.methods:
                    answer = panel.answer(method.name, layer.name, unit, Cuts(0.93, 0.95))
                    assert answer.method == method.name
                    assert len(answer.concepts) == len(answer.scores) >= answer.annotated
                    assert np.isfinite(answer.scores).all()
                    assert answer.annotated or answer.note
