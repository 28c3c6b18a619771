"""Passes one film through a target model before a run, to see what its layers give and how to read it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.device import check_input
from engine.errors import ConfigError, MammiError, failing_as, first_line
from engine.targets.base import LOGITS, TargetModel
from engine.targets.outputs import Found, Given, Reading, Seen, given, seen, short
from engine.targets.taps import Channels, Pooling, Taps, not_used, unit_axis
from engine.weights.fitting import few

log = logging.getLogger(__name__)

_SAME = 0.05
"""How far an activation may move with the other images of the batch, as a share of the layer's largest. Rounding stays
far below it, dropout far above."""
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


def noise() -> NDArray[np.uint8]:
    """A film for a model whose probing set is not at hand, [256, 256]."""
    return np.random.default_rng(0).integers(0, 256, (256, 256), dtype=np.uint8)


def _ramp() -> NDArray[np.uint8]:
    """A film that is dark on the left and bright on the right, [256, 256]."""
    return np.tile(np.arange(256, dtype=np.uint8), (256, 1))


def inputs(target: TargetModel, film: NDArray[np.uint8], name: str) -> Tensor:
    """The model's inputs for a film and for its negative, [2, c, h, w]. `name` is the film's in messages.

    Raises MammiError when the preprocessing fails, and UnreadableImage when it refuses the film.
    """
    what = f"target: preprocessing {name}"
    with failing_as(f"{what} failed"):
        return torch.stack([check_input(target.preprocess(view), what) for view in (film, 255 - film)])


def probe(module: nn.Module, layers: Sequence[str], films: Tensor) -> dict[str, Seen]:
    """What each of these layers gives for the first of two films and for both; layers that are not used are absent.

    The module is put in evaluation mode. Raises MammiError when it fails.
    """
    module.eval()
    with _Outputs(module, layers) as taps:
        one, two = (taps.forward(films[:count]) for count in (1, 2))
    return {layer: seen(one[layer], two[layer]) for layer in layers if layer in one and layer in two}


def examine(
    target: TargetModel,
    layers: Sequence[str],
    films: Tensor,
    *,
    pooling: Pooling,
    channels: Channels,
    output: str | None,
    precision: AbstractContextManager[object] | None = None,
) -> dict[str, Reading]:
    """How to read each of these layers, found by passing films [2, c, h, w] on the module's device.

    Logs a warning where a film's activations depend on chance or on the other images of its batch. Raises ConfigError
    when a layer gives no activations, or when the number of classes is not that of the outputs, and MammiError when
    the model fails.
    """
    module = target.module
    with precision or nullcontext():
        found = probe(module, list(dict.fromkeys([*layers, LOGITS])), films)
        readings = {}
        for layer in layers:
            if layer not in found:
                raise not_used(layer, module)
            reading = read(layer, found[layer], output, len(target.classes), channels)
            if isinstance(reading, str):
                raise ConfigError(f"target.layers: {layer!r} {reading}.{_way_out(layer, module, len(target.classes))}")
            readings[layer] = reading
        _check_classes(target, found[LOGITS], readings.get(LOGITS), channels)
        with Taps(module, layers, pooling, channels, readings) as taps:
            alone, both = (_pooled(taps, module, films[:count]) for count in (1, 2))
            numberless = _numberless(target, taps, both)
    for layer, units in numberless.items():
        readings[layer] = replace(readings[layer], numberless=units)
        named = few([f"{layer}:{unit}" for unit in units])
        log.warning("target: no finite number, whatever the film, at %s: dead, with the activation 0.", named)
    moved = [layer for layer in layers if not _close(alone[layer][0], both[layer][0])]
    if moved:
        log.warning(
            "target: the same film gave other activations in another batch, at %s: is dropout or batch normalisation "
            "active although the model is in evaluation mode? This run cannot be repeated.",
            ", ".join(moved[:3]) + (f" and {len(moved) - 3} more" if len(moved) > 3 else ""),
        )
    return readings


def read(layer: str, gave: Seen, output: str | None, classes: int, channels: Channels) -> Reading | str:
    """How to read a layer, or the reason why it cannot be read, which goes on from the layer's name.

    For `logits`, the tensor that `output` names; else the one named "logits"; else the only one with a unit for each of
    `classes`; else the only one. For other layers, the one that engine.targets.outputs.first_tensor takes.
    """
    path: str | None = None
    if not gave.found:
        return f"gives {gave.words()}"
    if layer == LOGITS and "" not in gave.found:
        path = output if output is not None else _chosen(gave, classes, channels)
        if path not in gave.found:
            return _choice(gave, output, classes, channels)
    elif layer == LOGITS and output is not None:
        return f'gives {gave.words()}, which has no names: leave target.output = "{output}" out'
    elif not gave.first:
        return f"gives {gave.words()}: name a layer inside it"
    tensor = _tensor(gave, path)
    reading = tensor.reading(path)
    if reading is None:
        rows = tensor.one[0] if tensor.one and tensor.two and tensor.two[0] == 2 * tensor.one[0] else None
        if rows is not None:
            return f"gives {rows} rows for one image"
        return f"gives a tensor {tensor.words()}, no axis of which is the images"
    if not tensor.floating:
        return f"gives a tensor {tensor.words()} without floating-point numbers, so no activations"
    if _units(tensor, channels) is None:
        return f"gives a tensor {tensor.words()}, which has no units"
    return reading


def image_shape(gave: Seen, reading: Reading, channels: Channels) -> tuple[tuple[int, ...], int]:
    """The shape of one image's tensor in the output of a layer that can be read, and the number of units."""
    shape = _tensor(gave, reading.entry).shape()
    return shape[1:], shape[unit_axis(shape, channels) or 0]


