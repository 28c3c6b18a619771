"""Where the models run, and in what precision."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext

import torch

from engine.errors import ConfigError

READER_THREADS = max(2, min(8, os.cpu_count() or 2))
"""Threads that read and decode films beside the models"""


def choose_device(name: str) -> torch.device:
    """ "auto" is the first of CUDA, MPS and CPU that there is. Raises ConfigError for a device that there is not."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, available in there.items() if available)
    if not there[name]:
        raise ConfigError(f'run.device = "{name}": this machine has none. Use "auto" or "cpu".')
    return torch.device(name)


def precision(device: torch.device, mixed: bool) -> AbstractContextManager[object]:
    """Mixed precision where asked for: bfloat16 on a CPU, which has no float16 arithmetic, else float16."""
    if not mixed:
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16 if device.type == "cpu" else torch.float16)
