"""A neuron's evidence as rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from engine.annotation.cuts import Cuts
from engine.evidence.answers import NeuronEvidence
from engine.evidence.details import AlphaStep
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.reader import RunReader
from mammi_tui.neurons.figures import TRUST_MARKS
from mammi_tui.short_names import ShortNames
from mammi_tui.views.alpha_track import step_rows, track
from mammi_tui.views.evidence_rows import check_rows, evidence_rows
from mammi_tui.widgets.sheet import Row


@pytest.fixture(scope="module")
def evidences(rich_run_path: Path) -> list[tuple[NeuronEvidence, ShortNames]]:
    """The evidence of every unit of the last layer at several α and β, with the run's clean concepts."""
    with RunReader(rich_run_path) as reader:
        concepts = ShortNames(reader.concepts)
        live = Evidence(reader, Requery(reader))
        several = [Cuts(0.93, 0.95), Cuts(0.5, 0.8), Cuts(0.0, 0.0), Cuts(1.0, 1.0)]
        return [(live.neuron("layer1", unit, cuts), concepts) for cuts in several for unit in range(14)]


def text(row: Row) -> str:
    return "".join(part for part, _ in row)


@pytest.mark.parametrize("width", [30, 35, 50, 90])
def test_no_row_is_wider_than_the_pane(evidences: list[tuple[NeuronEvidence, ShortNames]], width: int) -> None:
    for evidence, concepts in evidences:
        for row in evidence_rows(evidence, concepts, 0.93, width):
            assert cell_len(text(row)) <= width, text(row)
            assert text(row).isprintable()


@pytest.mark.parametrize("width", range(1, 30))
@pytest.mark.parametrize("steady", [True, False])
def test_no_pane_is_too_narrow(evidences: list[tuple[NeuronEvidence, ShortNames]], width: int, steady: bool) -> None:
    for evidence, concepts in evidences[::7]:
        assert list(evidence_rows(evidence, concepts, 0.93, width, steady=steady))


def test_titles_are_whole_in_80_columns(evidences: list[tuple[NeuronEvidence, ShortNames]]) -> None:
    for evidence, concepts in evidences:
        titles = [row[1][0] for row in check_rows(evidence, concepts, 35)]
        assert [title for title in titles if "…" in title] == []


def test_the_neurons_mark_is_the_lowest_of_its_lines(evidences: list[tuple[NeuronEvidence, ShortNames]]) -> None:
    grades = {mark: grade for grade, (mark, _) in TRUST_MARKS.items()}
    seen = set()
    for evidence, concepts in evidences:
        if evidence.best >= 0:
            lines = [text(row) for row in check_rows(evidence, concepts, 60)]
            assert min(grades[line[0]] for line in lines if line[0] in grades) == evidence.trust, lines
            seen.add(evidence.trust)
    assert len(seen) >= 2


def test_lines_stay_in_their_places(evidences: list[tuple[NeuronEvidence, ShortNames]]) -> None:
    places = set()
    for evidence, concepts in evidences:
        if evidence.best >= 0:
            lines = [text(row) for row in evidence_rows(evidence, concepts, 0.93, 80)]
            places.add(
                next(place for place, line in enumerate(lines) if "Images hold" in line or "Images fall" in line)
            )
    assert len(places) == 1


def test_a_dead_unit_has_a_sentence_alone(evidences: list[tuple[NeuronEvidence, ShortNames]]) -> None:
    lines = [text(row).strip() for row in evidence_rows(*evidences[0], 0.93, 80)]
    assert "dead" in lines[0]
    assert not any(lines[1:])


def test_the_path_is_drawn_on_the_sliders_scale() -> None:
    path = (AlphaStep(0.2, 0.49, 3, 40), AlphaStep(0.5, 0.79, 7, 9), AlphaStep(0.8, 1.0, -1, 0))
    line = text(track(path, 7, 0.6, 0.9, 106))
    assert line.startswith("  0 ")
    assert line.endswith(" 1")
    cells = line[4:-2]
    assert len(cells) == 100
    assert cells[59] == "●"
    assert cells[89] == "◇"
    assert set(cells[:19]) == {" "}, "not followed"
    assert set(cells[20:49]) == {"─"}
    assert set(cells[51:59] + cells[60:79]) == {"━"}
    assert set(cells[80:89] + cells[90:]) == {"·"}
    assert "◆" in text(track(path, 7, 0.9, 0.9, 106))


def test_the_nearest_stretches_are_listed() -> None:
    path = tuple(AlphaStep(place / 10, place / 10 + 0.09, place, 100 - place) for place in range(10))
    rows = [text(row) for row in step_rows(path, 5, 0.55, ShortNames(f"concept {place}" for place in range(10)), 60)]
    assert rows[0].split() == ["1", "more", "above"]
    assert rows[4].split() == ["▸", "0.50", "…", "0.59", "concept", "5", "95"]
    assert rows[-1].split() == ["2", "more", "below"]
    assert len(rows) == 9
    assert not list(step_rows(path[:1], 0, 0.05, ["concept 0"], 60)), "the line alone shows a path of one stretch"


def test_no_evidence_breaks_the_rows(evidences: list[tuple[NeuronEvidence, ShortNames]]) -> None:
    evidence, concepts = next(pair for pair in evidences if pair[0].best >= 0)
    bare = replace(evidence, alpha_path=(), template_bests=(), groups=(), enrichments=(), confounds=())
    assert list(evidence_rows(bare, concepts, 0.93, 40))
