"""Finds the state dicts in what a pickle of torch holds (engine.weights.unpickler)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from engine.weights.listing import KINDS, Listing, Place, View
from engine.weights.unpickler import Made, Members, Name, Storage, Unreadable

DEEPEST = 8
"""How deep entries are looked for in dictionaries, lists and objects"""
LONGEST_LIST = 100
"""Longer lists are not looked into"""
MOST_MODULES = 100_000
"""The most modules in a file. A small file can name one of them any number of times"""
LONGEST_NAME, MOST_DOTS = 500, 64
"""The most characters, and dots, in the name of a tensor"""
MOST_AXES = 16
MOST_TENSORS = 200_000
"""The most tensors in all state dicts of a file, each counted wherever it is named"""
SCRIPTED = "__torch__."
"""What precedes the names of TorchScript's classes"""
SHOWN = 60
"""Characters of a name that a message shows"""

_REBUILT = ("torch._utils._rebuild_", "torch._tensor._rebuild_")
_ARRAYS = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
_LARGEST = (1 << 63) - 1

Memory = Callable[[Storage], Place]


def list_entries(made: Any, memory: Memory, listing: Listing) -> None:
    """Each state dict in what a file holds, with its key. An object is looked into once."""
    tensors, visits = _Tensors(memory, listing.tensors), _Visits()
    seen: dict[int, int] = {}
    waiting: deque[tuple[tuple[str, ...], Any]] = deque([((), made)])
    while waiting:
        path, node = waiting.popleft()
        if id(node) not in seen:
            children = [] if _is_module(node) else [(str(key), value) for key, value in _children(node)]
            values = _state(node, visits) if _is_module(node) else children
            seen[id(node)] = len(listing.dicts)
            listing.dicts.append(
                {checked_name(name): tensors.listed(value) for name, value in values if _is_tensor(value)}
            )
            if len(path) < DEEPEST:
                waiting += [((*path, key), value) for key, value in children if not _is_tensor(value)]
        if listing.dicts[seen[id(node)]]:
            visits.of_tensors(len(listing.dicts[seen[id(node)]]))
            listing.entries.append((checked_name(".".join(path)), seen[id(node)]))


def checked_name(name: str) -> str:
    """The name of a tensor, or the key of a state dict. Raises Unreadable for one that no model has."""
    if len(name) > LONGEST_NAME or name.count(".") > MOST_DOTS:
        raise Unreadable(f"it names tensors by {len(name):,} characters, and {name.count('.'):,} dots")
    return name


class _Visits:
    """Counts modules and tensors, as a small file can name one of them any number of times."""

    def __init__(self) -> None:
        self._modules = self._tensors = 0

    def of_module(self) -> None:
        self._modules += 1
        if self._modules > MOST_MODULES:
            raise Unreadable(f"a module in it holds more than {MOST_MODULES:,} others, or itself")

    def of_tensors(self, count: int) -> None:
        self._tensors += count
        if self._tensors > MOST_TENSORS:
            raise Unreadable(f"it names more than {MOST_TENSORS:,} tensors")


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


def _state(module: Made, visits: _Visits, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The parameters and persistent buffers of a module and of the modules inside it, by dotted name."""
    state = _attributes(module)
    visits.of_module()
    if module.name.startswith(SCRIPTED):
        own = children = state
    else:
        passing = state.get("_non_persistent_buffers_set")  # a set, or set([names])
        passing = passing.arguments[0] if isinstance(passing, Made) and passing.arguments else passing
        left_out = {name for name in passing if isinstance(name, str)} if isinstance(passing, (list, Members)) else ()
        buffers = {name: value for name, value in _items(state.get("_buffers")).items() if name not in left_out}
        own, children = {**_items(state.get("_parameters")), **buffers}, _items(state["_modules"])
    visits.of_tensors(sum(map(_is_tensor, own.values())))
    yield from ((f"{prefix}{name}", value) for name, value in own.items())
    for name, child in children.items():
        if _is_module(child):
            yield from _state(child, visits, f"{prefix}{name}.")


def _items(mapping: Any) -> dict[Any, Any]:
    return mapping.items if isinstance(mapping, Made) else dict(mapping or {})


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Made) and value.name.startswith(_REBUILT)


class _Tensors:
    """Finds the tensors that torch's rebuilding functions return for the same arguments."""

    def __init__(self, memory: Memory, found: list[View | str]) -> None:
        self._memory = memory
        self._found = found
        self._places: dict[str, Place] = {}
        self._listed: dict[int, int] = {}

    def listed(self, made: Made) -> int:
        """The place of a tensor among those found."""
        if id(made) not in self._listed:
            self._listed[id(made)] = len(self._found)
            self._found.append("")
            try:
                self._found[self._listed[id(made)]] = self._view(made)
            except Unreadable as reason:
                self._found[self._listed[id(made)]] = str(reason)
        return self._listed[id(made)]

    def _view(self, made: Made) -> View | str:
        match made:
            case (
                Made(name="torch._utils._rebuild_parameter", arguments=(Made() as data, *_))
                | Made(name="torch._utils._rebuild_parameter_with_state", arguments=(Made() as data, *_))
            ):
                return self._view(data)
            case Made(
                name="torch._tensor._rebuild_from_type_v2", arguments=(Name() as function, _, tuple() as given, _)
            ):
                return self._view(Made(function.text, given))
            case Made(
                name="torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor",
                arguments=(Storage() as storage, offset, size, stride, *_),
            ):
                return self._checked(storage, kind_of(storage)[0], offset, size, stride)
            case Made(
                name="torch._utils._rebuild_tensor_v3",
                arguments=(Storage() as storage, offset, size, stride, _, _, Name() as dtype, *_),
            ):
                return self._checked(storage, dtype.text.removeprefix("torch."), offset, size, stride)
        return f"it holds tensors of a kind that is not read ({made.name[:SHOWN]})"

    def _checked(self, storage: Storage, dtype: str, offset: Any, size: Any, stride: Any) -> View:
        if not (isinstance(size, tuple) and isinstance(stride, tuple) and len(size) == len(stride) <= MOST_AXES):
            raise ValueError("the shape of a tensor is none")
        if not all(type(each) is int and 0 <= each <= _LARGEST for each in (offset, *size, *stride)):
            raise ValueError("the shape of a tensor has numbers that none can have")
        if storage.key not in self._places:
            self._places[storage.key] = self._memory(storage)
        return View(storage.key, dtype[:SHOWN], self._places[storage.key], offset, size, stride)


def holds_arrays(values: Iterable[Any]) -> bool:
    """Whether NumPy's arrays are among the values, or in one of them."""
    inner = (child for value in values for _, child in [("", value), *_children(value)])
    return any(type_name(value) in _ARRAYS for value in inner)


def kind_of(storage: Storage) -> tuple[str, int]:
    if storage.kind not in KINDS:
        raise Unreadable(f"it holds tensors of a kind that is not read ({storage.kind[:SHOWN]})")
    return KINDS[storage.kind]


def type_name(made: Any) -> str:
    """What a file holds, in messages."""
    if _is_tensor(made):
        return "one tensor without a name"
    return made.name if isinstance(made, Made) else type(made).__name__
