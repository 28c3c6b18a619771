"""Taps pool what layers give, and leave no trace on the model."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import densenet121, swin_t, vit_b_16

from engine.errors import ConfigError
from engine.targets.taps import Channels, Pooling, Taps, pool, resolve_layers, unit_axis
from tests.support.models import TinyClassifier


def hooks(module: nn.Module) -> int:
    return sum(len(child._forward_hooks) + len(child._forward_pre_hooks) for child in module.modules())


@pytest.fixture
def module() -> nn.Module:
    torch.manual_seed(0)
    return TinyClassifier(3).eval()


FILMS = torch.rand(5, 1, 32, 32, generator=torch.Generator().manual_seed(0))


def test_maps_vectors_and_aliases(module: TinyClassifier) -> None:
    with Taps(module, ["first", "second", "penultimate", "logits", "classifier"], "mean") as taps, torch.no_grad():
        logits = module(FILMS)
        pooled = taps.pooled()
    assert list(pooled) == ["first", "second", "penultimate", "logits", "classifier"]
    # the ReLU after "first" works in place: the tap must have seen its output before
    torch.testing.assert_close(pooled["first"], module.first(FILMS).mean((2, 3)))
    torch.testing.assert_close(pooled["penultimate"], pooled["second"])
    torch.testing.assert_close(pooled["logits"], logits)
    torch.testing.assert_close(pooled["classifier"], logits)


class Tokens(nn.Module):
    def forward(self, tokens: Tensor) -> Tensor:
        return tokens


@pytest.mark.parametrize(("pooling", "expected"), [("mean", 2.0), ("max", 4.0), ("cls", 0.0)])
def test_tokens_are_pooled_over_positions_or_taken_at_the_first(pooling: Pooling, expected: float) -> None:
    tokens = torch.arange(5.0).reshape(1, 5, 1).expand(2, 5, 3)
    module = Tokens()
    with Taps(module, ["logits"], pooling) as taps:
        module(tokens)
        assert torch.equal(taps.pooled()["logits"], torch.full((2, 3), expected))


@pytest.mark.parametrize(
    ("shape", "channels", "axis"),
    [
        ((2, 1024, 7, 7), "auto", 1),
        ((2, 7, 7, 768), "auto", 3),
        ((2, 3, 7, 7), "auto", 1),
        ((2, 7, 7, 3), "auto", 3),
        ((2, 7, 7, 7), "auto", 1),
        ((2, 64, 7, 5), "auto", 1),
        ((2, 512, 1, 1), "auto", 1),
        ((2, 1, 1, 512), "auto", 3),
        ((2, 7, 7, 7), "last", 3),
        ((2, 7, 5, 64), "last", 3),
        ((2, 7, 7, 768), "first", 1),
        ((2, 49, 768), "first", 2),
        ((2, 768), "last", 1),
        ((2, 3, 4, 5, 6), "auto", None),
        ((2,), "auto", None),
    ],
)
def test_the_axis_of_the_units(shape: tuple[int, ...], channels: Channels, axis: int | None) -> None:
    assert unit_axis(shape, channels) == axis
    if axis is not None:
        values = torch.arange(shape[axis], dtype=torch.float32)
        output = values.reshape([-1 if place == axis else 1 for place in range(len(shape))]).expand(shape)
        assert torch.equal(pool(output, "mean", "x", channels), values.expand(2, -1))
        assert torch.equal(pool(output, "max", "x", channels), values.expand(2, -1))


def test_every_stage_of_swin_is_pooled_over_its_positions() -> None:
    """torchvision's Swin gives [n, h, w, units]; its own head pools the last stage as we do."""
    torch.manual_seed(0)
    module = swin_t(num_classes=14).eval()
    stages = [f"features.{index}" for index in (1, 3, 5, 7)]
    films = torch.rand(2, 3, 224, 224)
    with torch.inference_mode(), Taps(module, [*stages, "norm", "penultimate"], "mean") as taps:
        module(films)
        pooled = taps.pooled()
    assert [pooled[stage].shape[1] for stage in stages] == [96, 192, 384, 768]
    torch.testing.assert_close(pooled["norm"], pooled["penultimate"])


@pytest.mark.parametrize("name", ["swin_tiny_patch4_window7_224", "convnext_atto"])
def test_every_stage_of_timms_swin_and_convnext(name: str) -> None:
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    module = timm.create_model(name, num_classes=14).eval()
    stages = [name for name, _ in module.named_modules() if re.fullmatch(r"(layers|stages)\.\d", name)]
    norm = "norm" if name.startswith("swin") else stages[-1]
    with torch.inference_mode(), Taps(module, [*stages, norm], "mean") as taps:
        features = module.forward_features(torch.rand(1, 3, 224, 224))
        pooled = taps.pooled()
    assert [pooled[stage].shape[1] for stage in stages] == [info["num_chs"] for info in module.feature_info]
    positions = (1, 2) if name.startswith("swin") else (2, 3)
    torch.testing.assert_close(pooled[norm], features.mean(positions))


