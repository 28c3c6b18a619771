"""Upsampling to a grid, as Pillow and grid_sample do it in the published codes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image as Picture

from engine.methods.upsampling import greatest, upsample


@pytest.mark.parametrize(("height", "width"), [(7, 7), (4, 9), (16, 16), (40, 24)])
def test_edges_go_on_as_pillows_do(height: int, width: int) -> None:
    """Also where a map is larger than the grid."""
    maps = torch.randn(3, height, width, generator=torch.Generator().manual_seed(0))
    found = upsample(maps, 16, "edge")
    for one, own in zip(maps.numpy(), found.numpy(), strict=True):
        expected = Picture.fromarray(one, mode="F").resize((16, 16), Picture.Resampling.BILINEAR)
        np.testing.assert_allclose(own, np.asarray(expected), atol=2e-5)


def test_zeros_lie_beyond_the_outermost_positions() -> None:
    """By hand: centres of 4 cells lie at −0.25, 0.25, 0.75 and 1.25 among the positions 0 and 1."""
    found = upsample(torch.tensor([[[4.0, 8.0], [4.0, 8.0]]]), 4, "zeros")[0].numpy()
    across = np.array([0.75 * 4, 0.75 * 4 + 0.25 * 8, 0.25 * 4 + 0.75 * 8, 0.75 * 8])
    np.testing.assert_allclose(found, np.outer([0.75, 1, 1, 0.75], across), rtol=1e-6)


@pytest.mark.parametrize("border", ["zeros", "edge"])
def test_no_value_exceeds_the_greatest(border: str) -> None:
    maps = torch.randn(50, 3, 3, generator=torch.Generator().manual_seed(1)) - 1
    bound = greatest(maps, border)  # type: ignore[arg-type]
    assert (upsample(maps, 32, border).amax((1, 2)) <= bound + 1e-6).all()  # type: ignore[arg-type]
