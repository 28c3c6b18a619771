"""Which layer and which unit of one run stand where another run's do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import MammiError
from engine.store.parts import part_of_layer
from engine.store.reader import RunReader
from engine.store.records import LayerInfo

if TYPE_CHECKING:
    from engine.comparing.films import SharedFilms
    from engine.comparing.side import Side

FLOOR = 0.5
"""The correlation below which two units do not count as a match"""
MOST_FILMS = 4096
"""Shared films that correlations are taken over, at equal distances among all: their standard error is 0.016 at most"""
FEWEST_FILMS = 3
"""Shared films below which a correlation says nothing"""
_SAME_NUMBER = 1e-6
"""What units of one number are preferred by where others correlate as well"""

How = Literal["unit by unit", "by class", "by correlation"]


@dataclass(frozen=True, slots=True, eq=False)
class LayerMatch:
    """A layer of each run, and their units in pairs."""

    first: LayerInfo
    second: LayerInfo
    how: How
    partners: NDArray[np.int64]
    """For each unit of the first layer its unit of the second; −1 where none matches, [units]"""
    correlations: NDArray[np.float64]
    """Between the activations of each unit and its partner, or of the likeliest unit without a match, over the shared
    films, [units]; 1 where both runs looked at the same target model; NaN for a unit that is constant there"""

    @property
    def same(self) -> bool:
        """Whether both runs looked at the same layer of the same target model."""
        return self.how == "unit by unit"

    @property
    def alone(self) -> NDArray[np.int64]:
        """The units of the second layer that no unit of the first matches."""
        return np.setdiff1d(np.arange(self.second.units), self.partners)


def paired_layers(first: RunReader, second: RunReader) -> list[tuple[LayerInfo, LayerInfo]]:
    """The layers of two runs by name; the others by their order where they have as many units.

    Raises MammiError where no layer has a partner.
    """
    names = {layer.name: layer for layer in second.layers}
    pairs = [(layer, names[layer.name]) for layer in first.layers if layer.name in names]
    taken = {layer.name for _, layer in pairs}
    left = [layer for layer in second.layers if layer.name not in taken]
    for layer in first.layers:
        found = next((other for other in left if other.units == layer.units), None)
        if layer.name not in names and found is not None:
            pairs.append((layer, found))
            left = left[left.index(found) + 1 :]
    if not pairs:
        raise MammiError(
            f"{second.path}: no layer to compare with those of {first.path}: {_names(first.layers)} here, "
            f"{_names(second.layers)} there."
        )
    return sorted(pairs, key=lambda pair: pair[0].position)


def _names(layers: Sequence[LayerInfo]) -> str:
    return ", ".join(f"{layer.name} ({layer.units:,} units)" for layer in layers)


def matched(sides: tuple[Side, Side], layers: tuple[LayerInfo, LayerInfo], films: SharedFilms) -> LayerMatch:
    """Pairs the units of two layers: of the same target model by number, those with the same class names by class, and
    others so that the sum of the correlations of their activations over the shared films is highest, without those
    below FLOOR.

    Raises MammiError where activations would have to be compared and the runs share too few films.
    """
    keys = [side.part_keys.get(part_of_layer(layer.name), "") for side, layer in zip(sides, layers, strict=True)]
    first, second = layers
    if sides[0].reader is sides[1].reader or (keys[0] and keys[0] == keys[1]):
        units = np.arange(first.units)
        return LayerMatch(first, second, "unit by unit", units, np.where(first.dead, np.nan, 1.0))
    if len(films) < FEWEST_FILMS:
        raise MammiError(
            f"{sides[1].reader.path}: {_another(first, second)} in {sides[0].reader.path}, and {_few(len(films))}. "
            "Units are matched over films that both runs have: run both on the same probing set."
        )
    found = correlations(sides, layers, films)
    if _same_classes(first, second):
        places = {name: unit for unit, name in enumerate(second.unit_names)}
        partners = np.array([places[name] for name in first.unit_names], dtype=np.int64)
        of_pairs = found[np.arange(first.units), partners]
        return LayerMatch(first, second, "by class", partners, of_pairs)
    return LayerMatch(first, second, "by correlation", *assigned(found))


def _another(first: LayerInfo, second: LayerInfo) -> str:
    if first.name == second.name:
        return f"{first.name} is of another target model than"
    return f"{second.name} is another layer than {first.name}"


def _few(films: int) -> str:
    return f"only {films} films in common" if films else "no film in common"


def _same_classes(first: LayerInfo, second: LayerInfo) -> bool:
    """Whether both layers name each of their units, by the same names, each once."""
    names = first.unit_names
    return bool(names) and sorted(names) == sorted(second.unit_names) and len(set(names)) == len(names)


def correlations(
    sides: tuple[Side, Side], layers: tuple[LayerInfo, LayerInfo], films: SharedFilms
) -> NDArray[np.float64]:
    """Pearson's correlation of the activations of each unit of one layer with each of the other, over at most
    MOST_FILMS shared films, [units of the first, units of the second]; NaN where a unit is constant on them."""
    count = min(len(films), MOST_FILMS)
    sample = np.linspace(0, len(films) - 1, count).round().astype(np.int64)
    scaled = [
        _standardized(_activations(side.reader, layer, films.of(run)[sample]))
        for run, (side, layer) in enumerate(zip(sides, layers, strict=True))
    ]
    product = scaled[0].T @ scaled[1]
    return np.clip(product.astype(np.float64), -1, 1)


def _activations(reader: RunReader, layer: LayerInfo, images: NDArray[np.int64]) -> NDArray[np.float32]:
    """[n, units]: from the films' own rows where the run keeps them, else from the units' sorted activations."""
    order = np.argsort(images)
    rows = reader.layer_rows(layer, images[order])
    if rows is None:
        return reader.arrays.activations(layer, images).T
    return rows[np.argsort(order)]


def _standardized(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Columns of mean 0 and length 1, [n, units]; NaN for a constant one."""
    constant = values.max(axis=0) == values.min(axis=0)
    scaled: NDArray[np.float32] = values - values.mean(axis=0, dtype=np.float64).astype(np.float32)
    lengths = np.sqrt(np.einsum("nu,nu->u", scaled, scaled, dtype=np.float64))
    scaled /= np.where(constant, np.nan, lengths).astype(np.float32)
    return scaled


def assigned(found: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The assignment of rows to columns with the highest sum of correlations [n, m]: for each row its column, −1 below
    FLOOR or without one, and the correlation with it, or else the row's highest; NaN for a row of NaN.

    Jonker and Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment problems",
    Computing 38, 1987 (package lap).
    """
    from lap import lapjv

    rows, columns = found.shape
    worth = np.nan_to_num(found, nan=-1.0)
    _, columns_of, _ = lapjv(-(worth + _SAME_NUMBER * np.eye(rows, columns)), extend_cost=True)
    partners = np.asarray(columns_of, dtype=np.int64)
    own = np.where(partners >= 0, worth[np.arange(rows), partners], -1.0)
    partners = np.where(own >= FLOOR, partners, -1)
    constant = np.isnan(found).all(axis=1)
    shown = np.where(partners >= 0, own, worth.max(axis=1, initial=-1.0))
    return partners, np.where(constant, np.nan, shown)
