"""Reads the tensors of a file that torch wrote, without running anything that the file names.

The layouts are those of torch/serialization.py: the zip of torch 1.6 and later (`_save`, `_load`), the plain file
before it (`_legacy_save`, `_legacy_load`), and TorchScript's zip (torch/csrc/jit/serialization), whose modules are
objects with their tensors as attributes. TorchScript's code is never compiled.
"""

from __future__ import annotations

import struct
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, BinaryIO

import torch
from torch import Tensor

from engine.weights.unpickler import Made, Name, Storage, Unpickler, Unreadable

DEEPEST = 8
"""How deep entries are looked for in dictionaries, lists and objects"""
LONGEST_LIST = 100
"""Longer lists are not looked into"""
MOST_MODULES = 100_000
"""The most modules inside a module. A small file can name one of them any number of times"""
SCRIPTED = "__torch__."
"""What precedes the names of TorchScript's classes"""

_REBUILT = ("torch._utils._rebuild_", "torch._tensor._rebuild_")
_ARRAYS = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
_ZIP = b"PK\3\4"
_BIG_ENDIAN = "it was written on a big-endian machine"

Memory = Callable[[Storage], bytes]


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
class TorchFile:
    """What a file of torch holds. The file must stay open while its tensors are read."""

    entries: dict[str, StateDict]
    """Each state dict in the file by its key, dotted where it is nested; "" for the outermost"""
    named: frozenset[str]
    """The full names of all classes and functions that the file asks for"""
    top: tuple[str, ...]
    """The outermost keys, or the type of what the file holds instead"""


def read_torch_file(file: BinaryIO) -> TorchFile:
    """What the file holds. Raises Unreadable, and errors of any kind for damaged bytes."""
    file.seek(0)
    zipped = file.read(len(_ZIP)) == _ZIP or zipfile.is_zipfile(file)
    made, memory, named = _from_zip(file) if zipped else _from_plain(file)
    entries = dict(_entries(made, memory))
    top = made.items if isinstance(made, Made) and made.items else made
    if not entries and _type_name(made).startswith(SCRIPTED):
        raise Unreadable("it is frozen TorchScript, without the weights: save it before torch.jit.freeze")
    if not entries and isinstance(top, Mapping) and _holds_arrays(top.values()):
        raise Unreadable("its arrays are NumPy's: save them as tensors, by torch.from_numpy and torch.save")
    keys = tuple(map(str, top)) if isinstance(top, Mapping) else (_type_name(made),)
    return TorchFile(entries, frozenset(named), keys)


def _from_zip(file: BinaryIO) -> tuple[Any, Memory, set[str]]:
    archive = zipfile.ZipFile(file)
    names = archive.namelist()
    folder = next((name.removesuffix("data.pkl") for name in names if name.partition("/")[2] == "data.pkl"), None)
    if folder is None:
        raise Unreadable(_what_a_zip_is(names))
    read = (f"{folder}data.pkl", f"{folder}byteorder", f"{folder}data/")
    members = [member for member in archive.infolist() if member.filename.startswith(read)]
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise Unreadable("it was packed again, compressed: give it as torch.save wrote it")
    if f"{folder}byteorder" in names and archive.read(f"{folder}byteorder") != b"little":
        raise Unreadable(_BIG_ENDIAN)
    with archive.open(f"{folder}data.pkl") as data:
        unpickler = Unpickler(data)
        made = unpickler.load()
    return made, lambda storage: archive.read(f"{folder}data/{storage.key}"), unpickler.named


def _what_a_zip_is(names: list[str]) -> str:
    """What a zip without torch's members is, by the names of its members."""
    if any(name.endswith("/archive_format") for name in names):
        return "it is a program of torch.export: give the state dict of the model that it was made from"
    weights = [name for name in names if name.endswith((".pth", ".pt", ".ckpt", ".bin", ".safetensors", ".pth.tar"))]
    if weights:
        return f"it is a zip that holds {weights[0]}: unpack it, and name that file"
    if any(name.endswith(".npy") for name in names):
        return "it is an archive of NumPy: save its arrays as tensors with torch.save"
    if any(name.endswith((".h5", "saved_model.pb")) for name in names):
        return "it is a model of Keras or TensorFlow: convert its weights to PyTorch"
    if any(name.endswith("model.json") for name in names):
        return "torch before 1.2 wrote it as TorchScript: load it with that version, and save its state dict"
    return "it is a zip that torch did not write"


def _from_plain(file: BinaryIO) -> tuple[Any, Memory, set[str]]:
    file.seek(0)
    first = Unpickler(file).load()
    if first != torch.serialization.MAGIC_NUMBER:
        raise Unreadable(
            "it is a pickle that torch.save did not write: whoever made it can save its state dict with torch.save"
        )
    _version, system = (Unpickler(file).load() for _ in range(2))
    if not system["little_endian"]:
        raise Unreadable(_BIG_ENDIAN)
    unpickler = Unpickler(file)
    made = unpickler.load()
    places: dict[str, tuple[int, int]] = {}
    for key in Unpickler(file).load():
        (count,) = struct.unpack("<q", file.read(8))
        size = count * unpickler.storages[key].dtype.itemsize
        places[key] = file.tell(), size
        file.seek(size, 1)

    def memory(storage: Storage) -> bytes:
        start, size = places[storage.key]
        file.seek(start)
        data = file.read(size)
        if len(data) < size:
            raise EOFError("the file ends too early")
        return data

    return made, memory, unpickler.named


