"""A figure's line says what was found, the right way round."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.evidence import columns as c
from engine.evidence.answers import NeuronEvidence
from engine.evidence.column import Column
from engine.evidence.columns import COLUMNS
from engine.evidence.details import Candidate, Trust
from engine.evidence.findings import finding, findings
from engine.evidence.live import Evidence
from engine.evidence.trust import RULES
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.runs import small_run

LONGEST = 27
"""Characters of a line's title that fit beside its figure in 80 columns"""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> NeuronEvidence:
    """A neuron that no rule holds for."""
    with RunReader(small_run(tmp_path_factory.mktemp("findings"), other_templates=3)) as reader:
        evidence = Evidence(reader, Requery(reader)).neuron("layer1", 5, Cuts(0.93, 0.95))
    good = {
        c.REPRESENTATIVES: 12, c.PATIENTS: 12, c.ANNOTATED: 2, c.Q_VALUE: 0.001, c.MARGIN: 0.1,
        c.MARGIN_INTERVAL: np.array([0.05, 0.15]), c.CHANGE_CHANCE: 0.02, c.HALF_AGREEMENT: 0.9,
        c.HALF_CORRELATION: 0.9, c.TEMPLATE_AGREEMENT: 1.0, c.TIGHTNESS: 0.9, c.GROUP_COUNT: 1, c.PATIENT_SHARE: 0.1,
        c.CANDIDATES: 1,
        c.POLYSEMANTICITY: 0.0, c.REDUNDANCY: 0.2,
        c.ALPHA_INTERVAL: np.array([0.5, 0.99]), c.ALPHA_LOW: 0.5, c.ALPHA_HIGH: 0.99,
    }  # fmt: skip
    alone = {c.CANDIDATE_CONCEPTS: (Candidate(0, 0.98),)}
    return replace(evidence, figures={**evidence.figures, **_arrays(good), **alone}, base_tightness=0.5)


def _arrays(values: dict[Column[Any], object]) -> dict[Column[Any], Any]:
    return {column: np.asarray(value)[()] for column, value in values.items()}


def test_where_nothing_is_against_a_neuron_every_line_speaks_for_it(sound: NeuronEvidence) -> None:
    assert not any(rule.holds(sound) for rule in RULES)
    for column in COLUMNS:
        assert finding(column, sound) == column.title


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        (c.Q_VALUE, 0.001, "Beats random image sets"),
        (c.Q_VALUE, 0.03, "Barely beats random sets"),
        (c.Q_VALUE, 0.4, "No better than random"),
        (c.Q_VALUE, np.nan, "Not compared with chance"),
        (c.REPRESENTATIVES, 0, "No image above τ"),
        (c.REPRESENTATIVES, 1, "A single image"),
        (c.REPRESENTATIVES, 2, "Only two images"),
        (c.REPRESENTATIVES, 4, "Few images"),
        (c.REPRESENTATIVES, 59, "Most of all images"),
        (c.ANNOTATED, 0, "No concept above the β cut"),
        (c.CHANGE_CHANCE, 0.3, "Another first in many draws"),
        (c.CHANGE_CHANCE, 0.6, "Another first in most draws"),
        (c.CHANGE_CHANCE, np.nan, "Not drawn again"),
        (c.HALF_AGREEMENT, 0.2, "Halves seldom agree"),
        (c.HALF_AGREEMENT, np.nan, "Halves not compared"),
        (c.TEMPLATE_AGREEMENT, 0.3, "Few other templates agree"),
        (c.GROUP_COUNT, 3, "Images fall apart"),
        (c.POLYSEMANTICITY, 0.8, "Answers to several things"),
        (c.REDUNDANCY, 0.9, "A unit is much like it"),
        (c.REDUNDANCY, np.nan, "Units not compared"),
        (c.PATIENT_SHARE, 0.6, "One patient prevails"),
        (c.MARGIN, 0.0, "Ties with the second"),
        (c.MARGIN, np.nan, "No second concept"),
        (c.TIGHTNESS, 0.4, "As alike as all"),
        (c.TIGHTNESS, np.nan, "No pair of images"),
        (c.ALPHA_INTERVAL, np.array([np.nan, np.nan]), "Not followed along α"),
    ],
)
def test_a_line_says_what_its_figure_means(
    sound: NeuronEvidence, column: Column[Any], value: object, said: str
) -> None:
    evidence = replace(sound, figures={**sound.figures, **_arrays({column: value})})
    assert finding(column, evidence) == said
    assert said in findings(column)


def test_few_patients_and_changes_near_alpha_are_said(sound: NeuronEvidence) -> None:
    few = replace(sound, figures={**sound.figures, **_arrays({c.PATIENTS: 3})})
    assert finding(c.REPRESENTATIVES, few) == "Few patients"
    one = replace(sound, figures={**sound.figures, **_arrays({c.PATIENTS: 1, c.PATIENT_SHARE: 1.0})})
    assert finding(c.PATIENT_SHARE, one) == "All of one patient"
    for end, value, said in ((c.ALPHA_LOW, 0.93, "Changes just below α"), (c.ALPHA_HIGH, 0.93, "Changes just above α")):
        near = replace(sound, figures={**sound.figures, **_arrays({end: value})})
        assert finding(c.ALPHA_INTERVAL, near) == said
    alone = {c.CHANGE_CHANCE: 0.7, c.ANNOTATED: 1}
    unstable = replace(sound, figures={**sound.figures, **_arrays(alone)})
    assert finding(c.CHANGE_CHANCE, unstable) == "Another first in most draws"


def test_every_title_is_short_and_says_one_thing() -> None:
    titles = [title for column in COLUMNS for title in findings(column)]
    assert len(titles) == len(set(titles))
    assert [title for title in titles if len(title) > LONGEST] == []
    assert all(findings(rule.column)[0] for rule in RULES)
    assert {rule.cap for rule in RULES} == {Trust.UNSUPPORTED, Trust.WEAK, Trust.FAIR}
