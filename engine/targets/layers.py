"""Lists the layers of a target model: the output for one image, the units, or the reason why one cannot be tapped."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import nn

from engine.targets.base import LOGITS, PENULTIMATE, TargetModel
from engine.targets.outputs import Reading, Seen
from engine.targets.probe import image_shape, inputs, noise, probe, read
from engine.targets.taps import Channels, Pooling, torchscript
from engine.targets.untrained import untrained_layers


@dataclass(frozen=True, slots=True)
class ListedLayer:
    """A layer, or an alias of one."""

    name: str
    module: str
    """The type of its module; for an alias, what it stands for"""
    shape: tuple[int, ...] = ()
    """The shape of its output for one image; () if that cannot be read"""
    units: int | None = None
    problem: str = ""
    """Why it gives no activations; empty for a layer that does"""
    untrained: str = ""
    """Why its activations are not those of a trained model; empty if they are"""


@dataclass(frozen=True, slots=True)
class Listing:
    """All layers of a target model."""

    input_shape: tuple[int, ...]
    """The shape of one image's input, [c, h, w]"""
    layers: tuple[ListedLayer, ...]
    """In the model's order, the aliases last"""


def list_layers(target: TargetModel, pooling: Pooling, channels: Channels, output: str | None = None) -> Listing:
    """All layers, found by passing a film of noise through the model. Raises MammiError when the model fails."""
    module = target.module
    modules = {name: type(child).__name__ for name, child in module.named_modules() if name}
    linear = [name for name, child in module.named_modules() if isinstance(child, nn.Linear)]
    aliases = {PENULTIMATE: f"the input of {linear[-1]}"} if linear else {}
    films = inputs(target, noise(), "a film of noise")
    closed = torchscript(module)
    found = probe(module, [*(modules.keys() - closed), *aliases, LOGITS], films)
    aliases[LOGITS] = "the model's output"
    layers = []
    for name, kind in [*modules.items(), *aliases.items()]:
        if name not in found:
            problem = "TorchScript, which cannot be tapped" if name in closed else "not used in the forward pass"
            layers.append(ListedLayer(name, kind, problem=problem))
            continue
        reading = read(name, found[name], output, len(target.classes), channels)
        layers.append(_listed(name, kind, found[name], reading, pooling, channels))
    untrained = untrained_layers(target, list(found))
    marked = (replace(layer, untrained=untrained.get(layer.name, "")) for layer in layers)
    return Listing(tuple(films.shape[1:]), tuple(marked))


def _listed(
    name: str, kind: str, gave: Seen, reading: Reading | str, pooling: Pooling, channels: Channels
) -> ListedLayer:
    if isinstance(reading, str):
        return ListedLayer(name, kind, problem=reading)
    shape, units = image_shape(gave, reading, channels)
    if reading.entry:
        kind = f'"{reading.entry}" of {kind}, {gave.words()}'
    elif len(gave.found) > 1:
        kind = f"{kind}, first of {gave.words()}"
    problem = "gives maps, which cls cannot pool" if pooling == "cls" and len(shape) == 3 else ""
    return ListedLayer(name, kind, shape, units, problem)
