"""torch.compile for a tapped model: whole blocks of it, between the taps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.jit import ScriptModule


@contextmanager
def compiled(module: nn.Module) -> Iterator[None]:
    """Compiles the blocks of a model for the length of a `with` block. All taps must be in place.

    A compiled block computes what its forward method does; hooks on it, and whatever stands between the blocks, run as
    before. So a tap never becomes part of compiled code, where it could be left out without a word.
    """
    own: list[tuple[nn.Module, Any]] = [(block, vars(block).get("forward")) for block in blocks(module)]
    try:
        for block, _ in own:
            block.forward = torch.compile(block.forward)
        yield
    finally:
        for block, forward in own:
            if forward is None:
                vars(block).pop("forward", None)
            else:
                block.forward = forward


def blocks(module: nn.Module) -> Iterator[nn.Module]:
    """The largest parts of a model that have weights and no hooks inside. Hooks on the part itself do not count."""
    if isinstance(module, ScriptModule) or next(module.parameters(), None) is None:
        return
    if not any(_hooked(part) for part in module.modules() if part is not module):
        yield module
        return
    for child in module.children():
        yield from blocks(child)


def _hooked(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)
