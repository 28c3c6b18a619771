"""Finds the layers of a target model whose activations depend on tensors without trained weights."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from engine.errors import MammiError, failing_as
from engine.targets.base import TargetModel
from engine.targets.outputs import tensors
from engine.targets.probe import inputs, noise
from engine.targets.taps import Taps
from engine.weights.fitting import few


def untrained_layers(target: TargetModel, layers: Sequence[str]) -> dict[str, str]:
    """Each of the layers that depends on such a tensor -> which tensors these are, in words.

    A film of noise passes through the model. What a layer's output was computed from is autograd's graph of it, so the
    answer is exact, also beside skip connections.

    Raises MammiError for a tensor that the module does not have, and when the model fails.
    """
    if not target.untrained:
        return {}
    module = target.module.eval()
    unknown = target.untrained - module.state_dict().keys()
    if unknown:
        raise MammiError(f"target: {target.name} has no tensor {min(unknown)!r}, which TargetModel.untrained names.")
    with ExitStack() as stack:
        leaves = {name: _watched(module, name, stack) for name in sorted(target.untrained)}
        sources = stack.enter_context(_Sources(module, layers))
        films = inputs(target, noise(), "a film of noise")
        with failing_as(f"target: the model failed on a batch of shape {list(films.shape)}"), torch.enable_grad():
            module(films)
        found = {layer: [name for name in leaves if id(leaves[name]) in sources.of[layer]] for layer in sources.of}
    return {layer: f"no trained weights for {few(names)}" for layer, names in found.items() if names}


def _watched(module: nn.Module, name: str, stack: ExitStack) -> Tensor:
    """The leaf of autograd's graph that stands for a tensor: a parameter itself; for a batch norm's statistics, which
    have no gradient, a zero that is added to its output."""
    owner = module.get_submodule(name.rpartition(".")[0])
    tensor: Tensor = getattr(owner, name.rpartition(".")[2])
    if isinstance(tensor, nn.Parameter):
        stack.callback(tensor.requires_grad_, tensor.requires_grad)
        return tensor.requires_grad_()
    zero = torch.zeros((), requires_grad=True)
    stack.callback(owner.register_forward_hook(lambda _, __, output: output + zero).remove)
    return zero


class _Sources(Taps):
    """Keeps the ids of the leaves of autograd's graph that each layer's output was computed from."""

    def __init__(self, module: nn.Module, layers: Sequence[str]) -> None:
        super().__init__(module, layers, "mean")
        self.of: dict[str, set[int]] = {}

    def keep(self, layer: str, output: Any) -> None:
        waiting = [tensor.grad_fn for tensor in tensors(output).values()]
        seen, leaves = set(), set()
        while waiting:
            function = waiting.pop()
            if function is None or function in seen:
                continue
            seen.add(function)
            leaves.add(id(getattr(function, "variable", None)))
            waiting += [before for before, _ in function.next_functions]
        self.of[layer] = leaves
