"""An evaluation of a whole run file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.errors import MammiError
from engine.evaluation.evaluate import evaluate
from engine.evaluation.results import Ties
from engine.methods.base import MethodAnswer, no_concepts
from engine.methods.panel import Panel
from engine.probing.base import Image
from engine.requery import Requery
from engine.store.batch import Batch
from engine.store.contents import Layer, RunContents
from engine.store.reader import RunReader
from engine.store.writer import assemble
from tests.support.runs import small_contents, small_run

CLASSES = ("Mass", "Pleural_Thickening", "Effusion")
SIZE = 120


@dataclass
class Said:
    """A method with given answers: (concepts, how many are annotated) by layer and unit."""

    answers: Mapping[tuple[str, int], tuple[Sequence[str], int]]
    name: str = "mammi"
    title: str = "said"
    equals: int = 1
    """The number of best concepts that share their score"""

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        concepts, annotated = self.answers.get((layer, unit), ((), 0))
        if not concepts:
            return no_concepts(self.name, "nothing")
        scores = -np.maximum(np.arange(len(concepts), dtype=float), self.equals - 1)
        return MethodAnswer(self.name, tuple(concepts), scores, annotated)


def labelled_run(
    folder: Path, *, labels: bool = True, parameters: bool = True, views: bool = True, classes: bool = True
) -> RunReader:
    """A run whose hidden units follow Effusion, the heart's width, the reverse of it, nothing, and exposure."""
    contents, batches = small_contents(images=SIZE, units=(5, 3), concepts=4)
    rng = np.random.default_rng(0)
    effusion = np.arange(SIZE) % 3 == 0
    width, exposure = rng.random((2, SIZE))
    noise = rng.normal(scale=0.01, size=(SIZE, 5))
    hidden = np.column_stack([effusion, width, -width, rng.random(SIZE), exposure]) + noise
    usable = [place for place in range(SIZE + 2) if place not in {1, SIZE + 1}]
    images = list(contents.images)
    for row, place in enumerate(usable):
        images[place] = Image(
            path=images[place].path,
            view=("AP" if row % 2 else "PA") if views else None,
            labels=("Effusion",) if labels and effusion[row] else (),
            parameters={"heart_width": width[row], "exposure": exposure[row]} if parameters else {},
        )
    layers = [Layer("hidden", "mean", ()), Layer("final", "mean", CLASSES if classes else ())]
    names = ["effusion", "heart", "mass", "thickening"]
    contents = replace(contents, images=images, layers=layers, concepts=names)
    path = folder / "labelled.duckdb"
    assemble(path, contents, list(_batches(contents, batches, hidden)))
    return RunReader(path)


def _batches(contents: RunContents, batches: Sequence[Batch], hidden: np.ndarray) -> Iterator[Batch]:
    first = 0
    for batch in batches:
        part = hidden[first : first + batch.usable].astype(np.float32)
        first += batch.usable
        yield replace(batch, activations={"hidden": part, "final": batch.activations["layer1"]})


def test_the_final_layer_is_scored_by_annotation_and_by_best_concept(tmp_path: Path) -> None:
    answers = {("final", 0): (["Mass", "heart"], 2), ("final", 1): (["heart", "pleural_thickening", "mass"], 2)}
    found = evaluate(labelled_run(tmp_path), [Said(answers)])
    assert found.layer == "final"
    scores = found.methods[0]
    assert scores.labels is scores.annotation
    assert scores.annotation is not None
    assert scores.annotation.hit_rate.mean == pytest.approx(2 / 3)
    assert scores.annotation.precision.mean == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert scores.best is not None
    assert scores.best.hit_rate.mean == pytest.approx(1 / 3)
    assert [neuron.labels for neuron in scores.neurons] == [("mass",), ("pleural thickening",), ("effusion",)]
    assert [neuron.annotation for neuron in scores.neurons] == [("mass", "heart"), ("heart", "pleural thickening"), ()]
    assert scores.synonyms is None


def test_comparison_methods_are_scored_by_their_best_concept_even_below_the_cut(tmp_path: Path) -> None:
    found = evaluate(labelled_run(tmp_path), [Said({("final", 0): (["mass"], 0)}, name="clip_dissect")])
    scores = found.methods[0]
    assert scores.labels is scores.best
    assert scores.labels is not None
    assert scores.labels.hit_rate.mean == pytest.approx(1 / 3)
    assert scores.annotation is not None
    assert scores.annotation.hit_rate.mean == 0


def test_ties_among_best_concepts_have_a_hit_rate_of_their_own(tmp_path: Path) -> None:
    """Mass is one of two and named first; Pleural_Thickening is one of two and named second."""
    answers = {
        ("final", 0): (["mass", "heart", "tube"], 1),
        ("final", 1): (["heart", "pleural_thickening", "tube"], 1),
        ("final", 2): (["heart"], 1),
    }
    reader = labelled_run(tmp_path)
    (alone,) = evaluate(reader, [Said(answers, name="clip_dissect")]).methods
    assert alone.ties is None
    (tied,) = evaluate(reader, [Said(answers, name="clip_dissect", equals=2)]).methods
    assert tied.labels is not None
    assert tied.labels.hit_rate.mean == pytest.approx(1 / 3)
    assert tied.ties == Ties(2, pytest.approx((1 / 2 + 1 / 2 + 0) / 3))


