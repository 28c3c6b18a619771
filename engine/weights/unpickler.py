"""Reads a pickle without running anything that it names.

A pickle asks for classes and functions by name, calls them, and fills in what they return. Here a `Name` stands for
each of them and a `Made` for whatever one would return: it only keeps arguments, state and items. No class of torch or
of another package can be reached, so what a pickle names has no effect, and any object may be in it.

Python compares and hashes nested tuples without a limit on depth or time, so none becomes a key: a `Made` without a
meaning stands in its place.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Protocol

_MAPPINGS = ("collections.OrderedDict", "builtins.dict", "__builtin__.dict")
_HASHED = (tuple, frozenset)


class Readable(Protocol):
    """A file, or a part of one in memory."""

    def read(self, size: int, /) -> bytes: ...
    def readline(self) -> bytes: ...


class Unreadable(Exception):
    """A file that is sound, but holds no tensors that can be read. The text says why, and what to do."""


class Name:
    """Stands for a class or a function that a pickle asks for."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __call__(self, *arguments: Any) -> Made:
        return Made(self.text, arguments)


class Made:
    """Stands for an object: the name of what would have made it, with its arguments, state and items."""

    __slots__ = ("arguments", "items", "name", "state")

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.name = name
        self.arguments = arguments
        self.state: Any = None
        self.items: dict[Any, Any] = {}
        if name in _MAPPINGS and arguments:  # as Python 2 pickled them
            self.fill(arguments[0])

    def __str__(self) -> str:
        return self.name

    def __call__(self, *arguments: Any) -> Made:
        return Made("", arguments)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items[as_key(key)] = value

    def fill(self, items: Iterable[Any] | dict[Any, Any]) -> None:
        """Takes over a dictionary, or pairs."""
        for key, value in items.items() if isinstance(items, dict) else items:
            self[key] = value

    def extend(self, values: Any) -> None:
        """Called for an object that is a list or a set: what it holds is not kept."""

    append = add = extend


class Members(list[Any]):
    """Stands for a set."""

    __slots__ = ()
    add = list.append


class Storage:
    """A tensor's memory, whose bytes may come after the pickle."""

    __slots__ = ("key", "kind")

    def __init__(self, key: str, kind: str) -> None:
        self.key = key
        self.kind = kind


def as_key(value: Any) -> Any:
    """What stands for a value as the key of a dictionary."""
    return Made("a key", ()) if isinstance(value, _HASHED) else value


class Unpickler(pickle._Unpickler):
    """The unpickler written in Python: a hostile file can make the one in C ask for any amount of memory."""

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)  # by opcode
    stack: list[Any]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]
    read: Callable[[int], bytes]

    def __init__(self, file: Readable) -> None:
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
        if kind != "storage" or not isinstance(storage_type, Name) or not isinstance(key, str):
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
        self.stack[-1].fill(keywords)

    def _given_state(self) -> None:
        state = self.stack.pop()
        if isinstance(self.stack[-1], Made):
            self.stack[-1].state = state

    def _given_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.stack[-1][as_key(key)] = value

    def _given_items(self) -> None:
        values = self.pop_mark()
        for key, value in zip(values[::2], values[1::2], strict=True):
            self.stack[-1][as_key(key)] = value

    def _dictionary(self) -> None:
        values = self.pop_mark()  # before `append`, which it changes
        self.append({as_key(key): value for key, value in zip(values[::2], values[1::2], strict=True)})

    def _empty_set(self) -> None:
        self.append(Members())

    def _frozen_set(self) -> None:
        values = self.pop_mark()
        self.append(Members(values))

    def _byte_array(self) -> None:
        (size,) = struct.unpack("<Q", self.read(8))
        self.append(bytearray(self.read(size)))  # never more than the file has

    dispatch[pickle.NEWOBJ[0]] = _made_new
    dispatch[pickle.NEWOBJ_EX[0]] = _made_with_keywords
    dispatch[pickle.BUILD[0]] = _given_state
    dispatch[pickle.SETITEM[0]] = _given_item
    dispatch[pickle.SETITEMS[0]] = _given_items
    dispatch[pickle.DICT[0]] = _dictionary
    dispatch[pickle.EMPTY_SET[0]] = _empty_set
    dispatch[pickle.FROZENSET[0]] = _frozen_set
    dispatch[pickle.BYTEARRAY8[0]] = _byte_array

    def get_extension(self, code: int) -> None:
        """No opcode brings in an object that this process knows by a number."""
        raise pickle.UnpicklingError(f"extension {code} is unknown")
