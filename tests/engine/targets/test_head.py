"""How a target model comes to its outputs is seen on one film: the head, the layer and the maps before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.errors import ConfigError
from engine.targets.base import TargetModel
from engine.targets.head import MOST_MAPS, LastPart, MapSource, last_part
from engine.targets.output_taps import OutputTaps
from engine.targets.preprocessing import Preprocessing
from engine.targets.probe import examine
from tests.support import outputs
from tests.support.models import TinyClassifier

FILMS = torch.rand(5, 1, 16, 16, generator=torch.Generator().manual_seed(3))
CLASSES = ("effusion", "mass", "hernia")


def look(module: nn.Module, layers: Sequence[str] = (), classes: Sequence[str] = CLASSES, **given: Any) -> LastPart:
    settings: dict[str, Any] = {"pooling": "mean", "channels": "auto", "output": None, **given}
    target = TargetModel(module.eval(), Preprocessing(), tuple(classes), "id", "tiny")
    told = settings.pop("told", "auto")
    readings = examine(target, layers, FILMS[:2], **settings) if layers else {}
    return last_part(target, layers, FILMS[:2], readings=readings, told=told, **settings)


class Norm(nn.Module):
    """A DenseNet's end: a norm, a ReLU and an average before the head."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, 6, 3, padding=1)
        self.norm = nn.InstanceNorm2d(6, affine=True)
        self.head = nn.Linear(6, 3)
        self._inplace = inplace

    def forward(self, films: Tensor) -> Tensor:
        maps = functional.relu(self.norm(self.convolution(films)), inplace=self._inplace)
        given: Tensor = self.head(functional.adaptive_avg_pool2d(maps, 1).flatten(1))
        return given


class Tokens(nn.Module):
    """A vision transformer's end: tokens of which the first goes into the head, or channel-last maps of them all."""

    def __init__(self, last: str) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 6, 4, 4)
        self.norm = nn.LayerNorm(6)
        self.head = nn.Linear(6, 3)
        self._last = last

    def forward(self, films: Tensor) -> Tensor:
        maps = self.patches(films).movedim(1, -1)
        if self._last == "maps":
            return self.head(self.norm(maps).mean((1, 2)))
        tokens = maps.flatten(1, 2)
        whole = self.norm(torch.cat([tokens.mean(1, keepdim=True), tokens], dim=1))
        return self.head(whole[:, 0]) if self._last == "class token" else self.head(whole[:, 1:]).mean(1)


class Ended(nn.Module):
    def __init__(self, inner: nn.Module, end: Any) -> None:
        super().__init__()
        self.inner = inner
        self._end = end

    def forward(self, films: Tensor) -> Any:
        return self._end(self.inner(films))


@pytest.mark.parametrize("inplace", [False, True])
def test_a_norm_before_relu_and_average_gives_the_heads_inputs_one_for_one(inplace: bool) -> None:
    """Also where the ReLU changes the norm's output in place."""
    found = look(Norm(inplace), ["convolution", "norm", "head"])
    assert found.head is not None
    assert (found.count, found.head.module, found.head.layer, found.head.same) == (3, "head", "norm", False)
    assert found.head.maps == MapSource("norm", True, (16, 16))
    assert found.lacks == ()


def test_the_nearest_layer_counts_and_the_inputs_themselves_are_known_as_such() -> None:
    for layers, layer, same in (
        (["norm", "penultimate"], "penultimate", True),
        (["convolution"], None, False),
        ([], None, False),
        (["head"], None, False),
    ):
        head = look(Norm(), layers).head
        assert head is not None
        assert (head.layer, head.same) == (layer, same)


def test_a_layer_that_is_averaged_as_the_run_pools_it_is_the_heads_input() -> None:
    head = look(TinyClassifier(3), ["first", "second", "classifier"]).head
    assert head is not None
    assert (head.layer, head.same, head.maps) == ("second", True, MapSource("second", False, (16, 16)))
    of_maximum = look(TinyClassifier(3), ["second"], pooling="max").head
    assert of_maximum is not None
    assert (of_maximum.layer, of_maximum.same) == ("second", False)


@pytest.mark.parametrize(("last", "maps"), [("class token", None), ("patches", (4, 4)), ("maps", (4, 4))])
def test_tokens_and_channels_last(last: str, maps: tuple[int, int] | None) -> None:
    found = look(Tokens(last), ["patches", "norm"])
    assert found.head is not None
    assert found.head.layer == "norm"
    assert (found.head.maps and found.head.maps.shape) == maps
    assert [lack.what for lack in found.lacks] == ([] if maps else ["class maps"])


@pytest.mark.parametrize(
    ("end", "probabilities", "said"),
    [
        (lambda y: y, "sigmoid", "probabilities are taken to be the sigmoid of what inner.head gives"),
        (torch.sigmoid, "sigmoid", ""),
        (lambda y: y.softmax(1), "softmax", ""),
        (lambda y: 0.5 * y.sigmoid() + 0.2, "sigmoid", "the model scales what inner.head gives"),
        (lambda y: {"a": y, "b": 2 * y}, "sigmoid", "the outputs are those of inner.head"),
    ],
)
def test_what_stands_between_the_head_and_the_outputs_is_seen(end: Any, probabilities: str, said: str) -> None:
    found = look(Ended(Norm(), end), ["inner.norm"])
    assert found.head is not None
    assert (found.head.module, found.head.layer, found.own) == ("inner.head", "inner.norm", None)
    assert found.probabilities == probabilities
    assert said in found.told if said else found.told == ""
    assert look(Ended(Norm(), end), told="softmax").probabilities == "softmax"
    assert look(Ended(Norm(), end), told="softmax").told == ""


