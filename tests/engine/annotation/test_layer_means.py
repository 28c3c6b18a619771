"""Which means of layers are kept."""

from __future__ import annotations

from engine.annotation.layer_means import KeptMeans, LayerMeans


def means(units: int) -> LayerMeans:
    return LayerMeans.none(units, 512)


def test_the_last_means_of_several_layers_are_kept() -> None:
    kept, first, second, third = KeptMeans(), means(3), means(4), means(3)
    kept.keep(0, 0.9, first)
    kept.keep(1, 0.9, second)
    kept.keep(0, 0.8, third)
    assert kept.get(0) == (0.8, third)
    assert kept.get(1) == (0.9, second)
    assert kept.get(2) is None


def test_layers_used_longest_ago_make_room() -> None:
    kept, large = KeptMeans(), means(2048)
    for layer in (0, 1, 0, 2):
        kept.keep(layer, 0.9, large)
    assert [kept.get(layer) is not None for layer in range(3)] == [True, False, True]
