"""Finds how a target model comes to its outputs, by looking at one film and its negative.

The head is the last nn.Linear that gives the outputs, before they become probabilities. Its inputs may be the neurons
of a tapped layer, one for one: either these are the layer's pooled activations, or only a ReLU and an average stand
between. Then a_i · ∂y_c/∂a_i, summed over the positions, equals w_ci · h_i for every unit i and class c. Its inputs may
also be averages of maps over the positions: then the model has class activation maps (Zhou et al., "Learning Deep
Features for Discriminative Localization", CVPR 2016).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from engine.errors import ConfigError
from engine.store.decision_records import Missing, Probabilities
from engine.targets.base import LOGITS, TargetModel
from engine.targets.head_seen import Passed, acts_alone, gives_inputs, near
from engine.targets.outputs import Reading
from engine.targets.probe import probe, read
from engine.targets.taps import Channels, Pooling

MOST_MAPS = 40
"""The most classes whose activation maps are kept of each film"""
Told = Literal["auto", "sigmoid", "softmax", "none"]


@dataclass(frozen=True, slots=True)
class MapSource:
    """The module whose maps become the head's inputs when they are averaged over the positions."""

    module: str
    relu: bool
    """Whether a ReLU comes before the average"""
    shape: tuple[int, int]
    """Height and width"""


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """The linear layer that gives the outputs."""

    module: str
    weights: Tensor
    """[classes, units], float32, on the model's device"""
    bias: Tensor
    """[classes]"""
    layer: str | None = None
    """The tapped layer whose neurons give its inputs, one for one; the nearest to it if several do"""
    same: bool = False
    """Whether the layer's pooled activations are the inputs, bit for bit"""
    maps: MapSource | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LastPart:
    """How a model comes to its outputs."""

    count: int
    """The number of outputs; 0 where they are not known"""
    probabilities: Probabilities
    told: str
    """What a reader should know of how the outputs and their probabilities were taken; "" where all is plain"""
    own: Reading | None
    """How the outputs are taken from the model's own output; None where the head gives them"""
    head: LinearHead | None
    lacks: tuple[Missing, ...]
    """What the model cannot give"""


def last_part(
    target: TargetModel,
    layers: Sequence[str],
    films: Tensor,
    *,
    pooling: Pooling,
    channels: Channels,
    readings: Mapping[str, Reading],
    output: str | None,
    told: Told,
) -> LastPart:
    """Looks at a film and its negative [2, c, h, w], on the module's device, in full precision.

    `told` is what the configuration says of the probabilities. Raises ConfigError where `output` names none of the
    model's outputs, and MammiError when the model fails.
    """
    module = target.module
    gave = probe(module, [LOGITS], films)[LOGITS]
    reading = read(LOGITS, gave, output, len(target.classes), channels)
    if isinstance(reading, str) and output is not None:
        raise ConfigError(f"target.output: the model {reading}.")
    own = None if isinstance(reading, str) else reading
    with Passed(module, layers, pooling, channels, readings, own) as passed:
        passed.forward(films)
    found = _outputs(passed, reading, len(target.classes), films, told)
    return found if found.head is None else _with_layer(found, found.head, passed, films)


def _outputs(passed: Passed, reading: Reading | str, classes: int, films: Tensor, told: Told) -> LastPart:
    """The outputs and the head, as yet without its layer and maps."""
    count = classes or (0 if passed.own is None else passed.own.shape[1])
    name, how = _relation(passed, count, reading, films)
    if name is None or (told == "none" and how != "same"):
        return _without_head(passed.own, reading, told, count, name)
    head = passed.linear[name].layer
    weights = head.weight.detach().float()
    bias = weights.new_zeros(len(weights)) if head.bias is None else head.bias.detach().float()
    probabilities, says = _probabilities(told, how, name, reading if isinstance(reading, str) else "")
    return LastPart(count, probabilities, says, None, LinearHead(name, weights, bias), ())


