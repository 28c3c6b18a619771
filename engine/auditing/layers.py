"""Which neurons follow a trait among films with the same findings, and which follow it more than any finding."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rates import q_values
from engine.auditing.areas import Areas, Design, Floats, Integers, area_in_order, areas, marginal
from engine.auditing.strata import VIEW, Strata
from engine.auditing.traits import Flags, Traits
from engine.names import compared, labels_of
from engine.store.reader import RunReader
from engine.store.records import LayerInfo

SIGNIFICANT = 0.05
EFFECT = 0.1
"""How far from 0.5 an area must be for a neuron to follow a trait"""
MARGIN = 0.05
"""How much further than the area of its own finding, for it to follow the trait more than that"""
_UNITS_AT_ONCE = 16
"""Units whose activations are read by one query"""


@dataclass(frozen=True, eq=False)
class LayerTraits:
    """A layer's units against T traits. NaN where films are too few, and for dead units."""

    layer: LayerInfo
    traits: Traits
    held_equal: tuple[str, ...]
    """What films that are compared share, in words, for each trait"""
    no_findings: bool
    """Whether the run has no labels"""
    areas: Floats
    """A of each trait among films of the same kind, [units, T]"""
    lows: Floats
    highs: Floats
    """Its 95 % interval over patients, [units, T] each; NaN where A is nearer to 0.5 than EFFECT"""
    p_values: Floats
    """Of A against 0.5, [units, T]; 1 where A is nearer to 0.5 than EFFECT, which leaves q on the safe side"""
    q_values: Floats
    """Corrected over the layer's units, [units, T]"""
    with_finding: Floats
    """AUROC of each trait within the films of the unit's own finding alone, [units, T]; NaN where A is near 0.5"""
    without_finding: Floats
    """... and within the other films, [units, T]; so are the following"""
    finding_within: Floats
    """A of the own finding among films that agree in the trait, [units, T]"""
    own: Integers
    """The label that is the unit's own finding, [units], by its number; −1 for none"""
    finding_areas: Floats
    """The plain AUROC of the own finding, [units]"""

    @cached_property
    def follows(self) -> Flags:
        """Whether a unit follows a trait, upwards or downwards: q below SIGNIFICANT and at least EFFECT, [units, T]."""
        return (self.q_values < SIGNIFICANT) & (np.abs(self.areas - 0.5) >= EFFECT)

    @cached_property
    def rather(self) -> Flags:
        """Whether it follows the trait more than its own finding, by MARGIN at least, or the run has no findings,
        [units, T]. Of a unit whose finding has too few films this cannot be told."""
        finding = np.where(np.isnan(self.finding_within), self.finding_areas[:, None], self.finding_within)
        unknown = np.where(self.own[:, None] < 0, self.no_findings - 1.0, np.nan)
        strength = np.where(np.isnan(finding), unknown, np.abs(finding - 0.5))
        return self.follows & (strength >= 0) & (np.abs(self.areas - 0.5) >= strength + MARGIN)

    @cached_property
    def strongest(self) -> Integers:
        """The trait that each unit follows most, of those that it follows more than its finding, [units]; −1 for
        none."""
        if not self.areas.shape[1]:
            return np.full(len(self.areas), -1)
        strength = np.where(self.rather, np.abs(self.areas - 0.5), -1.0)
        return np.where(self.rather.any(axis=1), strength.argmax(axis=1), -1)

    @property
    def names(self) -> list[str]:
        """What `upwards` takes: attributes and values."""
        found = [(each.attribute, each.value, each.opposite) for each in self.traits.found]
        return list(dict.fromkeys(name for names in found for name in names if name))

    def named(self, unit: int, place: int) -> tuple[str, float]:
        """What a unit is higher with, by a trait or its opposite, and A of that; the trait with an A below 0.5 where
        its opposite has no name."""
        trait, area = self.traits.found[place], float(self.areas[unit, place])
        return (
            (f"{trait.attribute} {trait.opposite}", 1 - area) if area < 0.5 and trait.opposite else (trait.name, area)
        )

    def upwards(self, name: str) -> Floats | None:
        """How far up the units go with an attribute or one of its values, [units]: the highest A of these traits, where
        a value that excludes another has one less the other's; None where no trait is called so."""
        wanted = compared(name)
        found = []
        for place, trait in enumerate(self.traits.found):
            straight = {compared(each) for each in (trait.name, trait.value, trait.attribute)}
            other = {
                compared(each) for each in (f"{trait.attribute} {trait.opposite}", trait.opposite, trait.attribute)
            }
            if wanted in straight:
                found.append(self.areas[:, place])
            if trait.opposite and wanted in other:
                found.append(1 - self.areas[:, place])
        return np.fmax.reduce(found) if found else None