def _tensor(gave: Seen, path: str | None) -> Found:
    """The tensor at a path; with None the one that first_tensor takes."""
    return gave.found[next(iter(gave.found)) if path is None else path]


def _chosen(gave: Seen, classes: int, channels: Channels) -> str | None:
    """The path of the tensor in an output of several that holds the classes; None if that is not clear."""
    usable = [path for path, found in gave.found.items() if found.floating and found.reading(path)]
    named = [path for path in usable if path.rpartition(".")[2] == LOGITS]
    fitting = [path for path in usable if _units(gave.found[path], channels) == classes]
    for paths in (named, fitting, usable):
        if len(paths) == 1:
            return paths[0]
    return None


def _units(tensor: Found, channels: Channels) -> int | None:
    """The units of a tensor that can be read; None if it has none."""
    shape = tensor.shape()
    axis = unit_axis(shape, channels)
    return None if axis is None else shape[axis]


def _choice(gave: Seen, output: str | None, classes: int, channels: Channels) -> str:
    """Why no tensor of an output is taken, and how to choose one."""
    if output is not None:
        return f'gives {gave.words()}: target.output = "{output}" is none of these'
    if 1 < classes == len(gave.found) and all(_units(found, channels) == 1 for found in gave.found.values()):
        return f"gives {gave.words()}: give one tensor [n, {classes}]"
    return f'gives {gave.words()}: choose one, as in target.output = "{short(list(gave.found)[-1])}"'


def _check_classes(target: TargetModel, gave: Seen, reading: Reading | None, channels: Channels) -> None:
    """Raises ConfigError where the model's output has not one unit for each class.

    Without `reading` the output is no layer of the run, and only a plain tensor [n, units] is checked.
    """
    classes = len(target.classes)
    if reading is None:
        plain = gave.found.get("")
        reading = plain.reading("") if plain and len(plain.two) == 2 else None
    if not classes or reading is None:
        return
    _, units = image_shape(gave, reading, channels)
    if units != classes:
        of_several = f" It gives {gave.words()}." if reading.entry else ""
        raise ConfigError(f"target.classes names {classes} classes; {target.name} gives {units}.{of_several}")


def _way_out(layer: str, module: nn.Module, classes: int) -> str:
    """What else to write in target.layers, where the last nn.Linear may give the classes."""
    linear = [(name, child) for name, child in module.named_modules() if isinstance(child, nn.Linear) and name]
    fits = layer == LOGITS and linear and linear[-1][1].out_features == (classes or linear[-1][1].out_features)
    return f" Or name the last layer, {linear[-1][0]}, in place of logits." if fits else ""


