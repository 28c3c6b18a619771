"""What is seen in a forward pass of a film and its negative, from which engine.targets.head finds the head."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from engine.errors import MammiError, failing_as
from engine.targets.base import LOGITS, PENULTIMATE
from engine.targets.maps import as_maps
from engine.targets.outputs import Reading, tensors
from engine.targets.taps import Channels, Pooling, Taps, pool, torchscript, unit_axis

_CLOSE = 1e-3
"""How far sums may differ that are equal but for rounding, as a share of the largest"""
_PROBED = 64
"""The most outputs whose dependence is looked at"""


class Linear(NamedTuple):
    """What a linear layer was given and gave in its last use, with the axes of positions averaged."""

    layer: nn.Linear
    input: Tensor
    """[n, units]"""
    output: Tensor
    """[n, classes]"""
    uses: int
    """How often the pass used it"""


class Averaged(NamedTuple):
    """The averages of a module's maps over the positions."""

    plain: Tensor
    """[n, units]"""
    after_relu: Tensor
    """[n, units]"""
    shape: tuple[int, int]


class Passed(Taps):
    """Hooks on all modules for the length of a `with` block; its attributes tell of the last forward pass."""

    def __init__(
        self,
        module: nn.Module,
        layers: Sequence[str],
        pooling: Pooling,
        channels: Channels,
        readings: Mapping[str, Reading],
        own: Reading | None,
    ) -> None:
        super().__init__(module, [*dict.fromkeys([*layers, LOGITS])], pooling, channels, readings)
        self.module = module
        self.channels: Channels = channels
        self.own: Tensor | None = None
        """The model's own output, [n, outputs]; None if it cannot be read"""
        self.linear: dict[str, Linear] = {}
        """By the module's name, in the order of their last use"""
        self.activations: dict[str, Tensor] = {}
        """The activations of each tapped layer, [n, units]"""
        self._own = own
        self._averaged: dict[str, Averaged] = {}
        self._order: dict[str, int] = {}
        """The number of each module's last use, and of each tapped layer's"""
        self._uses = 0

    def __enter__(self) -> Self:
        super().__enter__()
        closed = torchscript(self._module)
        for name, child in self._module.named_modules():
            if name and name not in closed:
                self._handles.append(child.register_forward_hook(self._seen(name), with_kwargs=True))
        return self

    def forward(self, films: Tensor) -> None:
        """Passes films [n, c, h, w]. Raises MammiError when the model fails."""
        with _failing(films), torch.no_grad():
            self._module(films.clone())

    def layers_before(self, linear: str) -> list[str]:
        """The tapped layers that gave their output before a linear layer did, the nearest first."""
        used = {layer: self._order[_tapped(layer)] for layer in self.activations}
        before = [layer for layer in used if used[layer] < self._order[linear]]
        return sorted(before, key=used.__getitem__, reverse=True)

    def averaged(self, linear: str) -> tuple[str, bool, tuple[int, int]] | None:
        """The last module before a linear layer whose maps, averaged over the positions, are the layer's inputs: its
        name, whether a ReLU comes before, and the maps' height and width. None if there is none."""
        inputs = self.linear[linear].input
        for name, found in reversed(self._averaged.items()):
            if self._order[name] < self._order[linear]:
                for relu, average in ((False, found.plain), (True, found.after_relu)):
                    if near(average, inputs):
                        return name, relu, found.shape
        return None

    def keep(self, layer: str, output: Any) -> None:
        self._used(_tapped(layer))
        if layer != LOGITS:
            self.activations[layer] = pool(self.tensor(layer, output), self._pooling, layer, self._channels)
        elif self._own is not None:
            picked = self._own.by_image(self._own.pick(layer, output))
            self.own = pool(picked, self._pooling, layer, self._channels)

    def _seen(self, name: str) -> Callable[..., None]:
        def after(module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
            self._used(name)
            if isinstance(module, nn.Linear) and isinstance(output, Tensor):
                before = self.linear.pop(name, None)
                given = flat(next(iter([*inputs, *named.values()])))
                self.linear[name] = Linear(module, given, flat(output), 1 if before is None else before.uses + 1)
            found = list(tensors(output).values())
            maps = as_maps(found[0].float(), self._channels) if found and found[0].is_floating_point() else None
            if maps is not None:
                self._averaged.pop(name, None)
                height, width = maps.shape[2:]
                self._averaged[name] = Averaged(maps.mean((2, 3)), maps.relu().mean((2, 3)), (height, width))

        return after

    def _used(self, name: str) -> None:
        self._uses += 1
        self._order[name] = self._uses


def _tapped(layer: str) -> str:
    return f"tapped {layer}"


def flat(tensor: Tensor) -> Tensor:
    """A linear layer's input or output [n, …, units] as float32 [n, units], the positions between averaged."""
    if tensor.ndim == 1:
        return tensor[None].float()
    return (tensor.flatten(1, -2).mean(1) if tensor.ndim > 2 else tensor).float()


def near(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors [n, k] are of one shape, and equal but for rounding on the films that give finite numbers."""
    if one.shape != other.shape:
        return False
    finite = (one.isfinite() & other.isfinite()).all(1)
    one, other = one[finite], other[finite]
    return len(one) > 0 and bool((one - other).abs().max() <= _CLOSE * other.abs().max())


def gives_inputs(passed: Passed, layer: str, linear: str, films: Tensor) -> bool:
    """Whether a_i · ∂y_c/∂a_i, summed over a layer's positions, is w_ci · h_i for each unit i and class c, where h is
    the input of a linear layer and y its output.

    Each class has a random weight, so that one gradient tests them all.
    """
    head, inputs, outputs, _ = passed.linear[linear]
    drawn = torch.rand(outputs.shape[1], generator=torch.Generator().manual_seed(0)).to(outputs) + 0.5
    found = _from_leaf(passed.module, layer, passed.reading(layer), head, films) if layer != PENULTIMATE else None
    if found is None:
        return False
    leaf, output = found
    (gradient,) = torch.autograd.grad((flat(output) * drawn).sum(), leaf, allow_unused=True)
    if gradient is None:
        return False
    shares = passed.reading(layer).by_image((leaf.detach() * gradient).float())
    axis = unit_axis(shares.shape, passed.channels)
    if shares.ndim > 2:
        shares = shares.sum([place for place in range(1, shares.ndim) if place != axis])
    return near(shares, drawn @ head.weight.detach().float() * inputs)


def acts_alone(passed: Passed, linear: str, own: Reading, films: Tensor) -> bool:
    """Whether each of the model's outputs depends on its own unit of a linear layer alone, and rises with it.

    A layer that is used more than once, such as for several views of a film, gives the outputs in none of its uses.
    """
    if passed.linear[linear].uses > 1 or not _only_through(passed, linear, own, films):
        return False
    found = _from_leaf(passed.module, linear, Reading(), passed.module, films)
    if found is None:
        return False
    leaf, output = found
    outputs = own.by_image(own.pick(LOGITS, output))
    if outputs.shape != leaf.shape or leaf.ndim != 2 or not outputs.requires_grad:
        return False
    rises = False
    for place in range(min(outputs.shape[1], _PROBED)):
        (gradient,) = torch.autograd.grad(outputs[:, place].sum(), leaf, retain_graph=True, allow_unused=True)
        if gradient is not None:
            alone = gradient[:, place].clone()
            gradient[:, place] = 0
            if gradient.any() or (alone < 0).any():
                return False
            rises |= bool(alone.any())
    return rises


def _only_through(passed: Passed, linear: str, own: Reading, films: Tensor) -> bool:
    """Whether two films have the same outputs where a linear layer gives the same for both."""
    outputs: list[Any] = []
    with torch.no_grad(), ExitStack() as stack:
        layer = passed.linear[linear].layer
        stack.callback(layer.register_forward_hook(lambda _, __, given: given[:1].expand_as(given).clone()).remove)
        stack.callback(passed.module.register_forward_hook(lambda _, __, given: outputs.append(given)).remove)
        with _failing(films):
            passed.module(films.clone())
    first, second = own.by_image(own.pick(LOGITS, outputs[-1])).float()
    return near(first.reshape(1, -1), second.reshape(1, -1))


def _from_leaf(
    module: nn.Module, layer: str, reading: Reading, until: nn.Module, films: Tensor
) -> tuple[Tensor, Any] | None:
    """A layer's output as a leaf of autograd's graph, and what the module `until` gives in the same pass, with the
    graph between. None where the second does not depend on the first by way of gradients."""
    leaves: list[Tensor] = []
    outputs: list[Any] = []

    def cut(_: nn.Module, __: Any, output: Any) -> Any:
        leaves.append(reading.pick(layer, output).requires_grad_())
        # A copy where that is possible: a later in-place operation cannot change it.
        return leaves[-1].clone() if isinstance(output, Tensor) else None

    with _frozen(module), torch.enable_grad(), ExitStack() as stack:
        stack.callback(module.get_submodule(layer).register_forward_hook(cut).remove)
        stack.callback(until.register_forward_hook(lambda _, __, output: outputs.append(output)).remove)
        stack.enter_context(suppress(MammiError))  # without gradients it worked: its code does not allow them
        with _failing(films):
            module(films.clone())
    found = list(tensors(outputs[-1]).values()) if outputs else []
    return (leaves[-1], outputs[-1]) if leaves and any(each.requires_grad for each in found) else None


@contextmanager
def _frozen(module: nn.Module) -> Iterator[None]:
    """Without gradients for the parameters, so that no graph is kept of what comes before a leaf."""
    asking = [parameter for parameter in module.parameters() if parameter.requires_grad]
    for parameter in asking:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in asking:
            parameter.requires_grad_()


def _failing(films: Tensor) -> AbstractContextManager[None]:
    return failing_as(f"target: the model failed on a batch of shape {list(films.shape)}")
