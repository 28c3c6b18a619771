"""Which maps are cut out of passing films: at least those of the k strongest of each unit, whatever the batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from engine.store.unit_maps import Strongest
from engine.targets.top_maps import CuttingTaps, TopFilms, kept_maps
from tests.support.method_context import hooks
from tests.support.models import TinyClassifier


def stream(seed: int = 0) -> torch.Tensor:
    """Activations of 200 films on 6 units: one is full of ties, one is dead, one rises from film to film."""
    values = torch.randn(200, 6, generator=torch.Generator().manual_seed(seed))
    values[:, 1] = values[:, 1].round()
    values[:, 2] = 0.5
    values[:, 3] = torch.arange(200)
    return values


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_the_strongest_of_all_films_entered_when_they_passed(batch: int) -> None:
    values, k = stream(), 10
    top, exact = TopFilms(k), Strongest(k)
    entered = []
    for part in values.split(batch):
        entered.append(top.entering("layer", part))
        assert torch.equal(top.entering("layer", part), entered[-1]), "nothing is remembered before remember()"
        top.remember()
        exact.add(part.numpy())
    chosen = torch.cat(entered).numpy()
    strongest = np.argsort(-values.numpy(), axis=0, kind="stable")[:k].T
    np.testing.assert_array_equal(exact.images(), strongest)
    for unit, images in enumerate(strongest):
        assert chosen[images, unit].all()
    assert chosen[:, 2].sum() < k + batch, "ties do not enter for ever"
    assert chosen[:, [0, 4, 5]].mean() < 0.4


def test_films_whose_activations_are_not_finite_take_no_place() -> None:
    values = stream()
    values[:5, 0] = torch.inf
    values[5, 3] = torch.nan
    top = TopFilms(10)
    chosen = []
    for part in values.split(8):
        chosen.append(top.entering("layer", part))
        top.remember()
    entered = torch.cat(chosen)
    assert not entered[:6].any()
    for unit in range(6):
        assert entered[6 + np.argsort(-values[6:, unit].numpy(), kind="stable")[:10], unit].all()


def test_a_film_without_numbers_costs_the_others_no_map() -> None:
    films = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    films[2] = torch.nan
    everything = lambda layer, values: values.isfinite()  # noqa: E731
    with CuttingTaps(TinyClassifier(3).eval(), ["penultimate", "logits"], "mean", "auto", {}, everything) as taps:
        taps.forward(films)
        for kept in taps.maps().values():
            assert kept is not None
            assert kept.images.unique().tolist() == [0, 1, 3, 4, 5]


def test_maps_in_8_bits() -> None:
    maps = torch.randn(3, 4, 5, 6, generator=torch.Generator().manual_seed(1))
    maps[1, 2] = 7.0
    chosen = torch.zeros(3, 4, dtype=torch.bool)
    chosen[0, 1] = chosen[1, 2] = chosen[1, 3] = True
    maps[1, 3, 0, 0] = -torch.inf
    kept = kept_maps(maps, chosen)
    assert kept.images.tolist() == [0, 1, 1]
    assert kept.units.tolist() == [1, 2, 3]
    span = (kept.highs - kept.lows)[:, None, None]
    back = kept.lows[:, None, None] + kept.cells / 255 * span
    torch.testing.assert_close(back[0], maps[0, 1], rtol=0, atol=float(span[0]) / 509)
    assert (back[1] == 7).all()
    lowest = maps[1, 3][maps[1, 3].isfinite()].min()
    assert back[2, 0, 0] == lowest


def test_maps_are_cut_out_before_an_in_place_relu_and_of_vectors_too() -> None:
    torch.manual_seed(0)
    module = TinyClassifier(3).eval()
    films = torch.rand(5, 1, 8, 8)
    names = ["first", "penultimate", "logits"]
    wanted = torch.tensor([False, True, False, False, True])
    with (
        CuttingTaps(module, names, "mean", "auto", {}, lambda _, values: wanted[:, None].expand_as(values)) as taps,
        torch.inference_mode(),
    ):
        taps.forward(films)
        pooled, maps = taps.pooled(), taps.maps()
    for layer in names:
        kept = maps[layer]
        assert kept is not None
        assert kept.images.tolist() == [1] * pooled[layer].shape[1] + [4] * pooled[layer].shape[1]
        back = kept.lows + kept.cells.float().mean((1, 2)) / 255 * (kept.highs - kept.lows)
        torch.testing.assert_close(back, pooled[layer][[1, 4]].flatten(), rtol=0, atol=0.01)
    first = module.first(films).detach()
    assert maps["first"] is not None
    torch.testing.assert_close(maps["first"].lows, first[[1, 4]].flatten(0, 1).amin((1, 2)))
    assert (maps["first"].lows < 0).any()
    assert hooks(module) == 0


def test_a_layer_used_twice_enters_once() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.again = nn.Identity()

        def forward(self, films: torch.Tensor) -> torch.Tensor:
            return self.again(-self.again(films * 5))

    top = TopFilms(1)
    films = torch.rand(4, 1, 2, 2).sort(dim=0).values
    with CuttingTaps(Twice(), ["again"], "mean", "auto", {}, top.entering) as taps:
        for film in films.split(1):
            taps.forward(film)
            top.remember()
            kept = taps.maps()["again"]
            assert kept is not None
            assert len(kept.cells) == (film is films.split(1)[0] or torch.equal(film, films[:1]))
