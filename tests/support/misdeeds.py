"""What misbehaving models (tests.support.misbehaving) do and give, by name."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

ESCAPES = "\x1b[2J\x1b]0;x\x07\ud800\0\n" + "long " * 1000


def raising(error: BaseException) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def recursing(*given: Any) -> Any:
    return recursing(*given)


class Hostile:
    """Every way to look at it fails."""

    def __repr__(self) -> str:
        raise ValueError(ESCAPES)

    __str__ = __repr__


class Odd(str):
    """A text that no two looks agree on."""

    __slots__ = ()


def _quantised(values: Tensor) -> Any:
    return torch.quantize_per_tensor(values.detach().float(), 0.1, 0, torch.quint8)


GIVEN: dict[str, Callable[[Tensor], Any]] = {
    "sparse": lambda values: values.detach().to_sparse(),
    "sparse rows": lambda values: values.detach().to_sparse_csr(),
    "sparse columns": lambda values: values.detach().to_sparse_csc(),
    "sparse blocks": lambda values: values.detach().repeat(1, 2).to_sparse_bsr((1, 1)),
    "nested": lambda values: torch.nested.nested_tensor(list(values)),
    "quantised": _quantised,
    "complex": lambda values: values.to(torch.complex64),
    "whole numbers": lambda values: values.long(),
    "yes and no": lambda values: values > 0,
    "half": lambda values: values.half(),
    "double": lambda values: values.double(),
    "eight bits": lambda values: values.to(torch.float8_e4m3fn),
    "on meta": lambda values: values.to("meta"),
    "no axes": lambda values: values.sum(),
    "no units": lambda values: values[:, :0],
    "no rows": lambda values: values[:0],
    "one axis": lambda values: values[:, 0],
    "five axes": lambda values: values[:, :, None, None, None],
    "seventy axes": lambda values: values.reshape(*values.shape, *[1] * 62),
    "images last": lambda values: values.T,
    "one row more": lambda values: torch.cat([values, values[:1]]),
    "two rows each": lambda values: values.repeat_interleave(2, 0),
    "always four rows": lambda values: values[:1].repeat(4, 1),
    "100,000 units": lambda values: values[:, :1].expand(-1, 100_000),
    "a billion units in one number": lambda values: values[:, :1].expand(-1, 10**9),
    "none": lambda values: None,
    "a text": lambda values: ESCAPES,
    "bytes": lambda values: b"\xff",
    "a number": lambda values: 1.0,
    "an array": lambda values: values.detach().numpy(),
    "a list of numbers": lambda values: values.tolist(),
    "an empty list": lambda values: [],
    "an empty dictionary": lambda values: {},
    "a dictionary of a number": lambda values: {1: values, None: values, b"x": values},
    "a dictionary of escapes": lambda values: {ESCAPES: values, ESCAPES[:-1]: values},
    "lists in dictionaries": lambda values: {"a": [{"b": [{"c": [{"d": values}]}]}]},
    "lists in dictionaries, twice": lambda values: {"a": [{"b": values}], "c": [{"b": values}]},
    "a list of itself": lambda values: (lambda made: made.append(made) or made)([]),
    "a thousand tensors": lambda values: [values] * 1000,
    "a generator": lambda values: (row for row in values),
    "a set": lambda values: {values},
    "hostile": lambda values: Hostile(),
    "a class": lambda values: Hostile,
    "an iterator that ends": lambda values: iter(()),
    "a named tensor": lambda values: values.refine_names("N", "C"),
    "not contiguous": lambda values: values.repeat(1, 2)[:, ::2],
    "with a gradient": lambda values: values.detach().clone().requires_grad_(),
    "a subclass": lambda values: nn.Parameter(values.detach()),
    "infinite": lambda values: values / 0,
    "no number": lambda values: values * float("nan"),
    "huge": lambda values: values * 1e38,
    "tiny": lambda values: values * 1e-42,
    "at random": lambda values: nn.functional.normalize(values + torch.randn_like(values), dim=1),
}  # fmt: skip
"""What a forward pass gives in place of [n, 3]"""

DOES: dict[str, Callable[[nn.Module, Tensor], Any]] = {
    "ends the program": lambda *_: sys.exit("bye"),
    "is interrupted": raising(SystemExit(3)),
    "stops an iteration": raising(StopIteration()),
    "stops a generator": raising(GeneratorExit()),
    "recurses": recursing,
    "has no memory": raising(MemoryError()),
    "has no memory of torch": raising(torch.OutOfMemoryError("none")),
    "asserts": raising(AssertionError()),
    "warns": raising(UserWarning(ESCAPES)),
    "fails with escapes": raising(RuntimeError(ESCAPES)),
    "fails with an error that cannot be shown": raising(ValueError(Hostile())),
    "fails with nothing": raising(Exception()),
    "fails as a disk": raising(OSError(28, "No space left on device")),
    "fails as a base": raising(BaseException("base")),
    "prints escapes": lambda *_: print(ESCAPES.encode("ascii", "replace").decode()),
    "moves": lambda *_: os.chdir("/"),
    "changes the input": lambda _, films: films.zero_(),
    "resizes the input": lambda _, films: films.resize_(1, 1, 4, 4),
    "seeds": lambda *_: torch.manual_seed(0),
    "changes the default type": lambda *_: torch.set_default_dtype(torch.float64),
    "changes the default device": lambda *_: torch.set_default_device("meta"),
    "takes threads": lambda *_: torch.set_num_threads(1),
    "starts threads": lambda *_: [threading.Thread(target=int, daemon=True).start() for _ in range(50)],
    "handles signals": lambda *_: signal.signal(signal.SIGINT, signal.SIG_IGN),
    "trains": lambda module, _: module.train(),
    "takes gradients": lambda *_: torch.set_grad_enabled(True),
    "closes its output": lambda *_: sys.stdout.flush(),
    "loses a layer": lambda module, _: delattr(module, "unused") if hasattr(module, "unused") else None,
    "changes its weights": lambda module, _: module.classifier.weight.data.add_(1e-3),
    "counts to two": lambda module, _: setattr(module, "calls", getattr(module, "calls", 0) + 1),
}
"""What a forward pass does beside"""

LATE: dict[str, Callable[[Tensor], Any]] = {
    "later another number of units": lambda values: values[:, :2],
    "later another shape": lambda values: values[:, :, None],
    "later nothing": lambda values: None,
    "later a dictionary": lambda values: {"a": values},
    "later whole numbers": lambda values: values.long(),
    "later one row less": lambda values: values[1:],
    "later sparse": lambda values: values.detach().to_sparse(),
    "later complex": lambda values: values.to(torch.complex64),
    "later ending the program": lambda values: sys.exit(1),
    "later failing": raising(RuntimeError("late")),
    "later on meta": lambda values: values.to("meta"),
}
"""What it gives once it has been called CALLS times"""
CALLS = 25

VIEWS: dict[str, Callable[[Tensor], Any]] = {
    "none": lambda made: None,
    "an array": lambda made: made.numpy(),
    "bytes": lambda made: (made * 255).byte(),
    "doubles": lambda made: made.double(),
    "halves": lambda made: made.half(),
    "complex": lambda made: made.to(torch.complex64),
    "empty": lambda made: made[:, :0],
    "no axes": lambda made: made.sum(),
    "flat": lambda made: made[0],
    "a batch": lambda made: made[None],
    "on meta": lambda made: made.to("meta"),
    "sparse": lambda made: made.to_sparse(),
    "with a gradient": lambda made: made.clone().requires_grad_(),
    "no numbers": lambda made: made * float("nan"),
    "many": lambda made: made.expand(3, -1, -1),
    "a list": lambda made: [made],
    "a text": lambda made: ESCAPES,
    "ends the program": lambda made: sys.exit(2),
    "stops": raising(StopIteration()),
    "has no memory": raising(MemoryError()),
    "recurses": recursing,
    "another shape each": lambda made: made[:, : int(made.sum() * 1000) % 20 + 8],
    "a generator": lambda made: (row for row in made),
}
"""What preprocessing makes of a film"""