def _entries(made: Any, memory: Memory) -> Iterator[tuple[str, StateDict]]:
    """Each state dict in what a file holds, with its key. An object is looked into once."""
    tensors = _Tensors(memory)
    seen: dict[int, StateDict] = {}
    waiting: deque[tuple[tuple[str, ...], Any]] = deque([((), made)])
    while waiting:
        path, node = waiting.popleft()
        if id(node) not in seen:
            children = [] if _is_module(node) else [(str(key), value) for key, value in _children(node)]
            values = _state(node, count(1)) if _is_module(node) else children
            seen[id(node)] = {name: tensors.stored(value) for name, value in values if _is_tensor(value)}
            if len(path) < DEEPEST:
                waiting += [((*path, key), value) for key, value in children if not _is_tensor(value)]
        if seen[id(node)]:
            yield ".".join(path), seen[id(node)]


def _holds_arrays(values: Iterable[Any]) -> bool:
    """Whether NumPy's arrays are among the values, or in one of them."""
    inner = (child for value in values for _, child in [("", value), *_children(value)])
    return any(_type_name(value) in _ARRAYS for value in inner)


def _children(node: Any) -> list[tuple[Any, Any]]:
    """What a dictionary, a list or an object holds, with keys."""
    if isinstance(node, dict):
        return list(node.items())
    if isinstance(node, (list, tuple)) and len(node) <= LONGEST_LIST:
        return list(enumerate(node))
    if isinstance(node, Made):
        return [*node.items.items(), *_attributes(node).items()]
    return []


def _attributes(made: Made) -> Mapping[Any, Any]:
    state = made.state
    if isinstance(state, tuple) and state:  # (attributes, those in slots)
        state = state[0]
    return state if isinstance(state, dict) else {}


def _is_module(node: Any) -> bool:
    return isinstance(node, Made) and ("_modules" in _attributes(node) or node.name.startswith(SCRIPTED))


def _state(module: Made, visited: Iterator[int], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The parameters and persistent buffers of a module and of the modules inside it, by dotted name."""
    state = _attributes(module)
    if next(visited) > MOST_MODULES:
        raise Unreadable(f"a module in it holds more than {MOST_MODULES:,} others, or itself")
    if module.name.startswith(SCRIPTED):
        own = children = state
    else:
        passing = state.get("_non_persistent_buffers_set")  # a set, or set([names])
        left_out = passing.arguments[0] if isinstance(passing, Made) and passing.arguments else passing or ()
        buffers = {name: value for name, value in _items(state.get("_buffers")).items() if name not in left_out}
        own, children = {**_items(state.get("_parameters")), **buffers}, _items(state["_modules"])
    yield from ((f"{prefix}{name}", value) for name, value in own.items())
    for name, child in children.items():
        if _is_module(child):
            yield from _state(child, visited, f"{prefix}{name}.")


def _items(mapping: Any) -> dict[Any, Any]:
    return mapping.items if isinstance(mapping, Made) else dict(mapping or {})


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Made) and value.name.startswith(_REBUILT)


class _Tensors:
    """Makes the tensors that torch's rebuilding functions return for the same arguments, each storage read once."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._read: dict[tuple[str, torch.dtype], Tensor] = {}

    def stored(self, made: Made) -> StoredTensor:
        match made:
            case (
                Made(name="torch._utils._rebuild_parameter", arguments=(data, *_))
                | Made(name="torch._utils._rebuild_parameter_with_state", arguments=(data, *_))
            ):
                return self.stored(data)
            case Made(
                name="torch._tensor._rebuild_from_type_v2", arguments=(Name() as function, _, tuple() as given, _)
            ):
                return self.stored(Made(function.text, given))
            case Made(
                name="torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor",
                arguments=(Storage() as storage, int() as offset, tuple() as size, tuple() as stride, *_),
            ):
                return self._view(storage, None, offset, size, stride)
            case Made(
                name="torch._utils._rebuild_tensor_v3",
                arguments=(Storage() as storage, int() as offset, tuple() as size, tuple() as stride, _, _, dtype, *_),
            ):
                return self._view(storage, getattr(torch, dtype.text.removeprefix("torch.")), offset, size, stride)
        name = made.name

        def refuse() -> Tensor:
            raise Unreadable(f"it holds tensors of a kind that is not read ({name})")

        return StoredTensor((), (id(made),), refuse)

    def _view(
        self, storage: Storage, dtype: torch.dtype | None, offset: int, size: tuple[int, ...], stride: tuple[int, ...]
    ) -> StoredTensor:
        def read() -> Tensor:
            kind = dtype or storage.dtype
            if (storage.key, kind) not in self._read:
                data = bytearray(self._memory(storage))
                self._read[storage.key, kind] = (
                    torch.frombuffer(data, dtype=kind) if data else torch.empty(0, dtype=kind)
                )
            return self._read[storage.key, kind].as_strided(size, stride, offset)

        return StoredTensor(size, (storage.key, offset, size, stride), read)


def _type_name(made: Any) -> str:
    """What a file holds, in messages."""
    if _is_tensor(made):
        return "one tensor without a name"
    return made.name if isinstance(made, Made) else type(made).__name__
