"""Reads the weights that others saved: what state dicts a file holds, and their tensors."""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load
from torch import Tensor, nn

from engine.errors import ConfigError, MammiError, first_line
from engine.weights.apart import Damaged, Numbers, TooMuch, list_apart
from engine.weights.file_kinds import START, what_it_is
from engine.weights.listing import Listing, View
from engine.weights.state_dicts import MOST_AXES, MOST_TENSORS, checked_name
from engine.weights.unpickler import Unreadable

WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts put a model's weights"""
PREFIX = "module."
"""What nn.DataParallel puts before every key"""

LONGEST_HEADER = 1 << 32
"""Bytes"""

TOP = "the top level"
"""The outermost entry, in messages"""

log = logging.getLogger(__name__)

Value = TypeVar("Value")

_NAMED = 10
_SHOWN = 3
_LONGEST = 200
_DAMAGED = (Damaged, SafetensorError, zipfile.BadZipFile, OSError, RuntimeError, ValueError, MemoryError)


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor in a file, not yet read."""

    shape: tuple[int, ...]
    place: tuple[object, ...]
    """Where its numbers stand in the file: equal places, equal tensors"""
    read: Callable[[], Tensor]
    """Raises Unreadable for a kind of tensor that is not read"""


StateDict = dict[str, StoredTensor]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state dicts in an open file of weights."""

    path: Path
    key: str
    """The configuration's key that names the file, for errors"""
    entries: dict[str, StateDict]
    """Each state dict by its key, dotted where it is nested; "" for the outermost. At least one"""
    _start: bytes

    def read(self, tensors: Mapping[str, StoredTensor]) -> dict[str, Tensor]:
        """The tensors themselves. Raises MammiError when the file is damaged."""
        with _faults(self.path, self.key, self._start):
            return {name: stored.read() for name, stored in tensors.items()}

    def listed(self) -> str:
        """The keys of the entries with the number of their tensors, those with most tensors first, for messages."""
        entries = sorted(self.entries.items(), key=lambda entry: -len(entry[1]))
        listed = [f"{key or TOP} ({len(tensors)})" for key, tensors in entries]
        return ", ".join(listed[:_NAMED]) + (f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else "")


@contextmanager
def opened(path: Path, key: str, stream: BinaryIO | None = None) -> Iterator[Checkpoint]:
    """A file of weights for the length of a `with` block: safetensors, or what torch.save or torch.jit.save wrote.

    Its content decides, not its suffix. Nothing that it names is run (engine.weights.unpickler). A `stream` that can
    seek, such as a member of a zip, is read in place of the file; `path` then only names it in errors.

    Raises ConfigError, which names the configuration's `key`, when there is no such file, and MammiError when it holds
    something else.
    """
    if stream is None and not path.is_file():
        raise ConfigError(f"{key}: no file at {path}.")
    with ExitStack() as stack:
        start = b""
        with _faults(path, key, start):
            file = stack.enter_context(path.open("rb", buffering=0) if stream is None else _on_disk(stream))
            start = file.read(START)
        with _faults(path, key, start):
            if _is_safetensors(start):
                entries = {"": _of_safetensors(path, stream, stack)}
                top: Sequence[str] = ()
            else:
                listing = list_apart(file)
                entries, top = _of_torch(listing, Numbers(file)), listing.top
                _tell_code(listing.hostile, path, key)
        if not any(entries.values()):
            raise MammiError(f"{key}: {path} holds no tensors. It holds: {', '.join(top[:_NAMED]) or 'nothing'}.")
        yield Checkpoint(path, key, entries, start)


def read_weights(path: Path, key: str, stream: BinaryIO | None = None) -> dict[str, Tensor]:
    """The tensors of a file of weights by name, without the usual wrapper and `module.` prefix.

    For models whose own names are not known before: engine.weights.fitting finds the state dict that fits a model.
    Raises as `opened` does, and MammiError for a file with no tensors at its top level nor under WRAPPERS.
    """
    with opened(path, key, stream) as checkpoint:
        wrapped = [wrapper for wrapper in (*WRAPPERS, "") if wrapper in checkpoint.entries]
        if not wrapped:
            raise MammiError(
                f"{key}: {path} holds no tensors at its top level, nor under {', '.join(WRAPPERS)}, but under: "
                f"{checkpoint.listed()}. Save the state dict alone with torch.save."
            )
        weights = checkpoint.entries[wrapped[0]]
        same = [other for other, names in checkpoint.entries.items() if names.keys() == weights.keys()]
        if len(same) > 1:
            others = ", ".join(other for other in same if other != wrapped[0])
            log.warning(
                "%s: %s: the weights are those under %s; there are others under %s", key, path, *wrapped[:1], others
            )
        return without_parallel(checkpoint.read(weights))


