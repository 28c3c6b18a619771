"""Which means of layers are kept."""

from __future__ import annotations

import numpy as np

from engine.annotation.layer_means import KeptMeans, LayerMeans


def means(units: int) -> LayerMeans:
    return LayerMeans(np.ones(units, np.int64), np.zeros((units, 512)))


def test_several_layers_are_kept_at_one_alpha() -> None:
    kept, first, second = KeptMeans(), means(3), means(4)
    kept.keep(0, 0.9, first)
    kept.keep(1, 0.9, second)
    assert kept.get(0, 0.9) is first
    assert kept.get(1, 0.9) is second
    assert kept.get(0, 0.8) is None


def test_another_alpha_drops_all_others() -> None:
    kept = KeptMeans()
    kept.keep(0, 0.9, means(3))
    kept.keep(1, 0.8, means(3))
    assert kept.get(0, 0.9) is None
    assert kept.get(1, 0.8) is not None


def test_layers_used_longest_ago_make_room() -> None:
    kept, large = KeptMeans(), means(2048)
    for layer in (0, 1, 0, 2):
        kept.keep(layer, 0.9, large)
    assert [kept.get(layer, 0.9) is not None for layer in range(3)] == [True, False, True]