class TraitFinder:
    """Looks at the layers of an open run, each once. Any thread may ask."""

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._computing = threading.Lock()
        self._known: dict[int, LayerTraits] = {}

    @cached_property
    def traits(self) -> Traits:
        return Traits.of(self._reader.attributes())

    @cached_property
    def strata(self) -> Strata:
        return Strata(self._reader)

    @cached_property
    def designs(self) -> list[tuple[Integers, Design]]:
        """The traits by their places, and their design; those that are known of the same films share one."""
        alike: dict[tuple[bytes, bool], list[int]] = {}
        for place, trait in enumerate(self.traits.found):
            alike.setdefault((np.packbits(trait.known).tobytes(), trait.attribute == VIEW), []).append(place)
        found = []
        for places in alike.values():
            traits = [self.traits.found[place] for place in places]
            members, strata = np.stack([trait.members for trait in traits]), self.strata.of(traits[0].attribute)
            found.append((np.array(places), Design.of(members, traits[0].known, strata, self.strata.clusters)))
        return found

    def known(self, layer: LayerInfo) -> LayerTraits | None:
        """What has been found of a layer; None before it was looked at."""
        return self._known.get(layer.position)

    def layer(self, layer: LayerInfo) -> LayerTraits:
        """What its units follow; the first time takes 5 ms for a unit, a trait and 100,000 films."""
        with self._computing:
            if layer.position not in self._known:
                self._known[layer.position] = self._look(layer)
            return self._known[layer.position]

    def of_values(self, values: NDArray[np.floating], ascending: NDArray[np.integer], least: float = 0.0) -> Areas:
        """Every trait against values [p] without NaN, given their order from the lowest, [p]; [T] each. `least` as
        engine.auditing.areas.areas."""
        found = np.full((4, len(self.traits.found)), np.nan)
        for places, design in self.designs:
            some = areas(values, ascending, design, least)
            found[:, places] = some.values, some.lows, some.highs, some.p_values
        return Areas(*found)

    def _look(self, layer: LayerInfo) -> LayerTraits:
        count, carried = len(self.traits.found), self.strata.carried.astype(np.float64)
        found = np.full((7, layer.units, count), np.nan)
        own, finding_areas = np.full(layer.units, -1), np.full(layer.units, np.nan)
        named = [self._label_named(name) for name in layer.unit_names] or [-1] * layer.units
        for unit, values, ascending in self._units(layer) if count else ():
            some = self.of_values(values, ascending, EFFECT)
            found[:4, unit] = some.values, some.lows, some.highs, some.p_values
            of_labels = marginal(values, ascending, carried)
            label = named[unit]
            if label < 0 and not np.isnan(of_labels).all():
                label = int(np.nanargmax(of_labels))
            if label < 0:
                continue
            own[unit], finding_areas[unit] = label, of_labels[label]
            for place in np.flatnonzero(np.abs(some.values - 0.5) >= EFFECT).tolist():
                found[4:, unit, place] = self._beside(values, ascending, label, place)
        q = q_values(found[3].T).T if count else found[3]
        equal = tuple(self.strata.held_equal(trait.attribute) for trait in self.traits.found)
        return LayerTraits(
            *(layer, self.traits, equal, not self.strata.labels),
            *(*found[:4], q, *found[4:], own, finding_areas),
        )

    def _units(self, layer: LayerInfo) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.int32]]]:
        """The living units with their activations by image [p] and the images from the lowest, [p]."""
        arrays, count = self._reader.arrays, self._reader.image_count
        values = np.empty(count, dtype=np.float32)
        for start in range(0, layer.units, _UNITS_AT_ONCE):
            units = np.arange(start, min(start + _UNITS_AT_ONCE, layer.units))
            rows = (layer.first_neuron + start) * arrays.blocks_each + np.arange(len(units) * arrays.blocks_each)
            images, activations = (each.reshape(len(units), -1)[:, :count] for each in arrays.blocks(rows))
            for unit, mine, ranked in zip(units.tolist(), images, activations, strict=True):
                values[mine] = ranked
                if not layer.dead[unit] and not np.isnan(ranked).any():
                    yield unit, values, mine[::-1]

    def _label_named(self, name: str) -> int:
        spelt = [compared(label) for label in self.strata.labels]
        return next((spelt.index(label) for label in labels_of(name) if label in spelt), -1)

    def _beside(
        self, values: NDArray[np.floating], ascending: NDArray[np.integer], label: int, place: int
    ) -> tuple[float, float, float]:
        """AUROC of a trait within the films with a label, and within those without; and A of the label among films that
        agree in the trait."""
        trait, labelled = self.traits.found[place], self.strata.carried[:, label]
        within = []
        for side in (labelled, ~labelled):
            films = ascending[(side & trait.known)[ascending]]
            within.append(area_in_order(values[films], trait.members[films]))
        design = Design.of(labelled[None], trait.known, trait.members.astype(np.int64), self.strata.clusters)
        return within[0], within[1], float(areas(values, ascending, design, least=1.0).values[0])
