"""Label enrichment against enumeration and against SciPy's distributions."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import false_discovery_control, fisher_exact, hypergeom

from engine.annotation.image_sets import ImageSets
from engine.evidence.enrichment import enrichments, hypergeometric_tail, strongest
from engine.evidence.metadata import Metadata
from tests.support.metadata import column

NOT_KNOWN = column([None] * 500)


def _metadata(seed: int = 0, labels: int = 6) -> Metadata:
    rng = np.random.default_rng(seed)
    carried = rng.random((500, labels)) < np.linspace(0.02, 0.6, labels)
    names = tuple(f"[bold]label {index}\x1b[31m" for index in range(labels))
    return Metadata(names, carried, NOT_KNOWN, NOT_KNOWN, np.arange(500, dtype=np.int32))


def test_the_tail_is_the_share_of_all_draws() -> None:
    marked, drawn, total = 4, 3, 9
    inside = [sum(image < marked for image in draw) for draw in combinations(range(total), drawn)]
    for least in range(5):
        share = np.mean([count >= least for count in inside])
        assert hypergeometric_tail(least, marked, drawn, total) == pytest.approx(share, abs=1e-14)


def test_the_tail_is_scipys_over_many_orders_of_magnitude() -> None:
    rng = np.random.default_rng(1)
    total = 112_120
    marked, drawn = rng.integers(0, total, 400), rng.integers(0, 4000, 400)
    near = rng.hypergeometric(marked, total - marked, drawn)
    inside = np.clip(near + rng.integers(-60, 60, 400), 0, None)
    expected = hypergeom.sf(inside - 1, total, marked, drawn)
    np.testing.assert_allclose(hypergeometric_tail(inside, marked, drawn, total), expected, rtol=1e-8, atol=1e-300)


def test_impossible_and_certain_counts() -> None:
    assert hypergeometric_tail([0, 3, 4, 2], [3, 3, 3, 10], [3, 3, 3, 2], 10).tolist() == [
        1,
        pytest.approx(1 / 120),
        0,
        1,
    ]


def test_enrichments_are_fishers_and_corrected_over_labels() -> None:
    metadata = _metadata()
    images = np.flatnonzero(metadata.carried[:, 2])[:12].astype(np.int32)
    found = enrichments(images, metadata)
    p_values = {}
    for index, label in enumerate(metadata.labels):
        inside = int(metadata.carried[images, index].sum())
        outside = int(metadata.carried[:, index].sum()) - inside
        table = [[inside, 12 - inside], [outside, 488 - outside]]
        p_values[label] = float(fisher_exact(table, alternative="greater").pvalue)
        for each in found:
            if each.label == label:
                assert (each.inside, each.outside) == (inside, outside)
                assert each.expected == pytest.approx(12 * (inside + outside) / 500)
    corrected = dict(zip(p_values, false_discovery_control(list(p_values.values())), strict=True))
    assert [each.p_value for each in found] == pytest.approx([p_values[each.label] for each in found])
    assert [each.q_value for each in found] == pytest.approx([corrected[each.label] for each in found])
    assert [each.p_value for each in found] == sorted(each.p_value for each in found)
    assert {each.label for each in found} == {
        label for index, label in enumerate(metadata.labels) if metadata.carried[images, index].any()
    }
    assert found[0].label == metadata.labels[2]


def test_the_strongest_label_of_each_set_is_the_first_of_its_enrichments() -> None:
    metadata = _metadata()
    rng = np.random.default_rng(2)
    drawn = [rng.choice(500, size, replace=False).astype(np.int32) for size in (1, 5, 40, 0, 200, 500)]
    sets = ImageSets(np.concatenate(drawn), np.cumsum([0, *map(len, drawn)]))
    labels, q_values = strongest(sets, metadata)
    for images, label, q_value in zip(drawn, labels.tolist(), q_values.tolist(), strict=True):
        found = enrichments(images, metadata)
        if label < 0:
            assert np.isnan(q_value)
            assert not found or found[0].inside <= found[0].expected
        else:
            assert (metadata.labels[label], q_value) == (found[0].label, found[0].q_value)
    assert labels[3] == labels[5] == -1


def test_runs_without_labels_have_no_enrichment() -> None:
    metadata = Metadata((), np.empty((500, 0), dtype=bool), NOT_KNOWN, NOT_KNOWN, np.arange(500, dtype=np.int32))
    sets = ImageSets(np.arange(3, dtype=np.int32), np.array([0, 3]))
    labels, q_values = strongest(sets, metadata)
    assert labels.tolist() == [-1]
    assert np.isnan(q_values).all()
    assert enrichments(sets.of(0), metadata) == ()
