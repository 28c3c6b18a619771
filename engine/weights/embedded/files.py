"""Writes and reads the weights of the demo's models: float16 in safetensors, float32 in use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from engine.errors import MammiError


def save_weights(module: nn.Module, path: Path, facts: Mapping[str, str]) -> None:
    """Writes a module's weights, with facts about how they were made, and replaces a file of that name."""
    state = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in module.state_dict().items()
    }
    path.write_bytes(safetensors.torch.save(state, metadata=dict(facts)))


def load_weights(module: nn.Module, path: Path) -> None:
    """Fills a module from a file that holds exactly its tensors.

    Raises MammiError when the file is missing or damaged, or belongs to another model.
    """
    try:
        state = safetensors.torch.load(path.read_bytes())
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:  # the last three: an odd header
        raise MammiError(f"{path}: cannot be read as safetensors weights ({error}).") from error
    wanted = module.state_dict()
    for name in wanted.keys() | state.keys():
        if name not in wanted or name not in state or wanted[name].shape != state[name].shape:
            raise MammiError(f"{path}: tensor {name!r} does not fit {type(module).__name__}; give weights made for it.")
        if not torch.isfinite(state[name]).all():
            raise MammiError(f"{path}: tensor {name!r} has values that are not finite.")
    module.load_state_dict({name: tensor.to(wanted[name].dtype) for name, tensor in state.items()})


def read_facts(path: Path) -> dict[str, str]:
    """The facts that save_weights wrote with the weights."""
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata() or {})