def without_parallel(tensors: dict[str, Value]) -> dict[str, Value]:
    """What is under each name, without nn.DataParallel's prefix, if all names have it."""
    if all(name.startswith(PREFIX) for name in tensors):
        return {name.removeprefix(PREFIX): value for name, value in tensors.items()}
    return tensors


def _is_safetensors(start: bytes) -> bool:
    """Whether a file begins as safetensors do: the length of a header, 8 bytes, and the header, which is JSON."""
    return start[8:].lstrip().startswith(b"{") and int.from_bytes(start[:8], "little") < LONGEST_HEADER


def _of_safetensors(path: Path, stream: BinaryIO | None, stack: ExitStack) -> StateDict:
    if stream is not None:
        stream.seek(0)
        tensors = load(stream.read())
        return {name: _whole(name, value.shape, lambda value=value: value) for name, value in tensors.items()}  # type: ignore[misc]
    file = stack.enter_context(safe_open(path, framework="pt"))
    names = file.keys()
    if len(names) > MOST_TENSORS:
        raise Unreadable(f"it names more than {MOST_TENSORS:,} tensors")
    return {
        name: _whole(name, file.get_slice(name).get_shape(), lambda name=name: file.get_tensor(name))  # type: ignore[misc]
        for name in names
    }


def _whole(name: str, shape: Sequence[int], read: Callable[[], Tensor]) -> StoredTensor:
    if len(shape) > MOST_AXES:
        raise Unreadable(f"it holds a tensor of {len(shape):,} axes")
    return StoredTensor(tuple(shape), (checked_name(name),), read)


def _of_torch(listing: Listing, numbers: Numbers) -> dict[str, StateDict]:
    tensors = [_stored(each, numbers) for each in listing.tensors]
    dicts = [{name: tensors[place] for name, place in names.items()} for names in listing.dicts]
    return {key: dicts[place] for key, place in listing.entries}


def _stored(view: View | str, numbers: Numbers) -> StoredTensor:
    if isinstance(view, View):
        place = (view.storage, view.offset, view.shape, view.stride)
        return StoredTensor(view.shape, place, lambda: numbers.tensor(view))

    def refuse() -> Tensor:
        raise Unreadable(view)

    return StoredTensor((), (refuse,), refuse)


def _on_disk(stream: BinaryIO) -> FileIO:
    """The same as a file that another process can read, without a name."""
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (the caller closes it)
    stream.seek(0)
    shutil.copyfileobj(stream, file)
    file.seek(0)
    return file


def _tell_code(hostile: Sequence[str], path: Path, key: str) -> None:
    """Warns of a file that names what runs code."""
    if hostile:
        log.warning(
            "%s: %s asks to call %s, which no checkpoint needs. Nothing of it was run; who made this file?",
            *(key, path, ", ".join(hostile[:_SHOWN])),
        )


@contextmanager
def _faults(path: Path, key: str, start: bytes) -> Iterator[None]:
    """Turns what goes wrong while a file is read into a MammiError that says what the file is."""
    try:
        yield
    except Unreadable as reason:
        what = what_it_is(path.name, start) if isinstance(reason, TooMuch) else ""
        if not what:
            raise MammiError(f"{key}: {path} cannot be read: {reason}.") from None
        raise MammiError(f"{key}: {path} holds no weights: it is {what}.") from None
    except _DAMAGED as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise MammiError(f"{key}: {path} cannot be read: {error.strerror}.") from error
        what = what_it_is(path.name, start)
        if what:
            raise MammiError(f"{key}: {path} holds no weights: it is {what}.") from None
        why = first_line(error).partition(". ")[0][:_LONGEST]
        how = why if isinstance(error, Damaged) else f"{type(error).__name__}: {why}"
        raise MammiError(f"{key}: {path} is damaged, or not weights ({how}).") from error


def fingerprint(module: nn.Module, *settings: object) -> str:
    """A hash of a module's architecture and weights, and of the settings' text."""
    digest = hashlib.sha256(repr((str(module), settings)).encode())
    buffers = dict(module.named_buffers())  # also those that no state dict holds
    for name, tensor in sorted((buffers | module.state_dict()).items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
