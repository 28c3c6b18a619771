"""Truths from the attributes of images: sex, age, devices, burnt-in markers, and whatever a table says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.truth import FEWEST, SHARE, Truth, truths
from engine.names import compared
from engine.probing.phantom.attribute_words import AGE_WORDS, ANY_DEVICE, DEVICE_WORDS, MARKER_WORDS, SEX_WORDS
from engine.probing.phantom.parameter_words import ParameterWords
from engine.store.attributes import Attribute
from engine.store.reader import RunReader

KNOWN = 0.95
"""The least share of images that must know an attribute: of the others it is not known whether they belong to a truth,
and they count as if they did not"""
_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sex": SEX_WORDS,
    "device": {device: (*words, *ANY_DEVICE) for device, words in DEVICE_WORDS.items()},
    "marker": MARKER_WORDS,
}
"""Attribute -> value -> the nouns that name it; a value without any has its own name"""
_ANY: Mapping[str, tuple[str, ...]] = {"device": (*ANY_DEVICE, "tube", "tubes", "line", "lines", "lines and tubes")}
"""Attribute -> the nouns that name images with any of its values"""


def truths_of(reader: RunReader) -> list[Truth]:
    """All truths of a run: those of labels, views and parameters, then those of attributes."""
    recorded = truths(reader.label_table(), reader.parameter_table(), reader.views())
    return recorded + attribute_truths(reader.attributes())


def attribute_truths(attributes: Sequence[Attribute]) -> list[Truth]:
    """The truths of attributes that all or nearly all images know: each value, and the highest and lowest fifth of a
    number; those with too few images are left out. The view is none of them (truth.truths)."""
    told = [each for each in attributes if each.name != "view" and each.known.mean() >= KNOWN]
    found = [truth for each in told for truth in _truths(each)]
    return [truth for truth in found if FEWEST <= int(truth.images.sum()) <= len(truth.images) - FEWEST]


def _truths(told: Attribute) -> Iterator[Truth]:
    return _values(told) if told.numbers is None else _fifths(told, told.numbers)


def _values(told: Attribute) -> Iterator[Truth]:
    words = _WORDS.get(told.name, {})
    for value, images in zip(told.values, told.members, strict=True):
        named = {compared(value), f"{compared(value)} {told.name}", *words.get(value, ())}
        yield Truth(f"{told.name} {value}", frozenset(named), images)
    if told.name in _ANY:
        yield Truth(f"any {told.name}", frozenset({told.name, *_ANY[told.name]}), np.any(told.members, axis=0))


def _fifths(told: Attribute, numbers: NDArray[np.float64]) -> Iterator[Truth]:
    words = AGE_WORDS if told.name == "age" else ParameterWords((compared(told.name),))
    low, high = np.nanquantile(numbers, [SHARE, 1 - SHARE])
    yield Truth(f"high {told.name}", frozenset(words.always + words.high), numbers >= high)
    yield Truth(f"low {told.name}", frozenset(words.always + words.low), numbers <= low)