def test_max_of_maps_and_cls_of_maps(module: TinyClassifier) -> None:
    with Taps(module, ["second"], "max") as taps, torch.no_grad():
        module(FILMS)
        maps = module.second(module.relu(module.first(FILMS)))
        torch.testing.assert_close(taps.pooled()["second"], maps.amax((2, 3)))
    message = "needs a layer of tokens; 'second' gives maps"
    with pytest.raises(ConfigError, match=message), Taps(module, ["second"], "cls"):
        module(FILMS)


def test_hooks_are_gone_after_a_pass_and_after_an_error(module: nn.Module) -> None:
    with Taps(module, ["first", "penultimate", "logits"], "mean"):
        assert hooks(module) == 3
    assert hooks(module) == 0
    with pytest.raises(ZeroDivisionError), Taps(module, ["first", "penultimate"], "mean"):
        raise ZeroDivisionError
    assert hooks(module) == 0
    with pytest.raises(RuntimeError, match="expected input"), Taps(module, ["first"], "mean"):
        module(torch.rand(1, 3, 8, 8))
    assert hooks(module) == 0


def test_hooks_are_gone_when_one_cannot_be_made() -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 1))
    with pytest.raises(ConfigError, match="needs a model with an nn"):
        Taps(module, ["0", "penultimate"], "mean").__enter__()
    assert hooks(module) == 0


def test_a_layer_that_is_not_used(module: TinyClassifier) -> None:
    module.spare = nn.Linear(2, 2)
    with Taps(module, ["spare"], "mean") as taps:
        module(FILMS)
        with pytest.raises(ConfigError, match="the model's forward pass does not use 'spare'"):
            taps.pooled()
    with Taps(module, ["penultimate"], "mean") as taps:
        module(FILMS)
        with pytest.raises(ConfigError, match=r"'penultimate', the input of spare, .*: name"):
            taps.pooled()


def test_a_layer_that_gives_no_tensor(module: nn.Module) -> None:
    class Named(nn.Module):
        def forward(self, films: Tensor) -> dict[str, Tensor]:
            return {"films": films, "again": films}

    named = Named()
    with pytest.raises(ConfigError, match="'logits' gives a dict, not a tensor"), Taps(named, ["logits"], "mean"):
        named(FILMS)


def test_layers_by_name_glob_and_alias() -> None:
    with torch.device("meta"):
        module = densenet121()
    blocks = [f"features.denseblock{index}" for index in (1, 2, 3, 4)]
    assert resolve_layers(module, ["features.denseblock?", "logits", "features.denseblock1"]) == [*blocks, "logits"]
    assert resolve_layers(module, ["features.denseblock4.*.conv2"])[0] == "features.denseblock4.denselayer1.conv2"
    assert len(resolve_layers(module, ["features.denseblock4.*.conv2"])) == 16
    assert len(resolve_layers(module, ["features.**.conv2"])) == 58


def test_a_layer_that_does_not_exist_lists_close_ones() -> None:
    with torch.device("meta"):
        module = densenet121()
    with pytest.raises(ConfigError) as raised:
        resolve_layers(module, ["features.denseblok3"])
    assert str(raised.value).startswith(
        "target.layers: 'features.denseblok3' names no layer. Close ones: features.denseblock"
    )
    with pytest.raises(ConfigError) as raised:
        resolve_layers(module, ["encoder.*"])
    assert "names no layer" in str(raised.value)


@pytest.mark.slow
def test_penultimate_is_the_last_linear_in_large_models_too() -> None:
    module = vit_b_16(num_classes=14).eval()
    with Taps(module, ["encoder", "penultimate", "logits"], "cls") as taps, torch.inference_mode():
        module(torch.zeros(1, 3, 224, 224))
        pooled = taps.pooled()
    assert {layer: tuple(values.shape) for layer, values in pooled.items()} == {
        "encoder": (1, 768),
        "penultimate": (1, 768),
        "logits": (1, 14),
    }
    torch.testing.assert_close(pooled["encoder"], pooled["penultimate"])


def test_mixed_precision_pools_in_full_precision(module: TinyClassifier) -> None:
    with Taps(module, ["first"], "mean") as taps, torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        module(FILMS)
        assert taps.pooled()["first"].dtype == torch.float32


def test_cls_of_patches_without_a_class_token() -> None:
    with pytest.raises(
        ConfigError, match=r"'blocks' gives the 196 patches of a square alone\. Use \"mean\" or \"max\""
    ):
        pool(torch.zeros(2, 196, 8), "cls", "blocks")
    assert pool(torch.ones(2, 197, 8), "cls", "blocks").shape == (2, 8)
