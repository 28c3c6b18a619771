"""The device on which models run, their precision, and copies to the device and back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

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


def to_device(inputs: Sequence[Tensor], device: torch.device) -> Tensor:
    """A batch of these inputs, on the device. CUDA copies it out of pinned memory while it works on the batch before.

    Raises RuntimeError for inputs of several shapes.
    """
    batch = torch.stack(list(inputs))
    return batch.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else batch.to(device)


def to_host(values: Tensor, device: torch.device) -> Tensor:
    """What the device gave, in the host's memory. What comes from CUDA is complete once a later Mark has been waited
    for: until then the host goes on."""
    values = values.detach()
    return values.to("cpu", non_blocking=True) if device.type == "cuda" else values.cpu()


class Mark:
    """A point in what a device has been told to do. Other devices than CUDA have done all of it at once."""

    def __init__(self, device: torch.device) -> None:
        self._event = torch.cuda.Event() if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        if self._event is not None:
            self._event.record(torch.cuda.current_stream(device))

    def wait(self) -> None:
        """Returns once the device has come to this point."""
        if self._event is not None:
            self._event.synchronize()
