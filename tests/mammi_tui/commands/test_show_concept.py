"""`mammi show --concept`: where a concept stands, printed."""

from __future__ import annotations

import json
from pathlib import Path

from engine.annotation.cuts import Cuts
from engine.decisions.concepts import Concepts
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.commands import Mammi


def test_the_json_is_the_answer_at_the_cuts_asked_for(mammi: Mammi, run_path: Path) -> None:
    outcome = mammi("show", run_path, "layer0:4", "--concept", "concept 7", "--alpha", 0.7, "--beta", 0.5, "--json")
    assert outcome.status == 0
    shown = json.loads(outcome.out)
    with RunReader(run_path) as reader:
        answer = Concepts(reader, Requery(reader)).concept(7, Cuts(0.7, 0.5), ("layer0", 4))
        names = [layer.name for layer in reader.layers]
        concepts = reader.concepts
    for key, standings in ("neurons", answer.having), ("missed", answer.missing):
        assert [(names.index(each["layer"]), each["unit"], each["rank"], each["z"]) for each in shown[key]] == [
            (each.layer, each.unit, each.rank, each.z) for each in standings
        ]
    assert [film["image"] for film in shown["matching"]] == answer.matches.images.tolist()
    assert [film["image"] for film in shown["cold"]] == answer.matches.cold.tolist()
    assert [film["higher"] for film in shown["cold"]] == answer.matches.higher.tolist()
    assert shown["unclaimed"] == [concepts[each] for each in answer.unclaimed]
    assert shown["nearest"][0]["concept"] == concepts[answer.nearest[0].concept]


def test_the_text_names_the_neurons_and_what_no_neuron_has(mammi: Mammi, run_path: Path) -> None:
    outcome = mammi("show", run_path, "--concept", "CONCEPT 7", "--beta", 0.5)
    assert outcome.status == 0
    assert outcome.out.startswith("concept 7   α 0.93   β 0.5\n")
    with RunReader(run_path) as reader:
        answer = Concepts(reader, Requery(reader)).concept(7, Cuts(0.93, 0.5))
        for found in answer.having:
            assert f"{reader.layers[found.layer].name}:{found.unit} " in outcome.out
    assert f"{len(answer.unclaimed)} of 25 concepts in no annotation" in outcome.out
    assert "activation" not in outcome.out, "no neuron was named"


def test_a_concept_that_is_in_another_set_is_said_to_be(mammi: Mammi, two_sets_path: Path) -> None:
    outcome = mammi("show", two_sets_path, "--concept", "concept 1", "--concept-set", "set 0")
    assert outcome.status == 0
    assert "not in this concept set" in outcome.out


def test_what_is_asked_wrongly_is_told(mammi: Mammi, run_path: Path) -> None:
    unknown = mammi("show", run_path, "--concept", "concept 77")
    assert unknown.status == 2
    assert "no concept 'concept 77'" in unknown.err
    assert "nearest: concept" in unknown.err
    neither = mammi("show", run_path)
    assert neither.status == 2
    assert "--concept" in neither.err
    both = mammi("show", run_path, "--concept", "concept 7", "--evidence")
    assert both.status == 2
    assert "leave out --concept" in both.err


def test_hostile_names_are_shown_harmlessly(mammi: Mammi, hostile_run_path: Path) -> None:
    with RunReader(hostile_run_path) as reader:
        name = reader.concepts[1]
    outcome = mammi("show", hostile_run_path, "layer1:4", "--concept", name)
    assert outcome.status == 0
    assert "\x1b" not in outcome.out
    assert "\u202e" not in outcome.out