def _relation(passed: Passed, count: int, reading: Reading | str, films: Tensor) -> tuple[str | None, str]:
    """The linear layer that gives the outputs, and what stands between: "same" for nothing, "sigmoid", "softmax",
    "scaled" for what acts on each output alone, "unread" where the model's own output cannot be read."""
    last_first = [name for name, seen in reversed(passed.linear.items()) if seen.output.shape[1] == count]
    own = passed.own
    if own is None or isinstance(reading, str):
        return (last_first[0], "unread") if last_first else (None, "")
    for name in last_first:
        values = passed.linear[name].output
        for how, given in (("same", values), ("sigmoid", values.sigmoid()), ("softmax", values.softmax(1))):
            if near(own, given) and (how != "softmax" or count > 1):
                return name, how
    return next(((name, "scaled") for name in last_first if acts_alone(passed, name, reading, films)), (None, ""))


def _probabilities(told: Told, how: str, name: str, unread: str) -> tuple[Probabilities, str]:
    """How the head's outputs become probabilities, and what is to be said of it."""
    if told != "auto":
        return told, ""
    if how in ("sigmoid", "softmax"):
        return ("softmax" if how == "softmax" else "sigmoid"), ""
    taken = "probabilities are taken to be their sigmoid (key target.probabilities)"
    if how == "scaled":
        return "sigmoid", f"the model scales what {name} gives: the outputs are those of {name}, and {taken}."
    if how == "unread":
        return "sigmoid", f"the model {unread}: the outputs are those of {name}, and {taken}."
    return "sigmoid", f"probabilities are taken to be the sigmoid of what {name} gives (key target.probabilities)."


def _without_head(own: Tensor | None, reading: Reading | str, told: Told, count: int, linear: str | None) -> LastPart:
    """The outputs of a model without a head, or of one whose head `linear` gives no probabilities."""
    if own is None or isinstance(reading, str) or own.shape[1] != count:
        why = f"The model {reading}." if isinstance(reading, str) else f"The model does not give {count} outputs."
        lack = Missing("outputs", why, "target.output in the configuration, then mammi run CONFIG.toml")
        return LastPart(0, "sigmoid", "", None, None, (lack,))
    if linear is not None:
        why = f'target.probabilities = "none" takes the model\'s own outputs, which are not those of {linear}.'
        lack = Missing("head", why, 'target.probabilities = "auto", then mammi run CONFIG.toml')
    else:
        lack = Missing("head", "No linear layer of the model gives its outputs.", "")
    if told != "auto":
        return LastPart(count, told, "", reading, None, (lack,))
    shares = bool(((own >= 0) & (own <= 1)).all())
    taken = "taken to be its outputs, which lie between 0 and 1" if shares else "taken to be the sigmoid of its outputs"
    says = f"no linear layer gives the model's outputs: probabilities are {taken} (key target.probabilities)."
    return LastPart(count, "none" if shares else "sigmoid", says, reading, None, (lack,))


def _with_layer(found: LastPart, head: LinearHead, passed: Passed, films: Tensor) -> LastPart:
    """Adds to the head the tapped layer and the maps that give its inputs."""
    inputs = passed.linear[head.module].input
    fitting = [layer for layer in passed.layers_before(head.module) if passed.activations[layer].shape == inputs.shape]
    same = {layer: torch.equal(passed.activations[layer], inputs) for layer in fitting}
    layer = next((each for each in fitting if same[each] or gives_inputs(passed, each, head.module, films)), None)
    source = passed.averaged(head.module)
    maps, lacks = None, found.lacks
    if source is None:
        lacks += (Missing("class maps", "The head's inputs are not the averages of maps over the positions.", ""),)
    elif found.count > MOST_MAPS:
        why = f"The model has {found.count:,} classes; maps are kept of {MOST_MAPS} at most."
        lacks += (Missing("class maps", why, ""),)
    else:
        maps = MapSource(*source)
    whole = LinearHead(head.module, head.weights, head.bias, layer, layer is not None and same[layer], maps)
    return LastPart(found.count, found.probabilities, found.told, found.own, whole, lacks)
