"""The check-up of a run."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.decisions.checkup.base import Finding, Material, counted
from engine.decisions.checkup.borders import border, tail
from engine.decisions.checkup.checks import CHECKS, check_up
from engine.decisions.checkup.names import CHECK_NAMES
from engine.decisions.checkup.words import kind_of
from engine.evidence.columns import TRUST
from engine.evidence.details import Trust
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.decisions import decided_run, say_missing
from tests.support.runs import small_run


def material(reader: RunReader, cuts: Cuts | None = None) -> Material:
    requery = Requery(reader)
    return Material(reader, requery, Evidence(reader, requery), cuts or reader.info.cuts)


def found_by(reader: RunReader, cuts: Cuts | None = None) -> dict[str, Finding]:
    return {check.name: finding for check, finding in check_up(material(reader, cuts))}


def test_the_filter_knows_the_checks_that_find_neurons() -> None:
    assert tuple(check.name for check in CHECKS if check.of != "warnings") == CHECK_NAMES
    assert len(CHECKS) == 11


@pytest.mark.parametrize(
    ("concept", "kind"),
    [("pacemaker", "device"), ("PICC line", "device"), ("marker", "marker"), ("AP", "view"), ("port-a-cath", "device"),
     ("effusion", ""), ("apex", ""), ("lineage", ""), ("", "")],
)  # fmt: skip
def test_words_of_the_film_are_told_from_words_of_the_chest(concept: str, kind: str) -> None:
    assert kind_of(concept) == kind


def test_the_border_is_the_outermost_cells_and_a_tenth_of_the_film() -> None:
    assert border(4, 4).sum() == 12
    assert border(3, 5)[1].tolist() == [True, False, False, False, True]
    assert border(20, 20).sum() == 400 - 16 * 16  # two cells of twenty are a tenth


def test_the_chance_of_hits_is_the_binomial_tail() -> None:
    assert tail(0, 7, 0.3) == pytest.approx(1)
    assert tail(2, 2, 0.3) == pytest.approx(0.09)
    assert tail(1, 2, 0.5) == pytest.approx(0.75)


def test_names_are_told_the_most_frequent_first() -> None:
    assert counted({"b": 2, "a": 2, "c": 5, "d": 1}) == "c 5, a 2, b 2 and 1 more"
    assert counted({}) == ""


def test_unsupported_neurons_are_those_that_the_evidence_grades_so(tmp_path: Path) -> None:
    with RunReader(small_run(tmp_path)) as reader:
        found = found_by(reader)
        evidence = Evidence(reader, Requery(reader))
        expected = [
            (layer.name, unit)
            for layer in reader.layers
            for unit, trust in enumerate(evidence.layer(layer.name, reader.info.cuts)[TRUST])
            if trust == Trust.UNSUPPORTED and not layer.dead[unit]
        ]
        dead = [(layer.name, unit) for layer in reader.layers for unit in np.flatnonzero(layer.dead)]
    assert list(found["unsupported"].neurons) == expected
    assert list(found["dead"].neurons) == dead
    assert found["dead"].found == len(dead)


def test_two_units_with_the_same_images_are_doubles(tmp_path: Path) -> None:
    """At α 0 every living unit has all images but its weakest, so that all means are alike, and nearly the mean of all
    images; at the run's own α they are not."""
    with RunReader(small_run(tmp_path)) as reader:
        strict = found_by(reader)["duplicates"]
        assert strict.found < sum(layer.units for layer in reader.layers)
        assert strict.found != 1


def test_an_output_that_fails_is_named_with_the_reason(tmp_path: Path) -> None:
    with RunReader(decided_run(tmp_path)) as reader:
        found = found_by(reader)["outputs"]
        assert found.among <= len(reader.classes)
        for name in found.classes:
            assert f"{name}: " in found.says or "more" in found.says
        assert not found.unknown


def test_what_cannot_be_looked_at_is_said(tmp_path: Path) -> None:
    with RunReader(small_run(tmp_path)) as reader:
        found = found_by(reader)
    for name in ("outputs", "border"):
        assert found[name].unknown.endswith("To add it: mammi run CONFIG.toml.")
    assert found["warnings"].found
    assert "no outputs" in found["warnings"].says


def test_what_a_run_lacks_is_a_warning(tmp_path: Path) -> None:
    path = decided_run(tmp_path)
    say_missing(path, ("unit maps", "The run keeps none.", "[keep] maps = true"))
    with RunReader(path) as reader:
        assert "no unit maps" in found_by(reader)["warnings"].says


def test_looking_for_duplicates_copies_no_embeddings(tmp_path: Path) -> None:
    """At the size of NIH ChestX-ray14 a copy in double precision takes as much memory as the whole explorer."""
    with RunReader(small_run(tmp_path)) as reader:
        looked_at = material(reader)
        vectors = looked_at.requery.vectors()
        many = 1 + 20_000 // len(vectors.embeddings)
        large = replace(
            vectors,
            embeddings=np.tile(vectors.embeddings, (many, 1)),
            inverse_lengths=np.tile(vectors.inverse_lengths, many),
        )
        check = next(check for check in CHECKS if check.name == "duplicates")
        expected = check.look(looked_at)
        with mock.patch.object(looked_at.requery, "vectors", return_value=large):
            tracemalloc.start()
            found = check.look(looked_at)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
    assert found == expected
    assert peak < large.embeddings.nbytes
