"""The stage that finds how the target model comes to its outputs: its head, and how outputs become probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.keys import content_key
from engine.run.importance_layers import hidden_layers
from engine.run.keys import LAST_PART
from engine.run.stage import Run
from engine.store.decision_contents import DecisionContents, HeadContents
from engine.store.decision_records import Missing, Probabilities
from engine.store.reader import RunReader
from engine.targets.base import LOGITS, PENULTIMATE

if TYPE_CHECKING:
    from engine.targets.head import LastPart

STAGE = "last part"
_OF_MODEL = ("outputs", "head", "class maps")
"""What a target model may be unable to give"""
_THEN = "then mammi run CONFIG.toml"


class LastPartStage:
    """Looks at the target model (engine.targets.head) where no finished run file knows."""

    def keys(self, run: Run) -> Iterator[tuple[str, str]]:
        taps, keep = run.config.taps, run.config.keep
        classes = getattr(run.config.target.options, "classes", ())
        facts = (taps.pooling, taps.channels, taps.output, taps.probabilities, taps.threshold, classes)
        layers = [layer.name for layer in run.inputs.layers]
        yield STAGE, content_key(LAST_PART, run.inputs.target_identity, layers, *facts, keep.films, keep.maps)

    def compute(self, run: Run) -> dict[str, Any]:
        key = dict(self.keys(run))[STAGE]
        found = next((each.reader for each in run.cache.finished if each.stages.get(STAGE) == key), None)
        return {"decisions": _looked_at(run) if found is None else _as_in_file(run, found)}


def _looked_at(run: Run) -> DecisionContents:
    last = run.inputs.last_part
    if last.told:
        run.progress.note(f"target: {last.told}")
    return _contents(run, _classes(run, last), last.probabilities, _head(last), last.lacks)


def _classes(run: Run, last: LastPart) -> tuple[str, ...]:
    """The outputs' names; their numbers where the classes are unknown or the last layer is not trained."""
    from engine.targets.untrained import untrained_layers

    target = run.inputs.target
    named = len(target.classes) == last.count and LOGITS not in untrained_layers(target, [LOGITS])
    return target.classes if named else tuple(map(str, range(last.count)))


def _head(last: LastPart) -> HeadContents | None:
    head = last.head
    if head is None:
        return None
    weights, bias = (each.cpu().numpy() for each in (head.weights, head.bias))
    return HeadContents(weights, bias, head.layer, head.same, head.maps.shape if head.maps else None)


def _as_in_file(run: Run, reader: RunReader) -> DecisionContents:
    held = reader.head
    head = None
    if held is not None:
        layer = None if held.layer is None else reader.layers[held.layer].name
        head = HeadContents(held.weights, held.bias, layer, held.same, held.map_shape)
    lacks = tuple(lack for lack in reader.missing if lack.what in _OF_MODEL)
    return _contents(run, reader.classes, reader.probabilities, head, lacks)


def _contents(
    run: Run,
    classes: tuple[str, ...],
    probabilities: Probabilities,
    head: HeadContents | None,
    lacks: tuple[Missing, ...],
) -> DecisionContents:
    """The same with what [keep] leaves out."""
    keep = run.config.keep
    missing = dict.fromkeys(lacks)
    if classes and head is None:
        missing[Missing("class maps", "A model without a linear head has none.", "")] = None
    elif head is not None and not keep.maps:
        head = HeadContents(head.weights, head.bias, head.layer, head.same, None)
        if not any(lack.what == "class maps" for lack in missing):
            missing[Missing("class maps", "[keep] maps is false.", f"[keep] maps = true, {_THEN}")] = None
    if not keep.films:
        missing[Missing("films", "[keep] films is false.", f"[keep] films = true, {_THEN}")] = None
    if head is not None and head.layer is None:
        why = "No layer of the run gives the head's inputs, one unit for each."
        tapped = any(layer.name == PENULTIMATE for layer in run.inputs.layers)  # the input of another linear layer
        before = "the layer before the head" if tapped else f'"{PENULTIMATE}"'
        hidden = [layer for layer in hidden_layers(run.inputs.layers) if layer != PENULTIMATE]
        named = [f'or [keep] importance = ["{layer}"], ' for layer in hidden[-1:]]
        missing[Missing("importance", why, f"{before} in target.layers, {''.join(named)}{_THEN}")] = None
    elif head is not None and not (keep.films or head.same):
        why = "[keep] films is false, and so the head's inputs are not kept."
        missing[Missing("importance", why, f"[keep] films = true, {_THEN}")] = None
    return DecisionContents(classes, probabilities, run.config.taps.threshold, head, keep.films, tuple(missing))
