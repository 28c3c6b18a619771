"""The stage that computes the importance of hidden layers by gradients.

Where the head is linear in a layer, the importance of its units follows from what the image stage keeps
(engine.store.decision_writer). For the layers that [keep] importance names, and for the last hidden layer of a model
whose head is not linear, it takes a pass through the target model and back, film by film and class by class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import NoGradients, first_line
from engine.keys import content_key
from engine.names import labels_by_class
from engine.probing.base import Image
from engine.run.importance_layers import hidden_layers, named_layers
from engine.run.stage import Run
from engine.store.batch import Floats
from engine.store.decision_contents import DecisionContents
from engine.store.decision_records import OVER, Missing
from engine.store.importance_sums import films_over
from engine.store.layer_shares import CLASSES, UNITS, LayerShares
from engine.store.parts import ImageKeys
from engine.store.probabilities import Flags, as_probabilities, predictions

STAGE = "importance"
VERSION = 1
"""Part of the key. Raise it when the same films and model give other shares."""
TOGETHER = 256
"""Films whose shares are summed up and kept together: what a stopped run loses at most"""
_KEPT = ("units", "shares", "sums")
"""What is kept of a piece; any of it may be damaged"""


class ImportanceStage:
    """Means of the shares over the films of each kind and, of each film, the strongest shares in its strongest
    outputs. A run file gives them back whole; other films or labels mean other means."""

    def keys(self, run: Run) -> Iterator[tuple[str, str]]:
        named = named_layers(run.config.keep.importance, run.inputs.layers)
        yield STAGE, content_key(VERSION, named, run.inputs.layer_facts, run.keys["parts"], *_films(run))
        for layer in named:
            yield f"{STAGE} {layer}", _layer_key(run, layer)

    def compute(self, run: Run) -> dict[str, Any]:
        decisions: DecisionContents | None = run.contents["decisions"]
        if decisions is None or not decisions.classes:
            return {}
        layers = _layers(run, decisions)
        if not layers:
            return {} if decisions.head is not None else {"decisions": _without_layer(decisions)}
        keys = dict(self.keys(run))
        held = {layer: shares for layer in layers if (shares := _in_file(run, keys, layer)) is not None}
        if lacking := [layer for layer in layers if layer not in held]:
            try:
                held |= _computed(run, decisions, lacking)
            except NoGradients as error:
                named = [layer for layer in lacking if layer in run.config.keep.importance]
                if named == lacking:
                    raise
                decisions = _without_gradients(run, decisions, error)  # nobody asked for the other layer
                held |= _computed(run, decisions, named)
        return _contents(decisions, [held[layer] for layer in layers if layer in held])


def _films(run: Run) -> list[object]:
    """What decides over which films means are taken."""
    taps = run.config.taps
    classes = getattr(run.config.target.options, "classes", ())
    labels = [sorted(image.labels) for image in run.films.images]
    return [taps.probabilities, taps.threshold, taps.output, classes, labels, run.keys["images"]]


def _layer_key(run: Run, layer: str) -> str:
    """The key of one layer's importance, whatever else the run taps."""
    return content_key(VERSION, run.parts.layers[layer], run.parts.outputs, *_films(run))


def _in_file(run: Run, keys: Mapping[str, str], layer: str) -> LayerShares | None:
    """The importance of a layer as a finished run file holds it; None where it would be another, or is not there."""
    own = f"{STAGE} {layer}" if f"{STAGE} {layer}" in keys else STAGE
    films = [image.film for image, use in zip(run.images, run.usable(), strict=True) if use]
    for finished in run.cache.finished:
        if finished.stages.get(own) == keys[own] and finished.usable == films:  # another layer may set films aside
            return finished.layer_shares(layer)
    return None


def _layers(run: Run, decisions: DecisionContents) -> list[str]:
    """The layers whose importance takes gradients."""
    named = list(named_layers(run.config.keep.importance, run.inputs.layers))
    if decisions.head is not None:
        return [layer for layer in named if layer != decisions.head.layer]
    last = hidden_layers(run.inputs.layers)[-1:]
    return list(dict.fromkeys([*named, *last]))


def _contents(decisions: DecisionContents, shares: Sequence[LayerShares]) -> dict[str, Any]:
    """Importance is not lacking any more, if any was computed, unless it is that of the layer before a linear head."""
    before_head = (decisions.head is not None and decisions.head.layer is not None) or not shares
    missing = tuple(lack for lack in decisions.missing if lack.what != "importance" or before_head)
    return {"layer_shares": shares, "decisions": replace(decisions, missing=missing)}


def _without_gradients(run: Run, decisions: DecisionContents, error: NoGradients) -> DecisionContents:
    why = first_line(str(error).removeprefix("keep.importance: "))
    run.progress.note(f"target: the importance of hidden layers is not computed: {why}.")
    remedy = "layers of which the outputs have gradients in [keep] importance, then mammi run CONFIG.toml"
    lack = Missing("importance", f"It takes gradients, and these fail: {why}.", remedy)
    return replace(decisions, missing=(*decisions.missing, lack))


