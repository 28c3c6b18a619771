"""Several concept sets in one run: each concept encoded and stored once, each set answered as if it were alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.annotation.cuts import Cuts
from engine.config.settings import load_config
from engine.errors import ConfigError
from engine.progress import Silent
from engine.requery import Requery
from engine.run.pipeline import run
from engine.store.contents import ConceptSet
from engine.store.reader import RunReader
from engine.store.writer import assemble
from tests.support import models
from tests.support.models import tiny_project
from tests.support.runs import small_contents, small_run

SETS = """
[[concepts]]
kind = "word_list"
path = "concepts.txt"

[[concepts]]
name = "devices"
kind = "word_list"
path = "devices.txt"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tiny_project(tmp_path, films=5)
    path.write_text(path.read_text().partition("[concepts]")[0] + SETS)
    (tmp_path / "devices.txt").write_text("tube\nrib\ncatheter\n")
    return path


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were encoded, in order, but for the one that the VLM gets twice."""
    given: list[str] = []
    encode = models.TinyVLM.encode_texts

    def keeping(self: models.TinyVLM, texts: Sequence[str]) -> NDArray[np.float32]:
        given.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr("engine.run.text_stage.encode_again", lambda *_: None)
    monkeypatch.setattr(models.TinyVLM, "encode_texts", keeping)
    return given


def compute(project: Path) -> str:
    path = run(load_config(project), Silent())
    with RunReader(path) as reader:
        return reader.info.content_hash


def test_a_shared_concept_is_encoded_and_stored_once(project: Path, encoded: list[str]) -> None:
    compute(project)
    assert sorted(text.removeprefix("A chest x-ray image of a").strip() for text in encoded) == [
        *("", "catheter", "effusion", "heart", "mass", "opacity", "rib", "tube")
    ]
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        assert reader.concepts == ("effusion", "mass", "heart", "rib", "opacity", "tube", "catheter")
        assert reader.concept_sets == (
            ConceptSet("word_list", "word_list", (0, 1, 2, 3, 4)),
            ConceptSet("devices", "word_list", (5, 3, 6)),
        )


@pytest.mark.slow
def test_a_changed_set_encodes_only_new_texts(project: Path, encoded: list[str]) -> None:
    before = compute(project)
    encoded.clear()
    devices = project.with_name("devices.txt")
    devices.write_text("tube\npacemaker\n")
    changed = compute(project)
    assert encoded == ["A chest x-ray image of a pacemaker"]
    assert changed != before
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        assert reader.concepts == ("effusion", "mass", "heart", "rib", "opacity", "tube", "pacemaker")
    devices.write_text("pacemaker\ntube\n")
    assert compute(project) != changed
    devices.write_text("tube\nrib\ncatheter\n")
    assert compute(project) == before


def test_a_mistake_in_one_of_several_sets_names_it(project: Path) -> None:
    devices = project.with_name("devices.txt")
    devices.write_text("\n")
    with pytest.raises(ConfigError, match=r"^concepts\.devices: "):
        compute(project)
    devices.unlink()
    with pytest.raises(ConfigError, match=r"^concepts\.devices: concepts\.path: .*devices\.txt cannot be read"):
        compute(project)


@pytest.mark.slow
def test_a_set_is_answered_as_if_it_were_alone(tmp_path: Path) -> None:
    contents, batches = small_contents(sets=2)
    with RunReader(small_run(tmp_path, sets=2)) as reader:
        requery = Requery(reader)
        for known in contents.concept_sets:
            members = list(known.concepts)
            alone = tmp_path / f"{known.name}.duckdb"
            everything = (ConceptSet("alone", "word_list", tuple(range(len(members)))),)
            names = [contents.concepts[concept] for concept in members]
            texts = contents.text_embeddings[members]
            assemble(alone, replace(contents, concepts=names, concept_sets=everything, text_embeddings=texts), batches)
            with RunReader(alone) as single:
                for alpha, beta in [(0.93, 0.95), (0.93, 0.3), (0.5, 0.95), (0.0, 0.0), (1.0, 0.5)]:
                    _check_alike(requery, Requery(single), known, alpha, beta)


def _check_alike(requery: Requery, single: Requery, known: ConceptSet, alpha: float, beta: float) -> None:
    members = np.array(known.concepts)
    whole, expected = requery.layer("layer0", Cuts(alpha, beta, known.name)), single.layer("layer0", Cuts(alpha, beta))
    living = expected.best >= 0
    assert whole.cuts.concept_set == known.name
    assert whole.best[living].tolist() == members[expected.best[living]].tolist()
    assert whole.best[~living].tolist() == expected.best[~living].tolist()
    assert whole.annotated.tolist() == expected.annotated.tolist()
    np.testing.assert_allclose(whole.best_scores, expected.best_scores, rtol=0, atol=1e-12)
    for unit in range(8):
        answer = requery.neuron("layer0", unit, Cuts(alpha, beta, known.name))
        other = single.neuron("layer0", unit, Cuts(alpha, beta))
        assert answer.cuts.concept_set == known.name
        assert answer.ranking.tolist() == members[other.ranking].tolist()
        assert (answer.annotated, answer.cut) == (other.annotated, pytest.approx(other.cut, abs=1e-12))
        assert answer.images.tolist() == other.images.tolist()


def test_a_set_that_the_run_lacks_is_told_with_the_nearest(tmp_path: Path) -> None:
    with RunReader(small_run(tmp_path, sets=2)) as reader:
        requery = Requery(reader)
        with pytest.raises(ConfigError, match="no concept set 'set 3' in this run; nearest: set 1, set 0"):
            requery.neuron("layer0", 3, Cuts(0.5, 0.5, "set 3"))
        with pytest.raises(ConfigError, match="nearest: set 0"):
            requery.layer("layer0", Cuts(0.93, 0.95, "Set0"))
