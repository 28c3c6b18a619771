"""Gradients by a layer's activations, on models whose gradients are known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import densenet121

from engine.errors import ConfigError, MammiError
from engine.targets.gradients import GradientTaps, pooled_gradient
from tests.support.method_context import hooks
from tests.support.models import TinyClassifier

FILMS = torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def numeric(module: TinyClassifier, films: Tensor, unit: int, channel: int, step: float = 1e-3) -> Tensor:
    """How the unit's output changes when `step` is added to a channel of `first`'s maps at every position."""
    maps = module.first(films).double()
    raised = maps.clone()
    raised[:, channel] += step

    def rest(values: Tensor) -> Tensor:
        second = module.double().second(functional.relu(values))
        return module.classifier(second.mean((2, 3)))[:, unit]  # type: ignore[no-any-return]

    return (rest(raised) - rest(maps)) / step


def test_gradients_are_of_what_the_layer_gave_before_an_in_place_relu() -> None:
    torch.manual_seed(0)
    module = TinyClassifier(3).eval()
    with GradientTaps(module, ["first", "penultimate"], "logits", "mean", "auto") as taps:
        gradients = taps.gradients(FILMS.clone(), unit=2)
    torch.testing.assert_close(gradients["penultimate"], module.classifier.weight[2].detach().expand(3, -1))
    for channel in range(4):
        with torch.no_grad():
            expected = numeric(module.float(), FILMS, 2, channel)
        torch.testing.assert_close(gradients["first"][:, channel].double(), expected, rtol=2e-2, atol=1e-4)
    assert hooks(module) == 0
    assert all(parameter.grad is None for parameter in module.parameters())


def test_frozen_parameters_and_inputs_changed_in_place() -> None:
    class Frozen(TinyClassifier):
        def forward(self, films: Tensor) -> Tensor:
            return super().forward(films.sub_(0.5))

    module = Frozen(3).eval().requires_grad_(False)
    with GradientTaps(module, ["first"], "classifier", "mean", "auto") as taps:
        assert taps.gradients(FILMS.clone(), unit=0)["first"].abs().sum() > 0


def test_the_last_use_of_a_layer_and_the_first_item_of_a_tuple_count() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.again = nn.Identity()

        def forward(self, films: Tensor) -> tuple[Tensor, int]:
            values = films.flatten(1)[:, :4]
            return self.again(self.again(values * 3) * 5) ** 2, 0

    module = Twice()
    with GradientTaps(module, ["again"], "logits", "mean", "auto") as taps:
        gradients = taps.gradients(FILMS.clone(), unit=1)["again"]
    expected = torch.zeros(3, 4)
    expected[:, 1] = 2 * 15 * FILMS.flatten(1)[:, 1]
    torch.testing.assert_close(gradients, expected)


def test_the_gradient_is_summed_over_positions() -> None:
    gradient = torch.rand(2, 3, 4, 4)
    torch.testing.assert_close(pooled_gradient(gradient, "mean", "auto"), gradient.sum((2, 3)))
    last = gradient.movedim(1, 3)
    torch.testing.assert_close(pooled_gradient(last, "max", "auto"), gradient.sum((2, 3)))
    tokens = torch.rand(2, 5, 3)
    torch.testing.assert_close(pooled_gradient(tokens, "mean", "auto"), tokens.sum(1))
    torch.testing.assert_close(pooled_gradient(tokens, "cls", "auto"), tokens[:, 0])


def test_models_without_gradients_are_reported_and_keep_no_hook() -> None:
    class Closed(TinyClassifier):
        def forward(self, films: Tensor) -> Tensor:
            with torch.no_grad():
                return super().forward(films)

    module = Closed(3).eval()
    with (
        pytest.raises(MammiError, match="has no gradients for layer 'first'"),
        GradientTaps(module, ["first"], "classifier", "mean", "auto") as taps,
    ):
        taps.gradients(FILMS.clone(), 0)
    assert hooks(module) == 0


def test_a_layer_that_the_class_does_not_depend_on_is_reported() -> None:
    class Beside(TinyClassifier):
        def __init__(self) -> None:
            super().__init__(3)
            self.beside = nn.Conv2d(1, 2, 3)

        def forward(self, films: Tensor) -> Tensor:
            self.beside(films)
            return super().forward(films)

    with (
        pytest.raises(ConfigError, match="does not depend on layer 'beside'"),
        GradientTaps(Beside().eval(), ["beside"], "classifier", "mean", "auto") as taps,
    ):
        taps.gradients(FILMS.clone(), 0)


def test_shares_are_weight_times_input_where_the_head_is_linear() -> None:
    torch.manual_seed(0)
    module = TinyClassifier(3).eval()
    with GradientTaps(module, ["second", "penultimate"], "logits", "mean", "auto") as taps:
        outputs, shares = taps.shares(FILMS.clone())
    with torch.no_grad():
        torch.testing.assert_close(outputs, module(FILMS))
        inputs = module.second(module.relu(module.first(FILMS))).mean((2, 3))
    expected = inputs[:, None] * module.classifier.weight.detach()
    torch.testing.assert_close(shares["penultimate"], expected)
    torch.testing.assert_close(shares["second"], expected)
    torch.testing.assert_close(shares["second"].sum(2) + module.classifier.bias.detach(), outputs)


def test_shares_of_a_hidden_layer_are_of_what_it_gave_before_an_in_place_relu() -> None:
    torch.manual_seed(0)
    module = TinyClassifier(3).eval()
    with GradientTaps(module, ["first"], "logits", "mean", "auto") as taps:
        _, shares = taps.shares(FILMS.clone(), wanted=[2, 0])
    maps = module.first(FILMS).detach().requires_grad_()
    outputs = module.classifier(module.second(functional.relu(maps)).mean((2, 3)))
    for place, unit in enumerate((2, 0)):
        [gradient] = torch.autograd.grad(outputs[:, unit].sum(), maps, retain_graph=True)
        torch.testing.assert_close(shares["first"][:, place], (maps * gradient).sum((2, 3)).detach())
    assert (maps < 0).any(), "the in-place ReLU has something to change"


def test_shares_do_not_depend_on_the_batch() -> None:
    torch.manual_seed(0)
    module = densenet121(num_classes=4).eval()
    films = torch.rand(3, 3, 32, 32)
    with GradientTaps(module, ["features.norm5", "features.denseblock4"], "classifier", "mean", "auto") as taps:
        _, together = taps.shares(films.clone())
        alone = [taps.shares(film[None].clone())[1] for film in films]
    for layer, shares in together.items():
        torch.testing.assert_close(shares, torch.cat([each[layer] for each in alone]), rtol=1e-4, atol=1e-6)
    with torch.no_grad():
        inputs = functional.relu(module.features(films)).mean((2, 3))
    torch.testing.assert_close(together["features.norm5"], inputs[:, None] * module.classifier.weight.detach())
    assert hooks(module) == 0
