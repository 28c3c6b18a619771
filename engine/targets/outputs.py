"""What a module gives: the tensors inside its output, told in words, and the one that holds a layer's activations.

A tensor inside an output has a path: the keys, field names and places that lead to it, joined by dots, such as
"logits" or "aux.0". Which axis of it belongs to the images shows when the model is given one film and then two.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.device import kind_of
from engine.errors import ConfigError

DEEPEST = 4
"""Levels of nesting that are searched for tensors"""
MOST = 200
"""Tensors that are found in one output at most"""
_SPARSE = (torch.sparse_coo, torch.sparse_csr, torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc)
_TOLD = 8
"""Tensors, and axes, that a message names at most"""
_LONGEST = 60

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a layer's output becomes a tensor whose first axis is the images."""

    entry: str | None = None
    """The path of the tensor; None for the rule of first_tensor"""
    axis: int = 0
    """The axis of the images"""
    squeezed: Shape | None = None
    """One image's shape, for an output that loses its axes of length 1"""
    numberless: tuple[int, ...] = ()
    """The units that give no number, whatever the film. Their activation counts as 0, so they are dead."""

    def pick(self, layer: str, output: Any) -> Tensor:
        """The tensor in an output. Raises ConfigError if it is not there."""
        if self.entry is None:
            return first_tensor(layer, output)
        found = tensors(output).get(self.entry)
        if found is None:
            raise ConfigError(
                f"target.layers: {layer!r} gives {type_of(output)} without {self.entry!r} for some films."
            )
        return found

    def by_image(self, picked: Tensor) -> Tensor:
        """A view of the tensor, or of its gradient, as [n, …] with at least two axes."""
        if self.squeezed is not None:
            return picked.reshape(-1, *(self.squeezed or (1,)))
        return picked.movedim(self.axis, 0) if picked.ndim != 1 else picked[:, None]


