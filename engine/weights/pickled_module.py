"""The tensors of a whole module saved by `torch.save(model)`, without running anything that the file names.

Such a file is a pickle that asks for the model's classes by name and fills them in. Here `_Made` replaces each class
and function that the pickle asks for, and only keeps its arguments and state, from which the tensors are then picked.
The unpickler cannot reach any class of torch or of another package. It still refuses names from outside the packages
of such models, so that a file that names `os.system` does not load silently.

The layouts are those of torch/serialization.py: the zip of torch 1.6 and later (`_save`, `_load`), and the plain file
before it (`_legacy_save`, `_legacy_load`), in which torchxrayvision's DenseNets are published.
"""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, BinaryIO

import torch
from torch import Tensor

PACKAGES = ("torch", "torchvision", "torchxrayvision", "timm", "collections", "numpy")
"""Packages whose classes and functions a module's pickle may name"""

_BUILTINS = (
    "set",
    "frozenset",
    "list",
    "dict",
    "tuple",
    "int",
    "float",
    "bool",
    "str",
    "slice",
    "complex",
    "bytearray",
)
_DTYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
_BIG_ENDIAN = "written on a big-endian machine"


class _Made:
    """Stands in for an object: the name that the pickle asked for, with its arguments and state."""

    name = ""
    arguments: tuple[Any, ...] = ()
    state: Any = None

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _MadeMapping(dict[Any, Any]):
    """Stands in for an OrderedDict, whose items a pickle sets one by one."""

    def __setstate__(self, state: Any) -> None:
        pass


class _Storage:
    """A tensor's memory, whose bytes may come after the pickle."""

    def __init__(self, key: str, dtype: torch.dtype) -> None:
        self.key = key
        self.dtype = dtype


class _Unpickler(pickle._Unpickler):
    """The unpickler written in Python: a hostile file can make the one in C ask for any amount of memory."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="latin1")
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> type:
        builtin = module in ("builtins", "__builtin__") and name in _BUILTINS
        if not builtin and module.partition(".")[0] not in PACKAGES and (module, name) != ("_codecs", "encode"):
            raise pickle.UnpicklingError(f"GLOBAL {module}.{name} was not an allowed global")
        if (module, name) == ("collections", "OrderedDict"):
            return type(name, (_MadeMapping,), {})
        return type(name, (_Made,), {"name": f"{module}.{name}"})

    def persistent_load(self, identity: Any) -> Any:
        kind, *rest = identity
        if kind == "module":  # class, source file, source
            return rest[0]
        storage_type, key, *_ = rest
        if kind != "storage" or (len(rest) > 4 and rest[4] is not None):
            raise pickle.UnpicklingError("a layout older than torch 0.4")
        return self.storages.setdefault(key, _Storage(key, _DTYPES[storage_type.__name__]))


def read_pickled_module(file: BinaryIO) -> dict[str, Tensor]:
    """The `state_dict()` of the saved module.

    Raises pickle.UnpicklingError for anything but a module of PACKAGES, and errors of any kind for damaged bytes.
    """
    file.seek(0)
    made, memory = _from_zip(file) if zipfile.is_zipfile(file) else _from_plain(file)
    return {name: _tensor(value, memory) for name, value in _state(made)}


def _from_zip(file: BinaryIO) -> tuple[Any, Callable[[_Storage], bytes | bytearray]]:
    archive = zipfile.ZipFile(file)
    names = archive.namelist()
    folder = names[0].partition("/")[0] + "/"
    if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
        raise pickle.UnpicklingError("a zip that torch did not write")
    if f"{folder}constants.pkl" in names:
        raise pickle.UnpicklingError("TorchScript, which is code")
    if f"{folder}byteorder" in names and archive.read(f"{folder}byteorder") != b"little":
        raise pickle.UnpicklingError(_BIG_ENDIAN)
    with archive.open(f"{folder}data.pkl") as data:
        made = _Unpickler(data).load()
    return made, lambda storage: archive.read(f"{folder}data/{storage.key}")


def _from_plain(file: BinaryIO) -> tuple[Any, Callable[[_Storage], bytes | bytearray]]:
    file.seek(0)
    magic, _version, system = (_Unpickler(file).load() for _ in range(3))
    if magic != torch.serialization.MAGIC_NUMBER:
        raise pickle.UnpicklingError("not written by torch.save")
    if not system["little_endian"]:
        raise pickle.UnpicklingError(_BIG_ENDIAN)
    unpickler = _Unpickler(file)
    made = unpickler.load()
    memory: dict[str, bytes] = {}
    for key in _Unpickler(file).load():
        (count,) = struct.unpack("<q", file.read(8))
        memory[key] = file.read(count * unpickler.storages[key].dtype.itemsize)
    return made, lambda storage: memory[storage.key]


def _state(made: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The parameters and persistent buffers of a module and of the modules inside it, by dotted name."""
    state = getattr(made, "state", None)
    if not isinstance(state, Mapping) or "_modules" not in state:
        raise pickle.UnpicklingError("neither a state dict nor a module")
    passing = getattr(state.get("_non_persistent_buffers_set"), "arguments", ())  # of set([names])
    for name, value in [*state["_parameters"].items(), *state["_buffers"].items()]:
        if value is not None and not (passing and name in passing[0]):
            yield f"{prefix}{name}", value
    for name, child in state["_modules"].items():
        if child is not None:
            yield from _state(child, f"{prefix}{name}.")


def _tensor(made: Any, memory: Callable[[_Storage], bytes | bytearray]) -> Tensor:
    """The tensor that torch._utils' rebuilding functions return for the same arguments."""
    match made:
        case _Made(name="torch._utils._rebuild_parameter", arguments=(data, *_)):
            return _tensor(data, memory)
        case _Made(
            name="torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor",
            arguments=(_Storage() as storage, int() as offset, tuple() as size, tuple() as stride, *_),
        ):
            data = bytearray(memory(storage))
            whole = torch.frombuffer(data, dtype=storage.dtype) if data else torch.empty(0, dtype=storage.dtype)
            return whole.as_strided(size, stride, offset).clone()
        case _:
            raise pickle.UnpicklingError("a tensor of a kind that is not read")
