"""Activation maps equal the layer's output at each position, and their taps leave no trace."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models import densenet121, resnet18, swin_t, vit_b_16

from engine.errors import MammiError
from engine.methods import map_batches as maps_module
from engine.methods.map_batches import layers_with_maps, map_batches
from engine.probing.base import Image
from engine.targets.maps import MapTaps, as_maps
from tests.support.method_context import hooks, method_context
from tests.support.models import TinyClassifier

FILMS = torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def module() -> TinyClassifier:
    torch.manual_seed(0)
    return TinyClassifier(3).eval()


def test_maps_are_what_the_layer_gave_before_an_in_place_relu(module: TinyClassifier) -> None:
    with MapTaps(module, ["first", "second"], "auto") as taps, torch.inference_mode():
        maps = taps.forward(FILMS)
    torch.testing.assert_close(maps["first"], module.first(FILMS).detach())
    assert maps["first"].min() < 0
    torch.testing.assert_close(maps["second"], module.second(module.relu(module.first(FILMS))).detach())


def test_pooled_vectors_and_classes_have_the_maps_that_were_pooled(module: TinyClassifier) -> None:
    layers = ["penultimate", "classifier", "logits"]
    with MapTaps(module, layers, "auto") as taps, torch.inference_mode():
        maps = taps.forward(FILMS)
        logits = module(FILMS)
    second = module.second(module.relu(module.first(FILMS)))
    torch.testing.assert_close(maps["penultimate"], second.detach())
    expected = torch.einsum("kc,nchw->nkhw", module.classifier.weight, second)
    expected += module.classifier.bias[:, None, None]
    torch.testing.assert_close(maps["classifier"], expected.detach())
    torch.testing.assert_close(maps["logits"].mean((2, 3)), logits)


@pytest.mark.parametrize(("build", "units"), [(densenet121, 1024), (resnet18, 512), (swin_t, 768)])
def test_torchvisions_networks_have_class_activation_maps(build: Callable[..., nn.Module], units: int) -> None:
    torch.manual_seed(0)
    module = build(num_classes=5).eval()
    films = torch.rand(2, 3, 64, 64)
    with MapTaps(module, ["penultimate", "logits"], "auto") as taps, torch.inference_mode():
        maps = taps.forward(films)
        logits = module(films)
    assert maps["penultimate"].shape == (2, units, 2, 2)
    torch.testing.assert_close(maps["logits"].mean((2, 3)), logits, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_a_networks_head_that_is_not_linear_in_the_maps_has_none() -> None:
    torch.manual_seed(0)
    module = vit_b_16(num_classes=4).eval()
    with MapTaps(module, ["encoder.layers.encoder_layer_3", "penultimate", "logits"], "auto") as taps:
        maps = taps.forward(torch.rand(1, 3, 224, 224))
    assert list(maps) == ["encoder.layers.encoder_layer_3"]
    assert maps["encoder.layers.encoder_layer_3"].shape == (1, 768, 14, 14)


@pytest.mark.parametrize("before", [0, 1, 2, 5])
def test_tokens_lie_as_their_patches(before: int) -> None:
    grid = torch.arange(2 * 3 * 4 * 4.0).reshape(2, 3, 4, 4)
    tokens = torch.cat([torch.full((2, before, 3), -1.0), grid.flatten(2).transpose(1, 2)], dim=1)
    maps = as_maps(tokens, "auto")
    assert maps is not None
    torch.testing.assert_close(maps, grid)


def test_channels_last_and_outputs_without_positions() -> None:
    last = torch.rand(2, 7, 7, 5)
    assert torch.equal(as_maps(last, "auto"), last.permute(0, 3, 1, 2))  # type: ignore[arg-type]
    assert as_maps(torch.rand(2, 5, 1, 1), "auto") is None
    assert as_maps(torch.rand(2, 7, 5), "auto") is None  # seven tokens are not a square
    assert as_maps(torch.rand(2, 5), "auto") is None


class Odd(nn.Module):
    """Has a layer that returns a tuple, and uses a layer twice."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.constant_(self.block.weight, 2.0)

    def forward(self, films: Tensor) -> tuple[Tensor, str]:
        return self.block(self.block(films)), "beside it"


def test_the_last_use_of_a_layer_and_the_first_item_of_a_tuple_count() -> None:
    with MapTaps(Odd(), ["block", "logits"], "auto") as taps, torch.inference_mode():
        maps = taps.forward(FILMS)
    torch.testing.assert_close(maps["block"], 4 * FILMS)
    torch.testing.assert_close(maps["logits"], 4 * FILMS)


def test_no_hook_stays_after_an_error(module: TinyClassifier) -> None:
    with pytest.raises(RuntimeError), MapTaps(module, ["first", "penultimate"], "auto") as taps:
        taps.forward(torch.rand(1, 7, 8, 8))
    assert hooks(module) == 0
    with pytest.raises(AttributeError), MapTaps(module, ["first", "nowhere"], "auto"):
        pass
    assert hooks(module) == 0


def test_large_maps_make_small_batches(module: TinyClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    films = [np.full((32, 32), 20 * place, np.uint8) for place in range(5)]
    context = method_context(films, [Image(f"{place}.png") for place in range(5)], module, ["first", "logits"])
    layers = layers_with_maps(context)
    assert layers == {"first": (4, 32, 32), "logits": (3, 32, 32)}
    whole = torch.cat([batch.maps["first"] for batch in map_batches(context, layers, range(5))])
    monkeypatch.setattr(maps_module, "VALUES_AT_ONCE", 2 * 7 * 32 * 32)
    batches = list(map_batches(context, layers, range(5)))
    assert [batch.films.rows for batch in batches] == [(0, 1), (2, 3), (4,)]
    torch.testing.assert_close(torch.cat([batch.maps["first"] for batch in batches]), whole)
    assert hooks(module) == 0


def test_maps_of_another_size_are_reported(module: TinyClassifier) -> None:
    films = [np.zeros((32, 32), np.uint8), np.zeros((24, 24), np.uint8)]
    context = method_context(films[:1], [Image("a.png")], module, ["first", "logits"], batch_size=1)
    other = method_context(films[1:], [Image("b.png")], module, ["first", "logits"])
    with pytest.raises(MammiError, match="do not have the same size"):
        list(map_batches(other, layers_with_maps(context), [0]))
