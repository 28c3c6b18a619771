"""The β below which a concept is in the annotation."""

from __future__ import annotations

import numpy as np

from engine.annotation.scoring import annotate
from engine.evidence.beta_entries import beta_entries


def test_a_concept_is_annotated_below_its_entry_and_not_above() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        scores = rng.normal(size=30)
        members = rng.permutation(30)[:20]
        entries = beta_entries(scores, members)
        for beta in rng.random(20).tolist():
            annotated = members[annotate(scores[members], beta)]
            assert set(annotated) == set(np.flatnonzero(entries > beta))
        assert set(np.flatnonzero(np.isnan(entries))) == set(range(30)) - set(members)
        assert np.nanmax(entries) == 1


def test_nothing_enters_without_a_positive_score_or_without_images() -> None:
    assert np.isnan(beta_entries(np.array([-1.0, 0.0]), np.arange(2))).all()
    assert beta_entries(np.empty(0), np.arange(2)).shape == (0,)
