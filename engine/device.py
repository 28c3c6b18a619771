"""The device on which models run, their precision, and copies to the device and back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from engine.errors import ConfigError, MammiError


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


def check_numbers(made: object, what: str, *, floating: bool = True) -> Tensor:
    """The tensor that a model's own code, which `what` names, has made. Raises MammiError for anything else than a
    dense tensor of real numbers, floating-point ones by default."""
    if not isinstance(made, Tensor):
        raise MammiError(f"{what} gives a {type(made).__name__}, not a tensor.")
    kind = kind_of(made)
    if kind or made.is_complex() or (floating and not made.is_floating_point()):
        raise MammiError(f"{what} gives {kind or f'a tensor of {made.dtype}'}: it must be one of numbers in float32.")
    return made


def check_input(made: object, what: str, *, floating: bool = True) -> Tensor:
    """As check_numbers, for one film's input: on the CPU, with an axis and numbers at least."""
    tensor = check_numbers(made, what, floating=floating)
    if tensor.device.type != "cpu":
        raise MammiError(f"{what} gives a tensor on {tensor.device}: it must be on the CPU.")
    if not tensor.ndim or not tensor.numel():
        raise MammiError(f"{what} gives a tensor of shape {list(tensor.shape)}, without numbers in it.")
    return tensor


def kind_of(tensor: Tensor) -> str:
    """What kind of tensor it is whose numbers cannot be read, in words; "" for a plain one."""
    if tensor.is_nested:
        return "a nested tensor"
    if tensor.layout != torch.strided:
        return "a sparse tensor"
    if tensor.is_quantized:
        return "a quantised tensor"
    if tensor.is_meta:
        return "a tensor without values (on the meta device)"
    return f"a tensor of {tensor.dtype}" if tensor.is_floating_point() and tensor.itemsize < 2 else ""


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
