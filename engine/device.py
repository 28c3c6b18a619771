"""The device on which models run, and their precision."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from engine.errors import ConfigError


def choose_device(name: str) -> torch.device:
    """The device of that name; "auto" is the first available one of CUDA, MPS and CPU.

    Raises ConfigError for a device that this machine lacks.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, available in there.items() if available)
    if not there[name]:
        raise ConfigError(f'run.device = "{name}": this machine has none. Use "auto" or "cpu".')
    return torch.device(name)


def precision(device: torch.device, mixed: bool) -> AbstractContextManager[object]:
    """Mixed precision if `mixed`: bfloat16 on a CPU, which has no float16 arithmetic, and float16 elsewhere."""
    if not mixed:
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16 if device.type == "cpu" else torch.float16)
