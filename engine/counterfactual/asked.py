"""The pairs that a user asks for by name, such as "device,marker:side,inpaint:Mass"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from engine.config.settings import RunConfig
from engine.counterfactual.base import Change, Film
from engine.counterfactual.edited import BlurredOutside, Inpainted, PastedMarker
from engine.counterfactual.phantoms import PhantomChange
from engine.errors import ConfigError
from engine.likeness import closest
from engine.names import compared
from engine.probing.base import Image, ProbingSet
from engine.probing.decoding import decode
from engine.probing.phantom.interventions import Intervention, interventions
from engine.probing.phantom.probing_set import PhantomSet

EDITS = ("inpaint", "blur-outside", "paste")
Values = Mapping[str, Callable[[], list[Change]]]


def asked_changes(asked: str, config: RunConfig, probing: ProbingSet, seed: int) -> list[Change]:
    """The changes of a list of names with commas between them, each once. A kind without a value is all of its values.

    Raises ConfigError for a name that there is not, for one that these films cannot have, and for an empty list.
    """
    table = _phantom_changes(config, seed) | _edits(probing, seed)
    found: dict[str, Change] = {}
    for name in (part.strip() for part in asked.split(",")):
        if not name:
            raise ConfigError(f"--pairs {asked!r}: a name is missing. Write such as {_example(table)}.")
        kind, _, value = name.partition(":")
        values = table.get(kind.strip().lower())
        if values is None:
            raise ConfigError(_no_kind(kind, table))
        found |= {change.name: change for change in _of_value(kind, value.strip(), values)}
    return list(found.values())


def _phantom_changes(config: RunConfig, seed: int) -> dict[str, Values]:
    if config.probing.kind != "phantom":
        return {}
    phantoms: PhantomSet = config.probing.load(config.base)

    def made(intervention: Intervention) -> list[Change]:
        return [PhantomChange(intervention, phantoms.anatomy, seed)]

    return {
        kind: {value: partial(made, intervention) for value, intervention in values.items()}
        for kind, values in interventions().items()
    }


def _edits(probing: ProbingSet, seed: int) -> dict[str, Values]:
    def read(image: Image) -> Film:
        return decode(probing.read(image))

    def painted(label: str) -> list[Change]:
        return [Inpainted(label, read), Inpainted(label, read, elsewhere=True)]

    def blurred(label: str) -> list[Change]:
        return [BlurredOutside(label, read)]

    def pasted() -> list[Change]:
        return [PastedMarker(read, seed)]

    labels = sorted({box.label for image in probing.images for box in image.boxes})
    return {
        "inpaint": {label: partial(painted, label) for label in labels},
        "blur-outside": {label: partial(blurred, label) for label in labels},
        "paste": {"marker": pasted},
    }


def _of_value(kind: str, value: str, values: Values) -> list[Change]:
    if not values:
        raise ConfigError(f"--pairs {kind}: no film of the probing set has a labelled box.")
    if not value:
        return [change for make in values.values() for change in make()]
    named = {compared(each): each for each in values}
    if compared(value) not in named:
        if not any(values):
            raise ConfigError(f"--pairs {kind}:{value}: {kind} has no values. Write {kind} alone.")
        close = closest(compared(value), named, n=3, cutoff=0.4) or list(named)[:6]
        nearest = ", ".join(f"{kind}:{named[each]}" for each in close)
        raise ConfigError(f"--pairs {kind}:{value}: no such pairs here. Nearest: {nearest or 'none'}.")
    return values[named[compared(value)]]()


def _no_kind(kind: str, table: Mapping[str, Values]) -> str:
    if kind.strip().lower() in interventions():
        return (
            f"--pairs {kind}: only phantoms give such pairs, and the probing set is of another kind. "
            f"Of these films there are: {', '.join(EDITS)}."
        )
    return f"--pairs {kind}: no such pairs. There are: {', '.join(table)}."


def _example(table: Mapping[str, Values]) -> str:
    return "device,marker" if "device" in table else "paste:marker"