def _without_layer(decisions: DecisionContents) -> DecisionContents:
    lack = Missing(
        "importance", "The run taps no layer before the outputs.", "name one in target.layers, then mammi run"
    )
    return replace(decisions, missing=(*decisions.missing, lack))


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """Some of the usable films."""

    rows: range
    key: str
    strongest: NDArray[np.int32]
    """The classes with the highest outputs, [n, k]"""
    kinds: Flags
    """Which films belong to each kind, [OVER, n, classes]"""


def _computed(run: Run, decisions: DecisionContents, layers: Sequence[str]) -> dict[str, LayerShares]:
    if not layers:
        return {}
    pieces = list(_pieces(run, decisions))
    lacking = [piece for piece in pieces if not all(_held(run, piece, layer) for layer in layers)]
    films = sum(len(piece.rows) for piece in pieces)
    run.progress.stage("importance", films)
    run.progress.advance(done := films - sum(len(piece.rows) for piece in lacking), reused=done)
    for piece in lacking:
        _compute(run, piece, layers)
    return {layer: _whole(run, pieces, layer) for layer in layers}


def _pieces(run: Run, decisions: DecisionContents) -> Iterator[_Piece]:
    """The usable films in pieces, each with a key of all that determines what is kept of it."""
    pairs = zip(run.films.images, run.images, run.usable(), strict=True)
    usable = [(image, keys) for image, keys, use in pairs if use]
    labelled = _labelled([image for image, _ in usable], decisions.classes)
    known = np.asarray(labelled.any(axis=0))
    for start in range(0, len(usable), TOGETHER):
        rows = range(start, min(start + TOGETHER, len(usable)))
        keys: list[ImageKeys] = [usable[row][1] for row in rows]
        outputs = run.results.outputs(keys)
        how = decisions.probabilities
        predicted = predictions(as_probabilities(outputs, how), how, decisions.threshold)
        kinds = films_over(predicted, labelled[rows.start : rows.stop], known)
        flags = np.stack([kinds[over] for over in OVER])
        order = np.argsort(-outputs, axis=1, kind="stable")[:, :CLASSES].astype(np.int32)
        films = [each.film for each in keys]
        yield _Piece(rows, content_key(VERSION, STAGE, run.parts.outputs, films, flags.tobytes().hex()), order, flags)


def _labelled(images: Sequence[Image], classes: Sequence[str]) -> Flags:
    """Which images are labelled with which class, [p, classes]."""
    labels = list(dict.fromkeys(label for image in images for label in image.labels))
    by_class = labels_by_class(classes, labels)
    flags = np.zeros((len(images), len(classes)), np.bool_)
    carried = [frozenset(image.labels) for image in images]
    for number, named in enumerate(by_class):
        names = frozenset(labels[place] for place in named)
        flags[:, number] = [not names.isdisjoint(each) for each in carried]
    return flags


def _held(run: Run, piece: _Piece, layer: str) -> bool:
    return all(run.cache.has_array(_key(run, piece, layer, what)) for what in _KEPT)


def _key(run: Run, piece: _Piece, layer: str, what: str) -> str:
    return content_key(piece.key, run.parts.layers[layer], what)


def _compute(run: Run, piece: _Piece, layers: Sequence[str]) -> None:
    """Computes and keeps the sums of a piece and what is strongest in it."""
    from engine.run.importance_pass import layer_shares

    sums: dict[str, NDArray[np.float64]] = {}
    units: dict[str, list[NDArray[np.int32]]] = {layer: [] for layer in layers}
    shares: dict[str, list[Floats]] = {layer: [] for layer in layers}
    start = 0
    for batch in layer_shares(run, layers, piece.rows):
        films = 0
        for layer, values in batch.items():
            films = len(values)
            some = slice(start, start + films)
            added = np.einsum("onc,ncu->ocu", piece.kinds[:, some].astype(np.float64), values.astype(np.float64))
            sums[layer] = sums[layer] + added if layer in sums else added
            of_strongest = np.take_along_axis(values, piece.strongest[some, :, None], axis=1)
            order = np.argsort(-np.abs(of_strongest), axis=2, kind="stable")[:, :, :UNITS].astype(np.int32)
            units[layer].append(order)
            shares[layer].append(np.take_along_axis(of_strongest, order, axis=2))
        start += films
        run.progress.advance(films)
    for layer in layers:
        work = run.cache.work
        work.put_array(_key(run, piece, layer, "units"), np.concatenate(units[layer]))
        work.put_array(_key(run, piece, layer, "shares"), np.concatenate(shares[layer]))
        work.put_array(_key(run, piece, layer, "sums"), sums[layer])


def _whole(run: Run, pieces: Sequence[_Piece], layer: str) -> LayerShares:
    def of(piece: _Piece, what: str) -> NDArray[Any]:
        return run.cache.get_array(_key(run, piece, layer, what))

    films = np.sum([piece.kinds.sum(axis=1) for piece in pieces], axis=0)
    sums = sum(of(piece, "sums") for piece in pieces)
    return LayerShares(
        layer,
        films,
        (sums / np.maximum(films, 1)[:, :, None]).astype(np.float32),
        np.concatenate([piece.strongest for piece in pieces]),
        np.concatenate([of(piece, "units") for piece in pieces]),
        np.concatenate([of(piece, "shares") for piece in pieces]),
    )
