"""AUROC of a trait among films of the same stratum, against its definition, and its false alarms."""

import numpy as np
import pytest

from engine.auditing.areas import Design, area_in_order, areas, marginal, p_value, quantile


def data(seed: int, films: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    known, strata = rng.random(films) < 0.9, rng.integers(0, 12, films)
    members = (rng.random((2, films)) < 0.4) & known
    values = np.round(rng.normal(size=films) + 0.5 * members[0] + 0.3 * strata, 1)
    return values, members, known, strata, rng.integers(0, 150, films)


def by_pairs(values: np.ndarray, member: np.ndarray, known: np.ndarray, strata: np.ndarray) -> float:
    right = total = 0.0
    for stratum in np.unique(strata):
        films = known & (strata == stratum)
        having, lacking = values[films & member], values[films & ~member]
        weight = 1 / (len(having) + len(lacking) + 1)
        gaps = having[:, None] - lacking
        right += weight * ((gaps > 0) + 0.5 * (gaps == 0)).sum()
        total += weight * gaps.size
    return right / total


def test_it_is_the_weighted_share_of_pairs_in_the_right_order() -> None:
    values, members, known, strata, patients = data(1)
    found = areas(values, np.argsort(values), Design.of(members, known, strata, patients))
    expected = [by_pairs(values, member, known, strata) for member in members]
    np.testing.assert_allclose(found.values, expected, rtol=1e-12)
    assert found.p_values[0] < 0.01 < found.p_values[1]
    assert found.lows[0] > 0.5
    assert found.lows[1] < found.values[1] < found.highs[1]


def test_a_value_that_only_follows_the_strata_does_not_follow_the_trait() -> None:
    rng = np.random.default_rng(2)
    strata = rng.integers(0, 2, 600)
    member = (rng.random(600) < np.where(strata, 0.8, 0.2))[None]
    values = 3.0 * strata + rng.normal(size=600)
    ascending = np.argsort(values)
    assert marginal(values, ascending, member.T.astype(float))[0] > 0.75
    found = areas(values, ascending, Design.of(member, np.ones(600, bool), strata, np.arange(600)))
    assert abs(found.values[0] - 0.5) < 0.06


def test_films_of_one_patient_count_as_one() -> None:
    """A trait of patients, and values that follow patients: 5 % of the tests may be below 0.05."""
    rng, below = np.random.default_rng(3), 0
    for _ in range(400):
        patients = np.repeat(np.arange(80), rng.integers(1, 6, 80))
        member = (rng.random(80) < 0.4)[patients][None]
        values = rng.normal(size=80)[patients] + 0.5 * rng.normal(size=len(patients))
        strata = rng.choice(8, size=len(patients), p=[0.65, *[0.05] * 7])
        design = Design.of(member, np.ones(len(patients), bool), strata, patients)
        below += int(areas(values, np.argsort(values), design).p_values[0] < 0.05)
    assert below / 400 <= 0.075


def test_what_is_near_a_half_is_not_tested_where_that_is_not_asked() -> None:
    values, members, known, strata, patients = data(1)
    found = areas(values, np.argsort(values), Design.of(members, known, strata, patients), least=0.1)
    assert np.isnan(found.lows[1])
    assert found.p_values[1] == 1.0
    assert found.p_values[0] < 0.01


@pytest.mark.parametrize("films", [0, 9])
def test_too_few_films_with_the_trait_give_no_figure(films: int) -> None:
    member = (np.arange(100) < films)[None]
    design = Design.of(member, np.ones(100, bool), np.zeros(100, int), np.arange(100))
    assert np.isnan(areas(np.arange(100.0), np.arange(100), design).values).all()


def test_strata_that_all_have_the_trait_give_no_figure() -> None:
    strata = np.repeat([0, 1], 50)
    design = Design.of(strata[None].astype(bool), np.ones(100, bool), strata, np.arange(100))
    assert np.isnan(areas(np.arange(100.0), np.arange(100), design).values).all()


def test_plain_areas_and_student() -> None:
    members = np.arange(40) >= 20
    assert area_in_order(np.arange(40.0), members) == 1.0
    assert area_in_order(np.zeros(40), members) == 0.5
    assert np.isnan(area_in_order(np.arange(40.0), np.arange(40) > 35))
    assert quantile(19) == pytest.approx(2.093, abs=0.001)
    assert p_value(2.093, 1.0, 19) == pytest.approx(0.05, abs=0.001)
    assert p_value(0.0, 0.0, 19) == 1.0
