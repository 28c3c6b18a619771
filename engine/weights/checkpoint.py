"""Reads weights that others saved, and loads them only when they fit."""

from __future__ import annotations

import hashlib
import pickle
import re
import struct
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, BinaryIO
from warnings import catch_warnings, simplefilter

import torch
from safetensors import SafetensorError
from safetensors.torch import load, load_file
from torch import Tensor, nn

from engine.errors import ConfigError, MammiError, first_line
from engine.weights.pickled_module import read_pickled_module

WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts put a model's weights"""
PREFIX = "module."
"""What nn.DataParallel puts before every key"""


class _PassedOver:
    """Stands in for an object that is not a tensor: accepts any arguments and state, and keeps nothing."""

    def __new__(cls, *_: Any) -> _PassedOver:
        return super().__new__(cls)

    def __setstate__(self, state: Any) -> None:
        pass


PASSED_OVER = (
    "argparse.Namespace",  # the command line of training, in checkpoints of MAE, DeiT and what follows them
    *(f"{module}.{name}" for module in ("pathlib", "pathlib._local") for name in ("PosixPath", "WindowsPath")),
    "numpy.dtype",  # best scores and the like, as NumPy's numbers and arrays
    "numpy.ndarray",
    *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
)
"""Full names of the classes of objects that published checkpoints hold beside tensors. torch asks for these names and
gets _PassedOver: nothing of argparse, pathlib or NumPy is called, so such objects have no effect. Any other name is
refused."""

