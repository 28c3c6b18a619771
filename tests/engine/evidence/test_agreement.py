"""Two groups agree as far as one word serves both."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evidence.agreement import agreement, gain


def test_one_word_for_both_groups_gains_nothing() -> None:
    z = np.array([[5.0, 1.0], [7.0, 2.0]])
    assert (gain(z), agreement(z)) == (0.0, 1.0)


def test_two_equally_strong_words_that_share_nothing_do_not_agree() -> None:
    z = np.array([[5.0, 0.0], [-3.0, 5.0]])
    assert (gain(z), agreement(z)) == (25.0, 0.0)


def test_a_word_that_half_serves_the_other_group_agrees_in_between() -> None:
    z = np.array([[4.0, 2.0], [2.0, 4.0]])
    assert (gain(z), agreement(z)) == (12.0, pytest.approx(0.25))


def test_a_weak_group_beside_a_strong_one_agrees_much() -> None:
    assert agreement(np.array([[10.0, 0.0], [0.0, 2.0]])) > 0.9


def test_groups_without_any_word_agree() -> None:
    assert (gain(np.full((2, 3), -1.0)), agreement(np.full((2, 3), -1.0))) == (0.0, 1.0)