class TwoViews(nn.Module):
    """The mean of what one head says of a film and of its mirror image."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Norm()

    def forward(self, films: Tensor) -> Tensor:
        given: Tensor = (self.inner(films) + self.inner(films.flip(3) * films)) / 2
        return given


def test_a_head_that_is_used_for_several_views_gives_the_outputs_in_none_of_its_uses() -> None:
    found = look(TwoViews(), ["inner.norm"])
    assert found.head is None
    assert found.own is not None
    assert found.lacks[0].what == "head"


def test_probabilities_that_the_model_gives_itself_have_no_head() -> None:
    scaled = Ended(Norm(), lambda y: 0.5 * y.sigmoid())
    found = look(scaled, told="none")
    assert (found.head, found.probabilities, found.count) == (None, "none", 3)
    assert found.lacks[0].what == "head"
    assert 'target.probabilities = "auto"' in found.lacks[0].remedy
    assert look(Norm(), told="none").head is not None


@pytest.mark.parametrize(
    ("end", "probabilities"),
    [(lambda y: y.flip(1) @ y.new_ones(3, 3).triu(), "sigmoid"), (lambda y: y[:, [1, 1, 0]] * 0 + 0.3, "none")],
)
def test_outputs_that_no_linear_layer_gives_are_the_models_own(end: Any, probabilities: str) -> None:
    found = look(Ended(Norm(), end), ["inner.norm"])
    assert found.head is None
    assert found.own is not None
    assert found.probabilities == probabilities
    assert found.lacks[0].why == "No linear layer of the model gives its outputs."
    assert "key target.probabilities" in found.told


def test_an_average_of_two_heads_is_neither_of_them() -> None:
    """As in DeiT: each output depends on one unit of each head."""
    module = Norm()
    module.other = nn.Linear(6, 3)
    both = nn.Module()
    both.inner = module

    def forward(films: Tensor) -> Tensor:
        inputs = functional.relu(module.norm(module.convolution(films))).mean((2, 3))
        return (module.head(inputs) + module.other(inputs)) / 2

    both.forward = forward  # type: ignore[method-assign]
    found = look(both, ["inner.norm"])
    assert (found.head, found.count, found.lacks[0].what) == (None, 3, "head")


def test_a_convolution_as_head_is_said_to_be_none() -> None:
    module = nn.Sequential(nn.Conv2d(1, 3, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    found = look(module, ["0"])
    assert (found.head, found.count, [lack.what for lack in found.lacks]) == (None, 3, ["head"])


def test_outputs_that_are_not_clear_are_missing_unless_a_linear_layer_has_their_number() -> None:
    unclear = Ended(nn.Conv2d(1, 3, 1), lambda y: {"a": y.mean((2, 3)), "b": y.amax((2, 3))})
    found = look(unclear)
    assert (found.count, found.head) == (0, None)
    assert (found.lacks[0].what, "target.output" in found.lacks[0].remedy) == ("outputs", True)
    assert look(unclear, output="b").count == 3
    with pytest.raises(ConfigError, match=r'target\.output: the model gives a dict .* "c" is none of these'):
        look(unclear, output="c")


@pytest.mark.parametrize("form", ["dict", "features first", "squeezed", "classes first", "data class", "[n, 1, 3]"])
def test_outputs_in_any_form_are_the_heads(form: str) -> None:
    found = look(outputs.giving(form), ["second"])
    assert found.head is not None
    assert (found.head.module, found.head.layer, found.own) == ("classifier", "second", None)


def test_many_classes_have_no_maps() -> None:
    found = look(TinyClassifier(MOST_MAPS + 1), ["second"], classes=())
    assert found.head is not None
    assert found.head.maps is None
    assert found.lacks[0].why == f"The model has {MOST_MAPS + 1} classes; maps are kept of {MOST_MAPS} at most."


def test_looking_leaves_the_model_as_it_was() -> None:
    module = Norm()
    module.head.bias.requires_grad_(False)
    look(Ended(module, torch.sigmoid), ["inner.norm"])
    assert [name for name, each in module.named_parameters() if not each.requires_grad] == ["head.bias"]
    assert not any(child._forward_hooks or child._forward_pre_hooks for child in module.modules())
    assert all(parameter.grad is None for parameter in module.parameters())


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_taps_give_outputs_inputs_and_maps_in_batches_of_any_size(size: int) -> None:
    """By hand: inputs are averages of ReLU maps, outputs w · h + b, and the mean of a class's map is its output."""
    module = Norm().eval()
    found = look(module, ["norm"])
    with OutputTaps(module, found, "mean", "auto") as taps, torch.inference_mode():
        values = []
        for films in FILMS.split(size):
            module(films)
            values.append(taps.taken())
    given, inputs, maps = (
        torch.cat([getattr(each, name) for each in values]) for name in ("outputs", "inputs", "maps")
    )
    with torch.inference_mode():
        features = module.norm(module.convolution(FILMS)).relu()
        torch.testing.assert_close(inputs, features.mean((2, 3)))
        torch.testing.assert_close(given, inputs @ module.head.weight.T + module.head.bias)
        torch.testing.assert_close(given, module(FILMS))
        by_hand = torch.einsum("cu,nuhw->nchw", module.head.weight, features) + module.head.bias[:, None, None]
        torch.testing.assert_close(maps, by_hand)
        torch.testing.assert_close(maps.mean((2, 3)), given)
    assert taps.taken().outputs is None
    assert not any(child._forward_hooks or child._forward_pre_hooks for child in module.modules())
