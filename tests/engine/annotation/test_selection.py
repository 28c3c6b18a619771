"""Representative images: the published code's sets, and what must hold for any activations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.annotation.selection import representatives, threshold
from tests.shared import shared_path

FINITE = st.floats(-1e6, 1e6, width=32)
ACTIVATIONS = st.one_of(
    arrays(np.float32, st.integers(1, 60), elements=FINITE),
    arrays(np.float32, st.integers(1, 60), elements=st.sampled_from([-1.0, 0.0, 0.25, 1.0])),
)
ALPHA = st.floats(0, 1)


@pytest.mark.parametrize("number", range(6))
def test_the_published_sets(number: int) -> None:
    golden = np.load(shared_path("goldens", f"mammi_{number}.npz"), allow_pickle=False)
    alpha = float(golden["alpha"])
    expected = np.split(golden["selected"], np.cumsum(golden["count"])[:-1])
    for unit, images in enumerate(expected):
        activations = golden["activations"][:, unit]
        assert representatives(activations, alpha).tolist() == images.tolist()
        assert threshold(activations, alpha) == pytest.approx(float(golden["threshold"][unit]), abs=1e-6)


@given(ACTIVATIONS, ALPHA)
def test_strictly_above_the_threshold_in_descending_order(activations: np.ndarray, alpha: float) -> None:
    chosen = representatives(activations, alpha)
    wide = activations.astype(np.float64)
    tau = wide.max() - (1 - alpha) * (wide.max() - wide.min())
    assert threshold(activations, alpha) == tau
    assert sorted(chosen.tolist()) == np.flatnonzero(wide > tau).tolist()
    keys = [(-wide[image], image) for image in chosen.tolist()]
    assert keys == sorted(keys)
    assert chosen.dtype == np.int64


@given(ACTIVATIONS, ALPHA, ALPHA)
def test_a_higher_alpha_never_adds_a_representative(activations: np.ndarray, one: float, other: float) -> None:
    low, high = sorted((one, other))
    wide, narrow = representatives(activations, low), representatives(activations, high)
    assert narrow.tolist() == wide[: len(narrow)].tolist()


@given(ACTIVATIONS, ALPHA, st.randoms(use_true_random=False))
def test_the_order_of_images_does_not_matter(activations: np.ndarray, alpha: float, random: object) -> None:
    order = np.array(random.sample(range(len(activations)), len(activations)))
    there = order[representatives(activations[order], alpha)]
    assert sorted(there.tolist()) == sorted(representatives(activations, alpha).tolist())


@given(st.integers(1, 30), FINITE, ALPHA)
def test_a_dead_unit_has_none(images: int, value: float, alpha: float) -> None:
    assert representatives(np.full(images, value, dtype=np.float32), alpha).tolist() == []


def test_the_cut_is_made_in_float64() -> None:
    """τ rounded to float32 equals the middle activation, which lies above the exact τ."""
    activations = np.array([0.0, 0.1, 1.0], dtype=np.float32)
    alpha = float(activations[1]) - 1e-12
    assert np.float32(threshold(activations, alpha)) == activations[1]
    assert representatives(activations, alpha).tolist() == [2, 1]


@pytest.mark.parametrize("alpha", [-0.01, 1.01, float("nan")])
def test_an_alpha_outside_its_range_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        representatives([1.0, 2.0], alpha)


@pytest.mark.parametrize("activations", [[], [[1.0]], [1.0, float("nan")], [float("inf"), 0.0]])
def test_what_is_no_neuron_is_refused(activations: list[float]) -> None:
    with pytest.raises(ValueError, match="activations"):
        representatives(activations, 0.5)