def _pooled(taps: Taps, module: nn.Module, films: Tensor) -> dict[str, Tensor]:
    _forward(module, films)
    return taps.pooled()


def _numberless(target: TargetModel, taps: Taps, films: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """The units of each layer that give no finite number, whatever the film; layers without such units are left out.

    The same films of noise and of a ramp are asked whatever the probing set, so that activations which several runs
    share follow from the model alone. A model that cannot take these films has no such units. `films` are the
    activations of a film of the run: raises MammiError where all units of a layer give no number for it either, or one
    of the model's outputs does not.
    """
    device = next(iter(films.values())).device
    found = {layer: torch.ones_like(_lost(values)) for layer, values in films.items()}
    for film, name in ((noise(), "a film of noise"), (_ramp(), "a ramp")):
        try:
            given = _pooled(taps, target.module, inputs(target, film, name).to(device))
        except MammiError:
            return {}
        found = {layer: units & _lost(given[layer]) for layer, units in found.items()}
        if not any(units.any() for units in found.values()):
            return {}
    for layer, units in list(found.items()):
        if units.all() or (layer == LOGITS and units.any()):
            if bool(_lost(films[layer])[units].all()):
                fault = f"target: {layer} gives values that are not finite numbers, whatever the film."
                raise MammiError(f"{fault} {_why(target.module)}")
            del found[layer]  # then single films are set aside
    return {layer: tuple(units.nonzero()[:, 0].tolist()) for layer, units in found.items() if units.any()}


def _why(module: nn.Module) -> str:
    """What to look at where a model gives no numbers."""
    state = module.state_dict()
    broken = [name for name, held in state.items() if held.is_floating_point() and not held.isfinite().all()]
    return f"Its weights hold such values: {few(broken)}." if broken else "Look at its weights and its preprocessing."


def _lost(values: Tensor) -> Tensor:
    """Which units are finite numbers for none of the images [n, units]."""
    return ~values.isfinite().any(dim=0)


def _close(one: Tensor, other: Tensor) -> bool:
    finite = torch.isfinite(one) & torch.isfinite(other)
    largest = other[finite].abs().max() if finite.any() else 0
    return bool(((one - other)[finite].abs() <= _SAME * largest).all())


def _forward(module: nn.Module, films: Tensor) -> None:
    """Runs the module. Raises MammiError that says what it was given, and what may help."""
    try:
        with failing_as(f"target: the model failed on a batch of shape {list(films.shape)}"), torch.inference_mode():
            module(films.clone())  # some models normalise their input in place
    except MammiError as error:
        hint = _hint(module, films, error.__cause__)
        if not hint:
            raise
        raise MammiError(error.fault, hint) from error.__cause__


def _hint(module: nn.Module, films: Tensor, error: BaseException | None) -> str:
    """What may mend an error of the model's own code; "" where nothing is known."""
    if isinstance(error, TypeError) and "required positional argument" in first_line(error):
        return "A run gives the model the images alone: wrap it in a module whose forward needs nothing else."
    kinds = {tensor.dtype for tensor in module.parameters() if tensor.is_floating_point()}
    if isinstance(error, RuntimeError) and kinds and films.dtype not in kinds:
        return f"Its weights are {kinds.pop()}, and its input is {films.dtype}: return it as module.float()."
    first = next((child for child in module.modules() if isinstance(child, _CONVOLUTIONS)), None)
    if isinstance(error, RuntimeError) and first is not None and films.shape[1:2] != (first.in_channels,):
        return (
            f"Its first convolution takes {first.in_channels} channel{'s' * (first.in_channels != 1)}, and the "
            f"preprocessing gives {films.shape[1] if films.ndim > 1 else 'none'}: "
            f"set target.preprocessing.channels = {first.in_channels}."
        )
    return ""


class _Outputs(Taps):
    """Keeps what each layer gives."""

    def __init__(self, module: nn.Module, layers: Sequence[str]) -> None:
        super().__init__(module, layers, "mean")
        self._given: dict[str, Given] = {}

    def forward(self, films: Tensor) -> Mapping[str, Given]:
        """The output of each layer that the pass uses."""
        self._given = {}
        _forward(self._module, films)
        return self._given

    def keep(self, layer: str, output: Any) -> None:
        self._given[layer] = given(output)
