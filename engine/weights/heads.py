"""Finds a classifier's final layer in weights that hold it under other names.

A training script often replaces the final layer by a Sequential: a linear layer with a dropout, an activation or a norm
beside it. Then the weights have `classifier.0.weight` or `fc.1.weight` where the model has `classifier.weight`, or the
other way round.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from engine.errors import ConfigError, MammiError
from engine.weights.fitting import IGNORE_KEYS, WEIGHTS, few, not_ignored

log = logging.getLogger(__name__)

_NORM = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}

Layers = dict[str, dict[str, Tensor]]
"""A module's name -> its tensors by their own names, such as "weight" """


@dataclass(frozen=True, slots=True)
class Head:
    """A final layer in a file, and how a model takes it over."""

    final: str
    """The name of the model's final layer"""
    layers: Layers
    """The layers with weights that the file has for it, in their order: one linear layer, and norms"""
    whole: bool
    """Whether the model's own layer takes the weights; otherwise it is replaced by one made as the file says"""
    gaps: tuple[str, ...] = ()
    """Places before the last of the layers that hold no weights: a dropout, or an activation"""

    def renamed(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weights with the head's under the names of the model's own."""
        renamed = {
            f"{name}.{leaf}": f"{self.final}.{leaf}" if self.whole else f"{self.final}.{place}.{leaf}"
            for place, (name, tensors) in enumerate(self.layers.items())
            for leaf in tensors
        }
        return {renamed.get(name, name): value for name, value in weights.items()}

    @property
    def outputs(self) -> int:
        return next(len(tensors["weight"]) for tensors in self.layers.values() if tensors["weight"].ndim > 1)

    def put_into(self, module: nn.Module) -> None:
        """Replaces the model's final layer where it cannot take the head as it is."""
        if not self.whole:
            module.set_submodule(self.final, nn.Sequential(*map(_built, self.layers.values())))

    def tell(self, path: Path) -> None:
        """Warns of what the file does not say of its head, where that has another structure."""
        if list(self.layers) == [self.final]:
            return
        named = " and ".join(self.layers)
        before = (
            f" {few(self.gaps)} came before: if it was more than a dropout, such as an activation, logits are not the "
            'trained model\'s, which only a function of yours can build (kind = "factory").'
        )
        log.warning(
            "%s: the final layer %s has the weights of %s in %s. Layers beside it without weights (a dropout, an "
            "activation such as a sigmoid) are not in the file and left out: logits are the outputs before them.%s",
            *(WEIGHTS, self.final, named, path.name, before if self.gaps else ""),
        )


def find_head(
    own: Mapping[str, Tensor], weights: Mapping[str, Tensor], path: Path, ignored: Sequence[str], classes: int
) -> Head | None:
    """The final layer in `weights`, where it has not the names that the model's has; None if it has, or is not there.

    `own` is the model's state dict, its last tensor that of the final layer. What the weights hold at the final layer's
    place must be one linear layer of its width, and norms. Elsewhere it must be one linear layer that is left over and
    has as many outputs as there are `classes`. What `ignored` covers is no head.

    Raises ConfigError where such a layer has another number of outputs, and MammiError for a head of another structure,
    such as two linear layers: what stands between them is not in the file.
    """
    final = list(own)[-1].rpartition(".")[0]
    width = own[f"{final}.weight"].shape[1:] if f"{final}.weight" in own else ()
    if not width:
        return None
    names = {name for name in own if name.startswith(f"{final}.")}
    place = _place(final, names, own)
    there = [name for name in weights if name.startswith(f"{place}.")]
    if (there and names.issuperset(there) and f"{final}.weight" not in there) or set(there) == names:
        return None
    if len(not_ignored(there, ignored)) < len(there):
        return None
    if not_ignored((name for name in own.keys() - weights.keys() - names), ignored):
        return None  # another model's weights: all that does not fit will be listed
    if there:
        layers = _layers(there, weights)
        if not _is_head(layers, width):
            wanted = f"one linear layer, {final} [·, {width[0]}]"
            raise MammiError(
                f"{path} does not fit the model. Its head is {_described(layers)}; the model's is {wanted}.",
                'Build the model as it was trained in a function of yours (kind = "factory"), or leave the head out, '
                f'and explain the layers before it: {IGNORE_KEYS} = ["{place}.*"].',
            )
        bias = {leaf for tensors in layers.values() for leaf in tensors} == {name.rpartition(".")[2] for name in names}
        return Head(final, layers, whole=len(layers) == 1 and bias, gaps=_gaps(layers, final, weights))
    layers = _layers(not_ignored(weights.keys() - own.keys(), ignored), weights)
    elsewhere = len(layers) == 1 and _is_head(layers, width) and len(names) == sum(map(len, layers.values()))
    if not elsewhere:
        return None
    head = Head(final, layers, whole=True, gaps=_gaps(layers, final, weights))
    if head.outputs != classes:
        (found,) = layers
        raise ConfigError(
            f"{path} has no {final}, the model's final layer, but {found} with {head.outputs} outputs, which fits its "
            "place.",
            "If it is the final layer, name its outputs in target.classes; otherwise pass over both: "
            f'{IGNORE_KEYS} = ["{found}.*", "{final}.*"].',
        )
    return head


def _place(final: str, names: Collection[str], own: Mapping[str, Tensor]) -> str:
    """The outermost module that holds no tensors but the final layer's: `classifier` of `classifier.1`."""
    parts = final.split(".")
    outer = (".".join(parts[:end]) for end in range(1, len(parts) + 1))
    return next(each for each in outer if sum(name.startswith(f"{each}.") for name in own) == len(names))


def _layers(names: Sequence[str], weights: Mapping[str, Tensor]) -> Layers:
    """The tensors by the modules that hold them, in the order of a Sequential."""
    layers: Layers = {}
    for name in sorted(names, key=lambda name: [int(part) if part.isdigit() else -1 for part in name.split(".")]):
        module, _, leaf = name.rpartition(".")
        layers.setdefault(module, {})[leaf] = weights[name]
    return layers


def _gaps(layers: Layers, final: str, weights: Mapping[str, Tensor]) -> tuple[str, ...]:
    """The numbered places before these layers that hold no weights, without those before the model's final layer."""
    gaps = {}
    for name in layers:
        parts = name.split(".")
        own = len(final.split(".")) if name.startswith(f"{final}.") else 0
        for depth, part in enumerate(parts[own:], own):
            places = range(int(part)) if part.isdigit() and len(part) < 3 else ()
            gaps.update(dict.fromkeys(".".join([*parts[:depth], str(place)]) for place in places))
    return tuple(gap for gap in gaps if not any(name.startswith(f"{gap}.") for name in weights))


def _is_head(layers: Layers, width: Sequence[int]) -> bool:
    """Whether the layers are one linear layer of this width and norms that fit before and after it."""
    linear = [tensors for tensors in layers.values() if _is_linear(tensors)]
    if len(linear) != 1 or linear[0]["weight"].shape[1:] != tuple(width):
        return False
    if len(layers) > 1 and (len(width) > 1 or not all(re.search(r"(^|\.)\d+$", name) for name in layers)):
        return False  # the order of the layers is not known
    features = width[0]
    for tensors in layers.values():
        if _is_linear(tensors):
            features = len(tensors["weight"])
        elif not _is_norm(tensors, features):
            return False
    return True


def _is_linear(tensors: Mapping[str, Tensor]) -> bool:
    return "weight" in tensors and tensors.keys() <= {"weight", "bias"} and tensors["weight"].ndim > 1


def _is_norm(tensors: Mapping[str, Tensor], features: int) -> bool:
    if not {"weight", "bias"} <= tensors.keys() <= _NORM or ("running_mean" in tensors) != ("running_var" in tensors):
        return False
    return all(value.shape == (features,) for leaf, value in tensors.items() if leaf != "num_batches_tracked")


def _built(tensors: Mapping[str, Tensor]) -> nn.Module:
    outputs = len(tensors["weight"])
    if _is_linear(tensors):
        return nn.Linear(tensors["weight"].shape[1], outputs, bias="bias" in tensors)
    return nn.BatchNorm1d(outputs) if "running_mean" in tensors else nn.LayerNorm(outputs)


def _described(layers: Layers) -> str:
    return few(
        [
            f"{name}.{leaf} {list(value.shape)}"
            for name, tensors in layers.items()
            for leaf, value in tensors.items()
            if leaf != "bias"
        ]
    )