@dataclass(frozen=True, slots=True)
class Found:
    """A tensor in the outputs for one film and for two."""

    one: Shape
    two: Shape
    floating: bool

    def reading(self, path: str | None) -> Reading | None:
        """How to read the tensor; None if no axis of it belongs to the images."""
        one, two = self.one, self.two
        if len(one) == len(two):
            changed = [place for place, sizes in enumerate(zip(one, two, strict=True)) if sizes[0] != sizes[1]]
            if len(changed) == 1 and changed[0] < 2 and (one[changed[0]], two[changed[0]]) == (1, 2):
                return Reading(path, changed[0])
        elif two and two[0] == 2 and _long(one) == _long(two[1:]):
            return Reading(path, squeezed=two[1:])
        return None

    def shape(self) -> Shape:
        """The shape for two films, as Reading.by_image gives it. Only for a tensor that can be read."""
        reading = self.reading(None)
        axis = 0 if reading is None else reading.axis
        rest = self.two[:axis] + self.two[axis + 1 :]
        return (2, *(rest or (1,)))

    def words(self) -> str:
        """The shape with n for the images, such as [n, 14]."""
        reading = self.reading(None)
        if reading is None:
            same = self.one == self.two
            return _listed(self.one) if same else f"{_listed(self.one)} for one film and {_listed(self.two)} for two"
        sizes: list[Any] = list(self.two)
        sizes[reading.axis] = "n"
        return _listed(sizes)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a layer gave for one film and for two."""

    type: str
    """In words, such as "a dict" """
    found: Mapping[str, Found]
    """By path; the path of an output that is a tensor itself is "" """
    first: bool
    """Whether first_tensor takes a tensor of it"""

    def words(self) -> str:
        """The output in words, such as `a dict of "features" [n, 8] and "logits" [n, 3]`."""
        if not self.found:
            plain = self.type == "None" or "tensor" in self.type
            return f"{self.type} without a tensor" if not plain else self.type.replace("None", "nothing")
        if "" in self.found:
            return f"a tensor {self.found[''].words()}"
        told = [f'"{short(path)}" {found.words()}' for path, found in self.found.items()]
        more = [f"{len(told) - _TOLD} more"] if len(told) > _TOLD else []
        *head, last = [*told[:_TOLD], *more]
        return f"{self.type} of {', '.join(head)} and {last}" if head else f"{self.type} of {last}"


def tensors(output: Any) -> dict[str, Tensor]:
    """The tensors inside an output, by path. Mappings, sequences, data classes and plain objects are searched."""
    found: dict[str, Tensor] = {}
    for path, tensor in _tensors(output, (), ()):
        found.setdefault(".".join(path), tensor)
        if len(found) == MOST:
            break
    return found


def _tensors(output: Any, path: tuple[str, ...], outer: tuple[Any, ...]) -> Iterator[tuple[tuple[str, ...], Tensor]]:
    if isinstance(output, Tensor):
        dense = output.to_dense() if output.layout in _SPARSE and not output.is_nested else output
        if not kind_of(dense):
            yield path, dense
    elif len(outer) < DEEPEST and not any(output is each for each in outer):
        for name, value in _parts(output):
            yield from _tensors(value, (*path, name), (*outer, output))


def _parts(output: Any) -> Iterator[tuple[str, Any]]:
    """What an output holds, with the name of each part."""
    if isinstance(output, Mapping):
        yield from ((str(name), value) for name, value in output.items())
    elif dataclasses.is_dataclass(output):
        yield from ((field.name, getattr(output, field.name, None)) for field in dataclasses.fields(output))
    elif isinstance(output, (tuple, list)):
        names: Sequence[str] = getattr(output, "_fields", ())
        yield from zip(names if len(names) == len(output) else map(str, range(len(output))), output, strict=True)
    elif isinstance(getattr(output, "__dict__", None), dict):
        yield from ((name, value) for name, value in vars(output).items() if isinstance(value, Tensor))


def type_of(output: Any) -> str:
    """The type of an output with its article; "None" for None."""
    name = type(output).__name__
    if output is None:
        return "None"
    if isinstance(output, Tensor) and (kind := kind_of(output)):
        return kind
    return f"an {name}" if name[0].lower() in "aeio" else f"a {name}"


def first_tensor(layer: str, output: Any) -> Tensor:
    """A layer's output, the only tensor inside it, or the first item of a sequence. Raises ConfigError for others."""
    first = _first(output)
    if first is None:
        raise ConfigError(f"target.layers: {layer!r} gives {type_of(output)}, not a tensor.")
    return first


def _first(output: Any) -> Tensor | None:
    found = list(tensors(output).values())
    if len(found) == 1:
        return found[0]
    first = output[0] if isinstance(output, (tuple, list)) and output else output
    return first if isinstance(first, Tensor) else None


@dataclass(frozen=True, slots=True)
class Given:
    """What a layer gave in one pass, without the values."""

    type: str
    shapes: Mapping[str, tuple[Shape, bool]]
    """Path -> the tensor's shape, and whether it holds floating-point numbers"""
    first: bool


def given(output: Any) -> Given:
    """Describes an output."""
    shapes = {path: (tuple(tensor.shape), tensor.is_floating_point()) for path, tensor in tensors(output).items()}
    return Given(type_of(output), shapes, _first(output) is not None)


def seen(one: Given, two: Given) -> Seen:
    """What a layer gave for one film and for two; a tensor that it gave only once is left out."""
    found = {
        path: Found(one.shapes[path][0], shape, floating)
        for path, (shape, floating) in two.shapes.items()
        if path in one.shapes
    }
    return Seen(two.type, found, one.first and two.first)


def _long(shape: Shape) -> Shape:
    """The axes that are longer than 1."""
    return tuple(size for size in shape if size != 1)


def short(path: str) -> str:
    """A path of names that a model has given, in messages."""
    line = " ".join(path.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _listed(sizes: Sequence[Any]) -> str:
    more = ", …" if len(sizes) > _TOLD else ""
    return f"[{', '.join(map(str, sizes[:_TOLD]))}{more}]"