_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")
_COUNT = ".num_batches_tracked"
_SHOWN = 3
_NAMED = 10
_START = 256
# Bytes that are not a checkpoint run as the opcodes of a pickle until one fails. Each fails in its own way: a missing
# memo entry (KeyError), an empty stack (IndexError), text that is no number (ValueError, as UnicodeDecodeError), …
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

    Nothing that a file names is run: torch's own restricted reader unpickles the tensors, objects that PASSED_OVER
    names are left out, and engine.weights.pickled_module reads a whole module (`torch.save(model)`). A `stream` that
    can seek, such as a member of a zip, is read in place of the file; `path` then only names it in errors.

    Raises ConfigError, which names the configuration's `key`, when there is no such file, and MammiError when it holds
    something else.
    """
    if stream is None and not path.is_file():
        raise ConfigError(f"{key}: no file at {path}.")
    try:
        if path.suffix == ".safetensors":
            content: object = load_file(path) if stream is None else load(stream.read())
        else:
            content = _unpickled(path, stream)
    except pickle.UnpicklingError as error:
        named = re.search(r"GLOBAL (\S+)", str(error))
        found = f" ({named[1]})" if named else ""
        raise MammiError(
            f"{key}: {path} holds more than tensors{found}, or is damaged: it is not loaded, as it could run code."
        ) from None
    except _DAMAGED as error:
        raise MammiError(f"{key}: {path} is damaged, or not weights ({_why(path, stream, error)}).") from error
    for wrapper in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping):
        raise MammiError(f"{key}: {path} holds a {type(content).__name__}, not a state dict.")
    tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    if not tensors:
        raise MammiError(
            f"{key}: {path} holds no tensors at its top level, nor under {', '.join(WRAPPERS)}. "
            f"It holds: {', '.join(map(str, list(content)[:_NAMED])) or 'nothing'}."
        )
    if all(name.startswith(PREFIX) for name in tensors):
        tensors = {name.removeprefix(PREFIX): value for name, value in tensors.items()}
    return tensors


def _why(path: Path, stream: BinaryIO | None, error: Exception) -> str:
    """Why the bytes are not a checkpoint: in common cases what they are, else the first sentence of the error."""
    start = b"?"
    if stream is None:
        with suppress(OSError), path.open("rb") as file:
            start = file.read(_START)
    if not start:
        return "the file is empty"
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "a web page was saved in its place: download the file again"
    return f"{type(error).__name__}: {first_line(error).partition('. ')[0]}"


def _unpickled(path: Path, stream: BinaryIO | None) -> object:
    try:
        with torch.serialization.safe_globals([(_PassedOver, name) for name in PASSED_OVER]), catch_warnings():
            simplefilter("ignore")  # about odd protocols and the like: what does not load is reported below
            return torch.load(path if stream is None else stream, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as refused:
        try:
            if stream is not None:
                return read_pickled_module(stream)
            with path.open("rb") as file:
                return read_pickled_module(file)
        except pickle.UnpicklingError:
            raise refused from None


def match_names(
    weights: Mapping[str, Tensor], own: Mapping[str, Tensor], path: Path, ignored: Sequence[str] = (), key: str = ""
) -> dict[str, Tensor]:
    """The weights under a model's own names for them; `own` is the model's state dict.

    The names of a model inside another one have a prefix: `module.`, `backbone.`, `module.encoder_q.`,
    `model.encoder.`. The prefix under which most of the model's names are found is cut off. Names without it are kept,
    and load_strictly will not expect them.

    Two older ways of writing are covered: before torchvision 0.2.2, DenseNets had `norm.1` for `norm1`
    (torchvision/models/densenet.py, _load_state_dict), and before torch 0.4.1 batch norms did not count batches, which
    only training uses.

    Raises MammiError for a file in which several models fit equally well, such as MoCo's `encoder_q` and `encoder_k`,
    unless `ignored` (names or globs, as in the file) covers all but one. `path` and `key` are for errors.
    """
    modern = {_OLD_DENSENET.sub(r"\1\2", name): value for name, value in weights.items()}
    prefix = _prefix(_not_ignored(modern, ignored), own, path, key)
    matched = {name.removeprefix(prefix): value for name, value in modern.items()}
    if len(matched) < len(modern):  # a name with the prefix, and the same without it
        matched = modern
    if not any(name.endswith(_COUNT) for name in matched):
        matched |= {name: value for name, value in own.items() if name.endswith(_COUNT)}
    return matched


def _prefix(names: Iterable[str], own: Mapping[str, Tensor], path: Path, key: str) -> str:
    found = Counter(
        name[:start]
        for name in names
        for start in (0, *(dot.end() for dot in re.finditer(r"\.", name)))
        if name[start:] in own
    )
    most = max(found.values(), default=0)
    if 2 * most < len(own):  # another model, whose weights happen to share some names
        return ""
    best = sorted(prefix for prefix, count in found.items() if count == most)
    if len(best) > 1 and "" not in best:
        raise MammiError(
            f"{path} holds several models that fit, under {' and '.join(best[:_SHOWN])}: which one is meant?\n"
            f'Name those to pass over in {key}, such as "{best[0]}*".'
        )
    return best[0]


def load_strictly(
    module: nn.Module, weights: Mapping[str, Tensor], path: Path, ignored: Sequence[str] = (), key: str = ""
) -> None:
    """Loads the weights into the module. `ignored` (names or globs) must cover the keys that do not fit.

    `path`, the file of the weights, and `key`, the configuration's key that lists the ignored ones, are for errors.
    Raises MammiError that lists the missing, unexpected and mismatched keys.
    """
    own = module.state_dict()
    different = {name for name in own.keys() & weights.keys() if own[name].shape != weights[name].shape}
    shapes = {name: (_shape(weights[name]), _shape(own[name])) for name in different}
    check_fit(path, own.keys() - weights.keys(), weights.keys() - own.keys(), shapes, ignored, key)
    module.load_state_dict(own | {name: weights[name] for name in own.keys() & weights.keys() - different})


def check_fit(
    path: Path,
    missing: Iterable[str],
    unexpected: Iterable[str],
    shapes: Mapping[str, tuple[Sequence[int], Sequence[int]]],
    ignored: Sequence[str] = (),
    key: str = "",
) -> None:
    """Raises MammiError that lists the weights that do not fit a model, without the ignored ones (names or globs).

    `shapes` holds the two shapes, its own and the model's, of each tensor where they differ. `path` and `key` are those
    of load_strictly.
    """
    kinds = {
        "missing": _not_ignored(missing, ignored),
        "unexpected": _not_ignored(unexpected, ignored),
        "of another shape": [
            f"{name} {list(shapes[name][0])} for {list(shapes[name][1])}" for name in _not_ignored(shapes, ignored)
        ],
    }
    if any(kinds.values()):
        listed = "; ".join(f"{kind}: {_few(names)}" for kind, names in kinds.items() if names)
        hint = f"\nName keys to pass over in {key}." if key else ""
        raise MammiError(f"{path} does not fit the model. {listed}.{hint}")


def fingerprint(module: nn.Module, *settings: object) -> str:
    """A hash of a module's architecture and weights, and of the settings' text."""
    digest = hashlib.sha256(repr((str(module), settings)).encode())
    buffers = dict(module.named_buffers())  # also those that no state dict holds
    for name, tensor in sorted((buffers | module.state_dict()).items()):
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
