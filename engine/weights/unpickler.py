"""Reads a pickle without running anything that it names.

A pickle asks for classes and functions by name, calls them, and fills in what they return. Here a `Name` stands for
each of them and a `Made` for whatever one would return: it only keeps arguments, state and items. No class of torch or
of another package can be reached, so what a pickle names has no effect, and any object may be in it.
"""

from __future__ import annotations

import pickle
from typing import IO, Any, ClassVar

import torch

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
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
    "UntypedStorage": torch.uint8,
}
_MAPPINGS = ("collections.OrderedDict", "builtins.dict", "__builtin__.dict")


class Unreadable(Exception):
    """A file that is sound, but holds no tensors that can be read. The text says why, and what to do."""


class Name:
    """Stands for a class or a function that a pickle asks for."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __call__(self, *arguments: Any) -> Made:
        return Made(self.text, arguments)


class Made:
    """Stands for an object: the name of what would have made it, with its arguments, state and items."""

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.name = name
        self.arguments = arguments
        self.state: Any = None
        self.items: dict[Any, Any] = {}
        if name in _MAPPINGS and arguments:  # as Python 2 pickled them
            self.items.update(arguments[0])

    def __str__(self) -> str:
        return self.name

    def __call__(self, *arguments: Any) -> Made:
        return Made("", arguments)

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items[key] = value

    def extend(self, values: Any) -> None:
        """Called for an object that is a list or a set: what it holds is not kept."""

    append = add = extend


class Storage:
    """A tensor's memory, whose bytes may come after the pickle."""

    def __init__(self, key: str, kind: str) -> None:
        self.key = key
        self.kind = kind

    @property
    def dtype(self) -> torch.dtype:
        if self.kind not in _DTYPES:
            raise Unreadable(f"it holds tensors of a kind that is not read ({self.kind})")
        return _DTYPES[self.kind]


class Unpickler(pickle._Unpickler):
    """The unpickler written in Python: a hostile file can make the one in C ask for any amount of memory."""

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)  # by opcode
    stack: list[Any]

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="latin1")
        self.storages: dict[str, Storage] = {}
        self.named: set[str] = set()

    def find_class(self, module: str, name: str) -> Name:
        self.named.add(f"{module}.{name}")
        return Name(f"{module}.{name}")

    def persistent_load(self, identity: Any) -> Any:
        kind, *rest = identity
        if kind == "module":  # class, source file, source
            return rest[0]
        storage_type, key, *_ = rest
        if kind != "storage":
            raise pickle.UnpicklingError("neither a module nor a tensor's memory")
        if len(rest) > 4 and rest[4] is not None:
            raise Unreadable("torch before 0.4 wrote it: load it with that version and save its state dict anew")
        return self.storages.setdefault(key, Storage(key, storage_type.text.rpartition(".")[2]))

    def _made_new(self) -> None:
        arguments = self.stack.pop()
        self.stack[-1] = self.stack[-1](*arguments)

    def _made_with_keywords(self) -> None:
        keywords = self.stack.pop()
        self._made_new()
        self.stack[-1].items.update(keywords)

    dispatch[pickle.NEWOBJ[0]] = _made_new
    dispatch[pickle.NEWOBJ_EX[0]] = _made_with_keywords

    def get_extension(self, code: int) -> None:
        """No opcode brings in an object that this process knows by a number."""
        raise pickle.UnpicklingError(f"extension {code} is unknown")
