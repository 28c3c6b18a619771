"""The anatomical parameters of a phantom chest film; population.py draws them.

Left and right are the patient's: the patient's right lung is on the left of the picture, as on any chest film.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right", "bilateral", "midline"]
Zone = Literal["upper", "middle", "lower", "whole"]

SIDE = 256
"""Side of a film, in pixels, unless another is asked for"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding on a film: its place, and its size and severity, both in [0, 1]."""

    name: str
    side: Side
    zone: Zone
    size: float
    severity: float
    stream: int | None = None
    """Its stream of random numbers among those of findings; None for its place in the film's list"""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Everything that determines a phantom film; the seed determines its noise. Lengths are fractions of the film's
    side."""

    seed: int
    patient: int
    age: int
    sex: Literal["F", "M"]
    view: Literal["PA", "AP"]
    parameters: Mapping[str, float]
    """Anatomical parameters by name, such as heart_width (cardiothoracic ratio without findings) and body_size"""
    findings: tuple[Finding, ...]
    devices: tuple[str, ...]
    """Lines and tubes on the film, from DEVICES"""


DEVICES: tuple[str, ...] = (
    "pacemaker",
    "endotracheal tube",
    "nasogastric tube",
    "central line",
    "chest tube",
    "sternal wires",
)

WORD = "marker_word"
"""A parameter that only interventions set"""


def markers(anatomy: Anatomy) -> tuple[str, ...]:
    """What is written on the film: the marker of its side, L or R, and on some AP films AP or PORTABLE; () for a marker
    of no size. A parameter WORD of 0 leaves out AP and PORTABLE."""
    size = anatomy.parameters["marker_size"]
    if size <= 0:
        return ()
    side = "L" if anatomy.parameters["marker_left"] > 0.5 else "R"
    if anatomy.view != "AP" or size <= 0.058 or anatomy.parameters.get(WORD, 1.0) <= 0:
        return (side,)
    return side, "PORTABLE" if size > 0.064 else "AP"
