"""Which outputs read an attribute of the film, over a run in which one does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.auditing.layers import TraitFinder
from engine.decisions.audit.gaps import gap
from engine.decisions.audit.groups import rate
from engine.decisions.audit.live import Audit
from engine.decisions.audit.wording import reads
from engine.decisions.checkup.base import Material
from engine.decisions.checkup.shortcuts import SHORTCUTS
from engine.decisions.discrimination import area
from engine.decisions.outputs import Outcomes
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.attributed import READ, attributed_run
from tests.support.decisions import decided_run


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunReader]:
    with RunReader(attributed_run(tmp_path_factory.mktemp("attributed"))) as reader:
        yield reader


@pytest.fixture(scope="module")
def audit(reader: RunReader) -> Audit:
    return Audit(reader, Outcomes.of(reader))


def test_the_output_that_reads_the_device_is_found_and_nothing_is_said_of_sex_and_age(
    reader: RunReader, audit: Audit
) -> None:
    found = [each for each in audit.classes() if each.reads]
    names = {(reader.classes[each.number], audit.traits.found[each.trait].name) for each in found}
    assert (READ, "device tube") in names
    assert {trait for _, trait in names} == {"device tube"}
    mine = next(each for each in found if reader.classes[each.number] == READ)
    assert mine.reads == 1
    assert mine.others.having.value < mine.others.lacking.value
    assert mine.area > 0.7
    said = reads(mine, audit, audit.carriers(mine))
    assert said.startswith(f"{READ} reads device tube: ")
    assert "Carried by layer0:" in said


def test_the_neurons_that_carry_it_follow_it_and_move_the_output(reader: RunReader, audit: Audit) -> None:
    mine = next(each for each in audit.classes() if each.reads and reader.classes[each.number] == READ)
    carriers = audit.carriers(mine)
    assert carriers
    assert all((each.area - 0.5) * each.share > 0 for each in carriers)


def test_what_has_too_few_films_is_told(audit: Audit) -> None:
    told = " ".join(audit.unknown())
    assert "device wire: not looked at, 8 with it and 232 without; 20 films of each are needed." in told
    assert "Edema" in told  # an output that is no label


def test_a_run_that_records_the_view_alone_says_that_nothing_else_was_looked_at(tmp_path: Path) -> None:
    with RunReader(decided_run(tmp_path, images=40)) as reader:
        assert [each.name for each in reader.attributes()] == ["view"]
        told = " ".join(Audit(reader, Outcomes.of(reader)).unknown())
    assert "Beside the view, the run records no attributes of its films" in told


def test_a_run_without_outputs_says_so(reader: RunReader) -> None:
    audit = Audit(reader, None)
    assert audit.classes() == ()
    assert "Classes: not looked at, the run does not hold the model's outputs." in audit.unknown()


def test_a_units_own_finding_is_its_class_or_the_label_it_follows_best(reader: RunReader) -> None:
    finder = TraitFinder(reader)
    found = finder.layer(reader.layers[-1])
    assert finder.strata.labels[found.own[3]] == reader.layers[-1].unit_names[3]
    hidden = finder.layer(reader.layers[0])
    assert hidden.own[0] == -1  # dead
    assert np.isnan(hidden.areas[0]).all()
    sex = hidden.upwards("sex")
    assert sex is not None
    assert (sex[1:] >= 0.5).all()  # F or M, whichever it goes up with
    assert hidden.upwards("scanner") is None


def test_the_check_names_outputs_and_neurons(reader: RunReader) -> None:
    requery = Requery(reader)
    found = SHORTCUTS.look(Material(reader, requery, Evidence(reader, requery), reader.info.cuts))
    assert READ in found.classes
    assert found.unknown == ""
    assert any(layer == "layer0" for layer, _ in found.neurons)
    assert "device tube" in found.says


def test_a_gap_is_the_difference_of_both_areas_and_its_interval_covers_patients() -> None:
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(200), 3)
    labelled, member = rng.random(600) < 0.3, rng.random(600) < 0.5
    scores = rng.normal(size=600) + labelled * np.where(member, 2.0, 0.5)
    found = gap(scores, labelled, member, patients)
    use = member | ~labelled
    assert found.having.value == pytest.approx(area(scores[use], labelled[use], patients[use]).value)
    assert found.difference == pytest.approx(found.having.value - found.lacking.value)
    assert 0 < found.low < found.difference < found.high
    assert found.p_value < 0.001
    few = gap(scores, labelled & (np.arange(600) < 40), member, patients)
    assert np.isnan([few.difference, few.p_value]).all()


def test_gaps_of_nothing_are_seldom_significant() -> None:
    rng, below = np.random.default_rng(1), 0
    for _ in range(300):
        patients = np.repeat(np.arange(100), rng.integers(1, 5, 100))
        films = len(patients)
        member, labelled = (rng.random(100) < 0.5)[patients], rng.random(films) < 0.25
        scores = rng.normal(size=100)[patients] + rng.normal(size=films) + labelled
        below += int(gap(scores, labelled, member, patients).p_value < 0.05)
    assert below / 300 <= 0.085


def test_a_rate_of_films_of_the_same_patients_has_a_wider_interval() -> None:
    hits = np.repeat(np.arange(30) % 3 > 0, 4)
    alone, together = rate(hits, np.arange(120)), rate(hits, np.repeat(np.arange(30), 4))
    assert alone.value == together.value == pytest.approx(2 / 3)
    assert together.high - together.low > 1.8 * (alone.high - alone.low)
    assert np.isnan(rate(hits[:9], np.arange(9)).value)
