"""Reading weights that others saved, and loading them only when they fit."""

from __future__ import annotations

import hashlib
import pickle
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

import torch
from safetensors import SafetensorError
from safetensors.torch import load, load_file
from torch import Tensor, nn

from engine.errors import ConfigError, MammiError, first_line

WRAPPERS = ("state_dict", "model")
"""Keys that training scripts put a model's weights under."""
PREFIX = "module."
"""What nn.DataParallel puts before every key."""

_SHOWN = 3
# Bytes that are no checkpoint are run as the opcodes of a pickle until one fails, each in its own way: a missing memo
# entry (KeyError), an empty stack (IndexError), text that is no number (ValueError, which UnicodeDecodeError is too), …
_DAMAGED = (
    SafetensorError,
    zipfile.BadZipFile,
    OSError,
    EOFError,
    RuntimeError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    OverflowError,
    MemoryError,
    struct.error,
)


def read_weights(path: Path, key: str, stream: BinaryIO | None = None) -> dict[str, Tensor]:
    """The tensors of a .safetensors, .pth or .pt file by name, without wrapper and `module.` prefix.

    Nothing but tensors is unpickled. `key` is the configuration's, for errors: ConfigError when there is no such file,
    MammiError when it holds something else. `stream`, which can seek, is read in the file's place: a member of a zip,
    which `path` then only names.
    """
    if stream is None and not path.is_file():
        raise ConfigError(f"{key}: no weights at {path}.")
    try:
        if path.suffix == ".safetensors":
            content: object = load_file(path) if stream is None else load(stream.read())
        else:
            content = torch.load(path if stream is None else stream, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise MammiError(
            f"{key}: {path} holds more than tensors, or is damaged: it is not loaded, as it could run code."
        ) from None
    except _DAMAGED as error:
        raise MammiError(
            f"{key}: {path} is damaged, or no weights ({type(error).__name__}: {first_line(error)})."
        ) from error
    for wrapper in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping):
        raise MammiError(f"{key}: {path} holds a {type(content).__name__}, not a state dict.")
    tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    if not tensors:
        raise MammiError(f"{key}: {path} holds no tensors.")
    if all(name.startswith(PREFIX) for name in tensors):
        tensors = {name.removeprefix(PREFIX): value for name, value in tensors.items()}
    return tensors


def load_strictly(
    module: nn.Module, weights: Mapping[str, Tensor], path: Path, ignored: Sequence[str] = (), key: str = ""
) -> None:
    """Loads the weights into the module. Keys that do not fit must be named by `ignored` (names or globs).

    `path` is where the weights are from, and `key` the configuration's that names the ignored ones, for errors. Raises
    MammiError that lists the missing, unexpected and mismatched keys.
    """
    own = module.state_dict()
    missing = _not_ignored(own.keys() - weights.keys(), ignored)
    unexpected = _not_ignored(weights.keys() - own.keys(), ignored)
    different = {name for name in own.keys() & weights.keys() if own[name].shape != weights[name].shape}
    mismatched = _not_ignored(different, ignored)
    if missing or unexpected or mismatched:
        shapes = [f"{name} {_shape(weights[name])} for {_shape(own[name])}" for name in mismatched]
        kinds = {"missing": missing, "unexpected": unexpected, "of another shape": shapes}
        listed = "; ".join(f"{kind}: {_few(names)}" for kind, names in kinds.items() if names)
        hint = f"\nName keys to pass over in {key}." if key else ""
        raise MammiError(f"{path} does not fit the model. {listed}.{hint}")
    module.load_state_dict(own | {name: weights[name] for name in own.keys() & weights.keys() - different})


def fingerprint(module: nn.Module, *settings: object) -> str:
    """A hash of a module's architecture and weights, and of the settings' text."""
    digest = hashlib.sha256(repr((str(module), settings)).encode())
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {_shape(tensor)}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _not_ignored(names: Iterable[str], ignored: Sequence[str]) -> list[str]:
    return sorted(name for name in names if not any(fnmatchcase(name, pattern) for pattern in ignored))


def _few(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _shape(tensor: Tensor) -> list[int]:
    return list(tensor.shape)