def test_synonyms_are_apart_from_the_main_figures(tmp_path: Path) -> None:
    answers = {("final", 0): (["tumor"], 1)}
    synonyms = {"mass": frozenset({"tumor"})}
    scores = evaluate(labelled_run(tmp_path), [Said(answers)], synonyms=synonyms).methods[0]
    assert scores.labels is not None
    assert scores.synonyms is not None
    assert (scores.labels.hit_rate.mean, scores.synonyms.hit_rate.mean) == (0, pytest.approx(1 / 3))


def test_unique_concepts_are_counted_both_ways(tmp_path: Path) -> None:
    answers = {("hidden", 0): (["a", "b", "c"], 2), ("hidden", 1): (["A", "d"], 2), ("hidden", 2): (["e"], 0)}
    hidden, final = evaluate(labelled_run(tmp_path), [Said(answers)]).methods[0].unique
    assert (hidden.layer, hidden.annotated_units, hidden.best, hidden.annotated) == ("hidden", 2, 2, 3)
    assert (final.layer, final.annotated_units, final.best, final.annotated) == ("final", 0, 0, 0)


def test_hidden_units_are_held_against_what_they_follow(tmp_path: Path) -> None:
    answers = {
        ("hidden", 0): (["mass", "effusion"], 2),
        ("hidden", 1): (["heart"], 1),
        ("hidden", 2): (["effusion"], 1),
        ("hidden", 4): (["heart"], 1),
    }
    found = evaluate(labelled_run(tmp_path), [Said(answers)])
    hidden = found.truths[0]
    assert dict(hidden.followed) == dict.fromkeys(
        ("Effusion", "high exposure", "high heart_width", "low heart_width"), 1
    )
    assert (hidden.units, hidden.clear, hidden.unnamed) == (5, 4, ("high exposure",))
    (scores,) = (scores for scores in found.methods[0].truth if scores.layer == "hidden")
    assert scores.units == 3
    assert scores.best.hit_rate.mean == pytest.approx(1 / 3)
    assert scores.annotation.hit_rate.mean == pytest.approx(2 / 3)
    assert 0 < scores.annotation.chance < 2 / 3
    assert scores.annotation.p_value > 0.05


def test_only_the_chosen_concept_set_names_what_is_followed(tmp_path: Path) -> None:
    with labelled_run(tmp_path) as reader:
        assert reader.concept_sets
        assert (
            evaluate(reader, [Said({})], cuts=replace(reader.info.cuts, concept_set=reader.concept_sets[0].name))
            .truths[0]
            .clear
            == 4
        )
        with pytest.raises(MammiError, match="no concept set 'x' in this run"):
            evaluate(reader, [Said({})], cuts=replace(reader.info.cuts, concept_set="x"))


def test_what_is_missing_is_said_and_the_rest_done(tmp_path: Path) -> None:
    bare = evaluate(labelled_run(tmp_path, labels=False, parameters=False, views=False, classes=False), [Said({})])
    assert bare.layer is None
    assert bare.truths == bare.methods[0].truth == bare.methods[0].neurons == ()
    assert len(bare.methods[0].unique) == 2
    assert any("class names" in text for text in bare.missing)
    assert any("hidden layers are not scored" in text for text in bare.missing)
    real = evaluate(labelled_run(tmp_path, parameters=False), [Said({("hidden", 0): (["effusion"], 1)})])
    assert dict(real.truths[0].followed) == {"Effusion": 1}
    assert any("only phantoms have" in text for text in real.missing)
    assert any("said has no concepts for final" in text for text in real.missing)


def test_methods_that_choose_among_labels_are_marked(tmp_path: Path) -> None:
    answers = {("hidden", 0): (["Effusion"], 1)}
    reader = labelled_run(tmp_path)
    methods = [Said(answers, name="netdissect"), Said(answers), Said({("hidden", 0): (["heart"], 1)}, name="tcav")]
    assert [method.among_labels for method in evaluate(reader, methods).methods] == [True, False, False]


def test_every_method_of_the_panel_is_evaluated(tmp_path: Path) -> None:
    path = small_run(tmp_path, captions=5, methods={"falcon": {}, "tcav": {}}, hostile=True)
    with RunReader(path) as reader:
        requery = Requery(reader)
        found = evaluate(reader, Panel(reader, requery).methods, cuts=Cuts(0.5, 0.5))
        assert [method.method for method in found.methods] == [
            "mammi",
            "mammi_z",
            "www",
            "clip_dissect",
            "falcon",
            "tcav",
        ]
        assert found.cuts == Cuts(0.5, 0.5)
        (mammi, *_) = found.methods
        answer = requery.neuron("layer1", 4, Cuts(0.5, 0.5))
        expected = [reader.concepts[concept].lower() for concept in answer.ranking[: answer.annotated]]
        assert [concept.replace("_", " ") for concept in expected] == list(mammi.neurons[4].annotation)
        with pytest.raises(ValueError, match="alpha"):
            evaluate(reader, Panel(reader, requery).methods, cuts=Cuts(1.5, 0.95))
