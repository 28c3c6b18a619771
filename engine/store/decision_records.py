"""What a run file keeps to connect neurons to the target model's decisions, as its reader gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Floats

Probabilities = Literal["sigmoid", "softmax", "none"]
"""How outputs become probabilities; "none" where the model's outputs are probabilities already"""
Over = Literal["all", "labelled", "predicted", "true positive", "false positive", "missed"]
"""Which films a mean importance is taken over: all, those labelled with the class, those predicted to have it, those
with both, those predicted and not labelled, those labelled and not predicted"""
OVER: tuple[Over, ...] = get_args(Over)
ROW_ERROR = 2.0**-11
"""The most by which a stored activation of a film differs from the exact one, as a share of it (float16). Values below
2⁻²⁸ of the unit's largest are kept with an error of at most 2⁻³⁹ of that."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that a run file does not hold, and what adds it."""

    what: Literal["outputs", "films", "head", "class maps", "unit maps", "importance"]
    why: str
    """Why it is not there, as a sentence"""
    remedy: str
    """What to do, such as "mammi run CONFIG.toml" or a line of the configuration; "" where nothing adds it"""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The linear layer that gives the outputs: output = weights · input + bias."""

    layer: int | None
    """The position of the tapped layer whose neurons give its inputs, one for one; None if no tapped layer does"""
    weights: Floats
    """[classes, units]"""
    bias: Floats
    """[classes]"""
    mean: NDArray[np.float64]
    """The mean of each input over the usable images as they are kept, [units]; NaN where films are not kept"""
    same: bool
    """Whether the layer's activations are the inputs themselves"""
    map_shape: tuple[int, int] | None
    """Height and width of the class activation maps; None where there are none"""


@dataclass(frozen=True, slots=True, eq=False)
class UnitMaps:
    """A unit's activation at each position of the images that activate it most, by rank."""

    images: NDArray[np.int32]
    """[k], activation descending"""
    maps: Floats
    """[k, h, w]; stored in 8 bits from each map's lowest to its highest value"""


@dataclass(frozen=True, slots=True, eq=False)
class LayerImportance:
    """How much each unit of a layer raises each class's output on average: the mean of a_i · ∂y_class/∂a_i, the first
    term of the Taylor form of the Shapley value (Khakzar et al., "Neural Response Interpretation through the Lens of
    Critical Pathways", CVPR 2021). Where the head is linear in the layer, this is w_i · a_i."""

    layer: int
    films: NDArray[np.int64]
    """The films behind each mean, [classes]"""
    means: Floats
    """[classes, units]; zeros without films"""


@dataclass(frozen=True, slots=True, eq=False)
class FilmImportance:
    """The units of a hidden layer that raise or lower a film's strongest outputs most."""

    layer: int
    classes: NDArray[np.int32]
    """[c], output descending"""
    units: NDArray[np.int32]
    """[c, k], by the size of the share"""
    shares: Floats
    """a_i · ∂y_class/∂a_i, [c, k]"""
