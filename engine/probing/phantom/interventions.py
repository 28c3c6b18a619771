"""Interventions on a phantom film: the film without one thing and with it, and everything else equal.

A film's random numbers come in streams (engine.probing.phantom.film), so what is added or taken away draws from its own
stream and moves nothing else. What follows from the change by the film's anatomy does change: air in the pleura shifts
the mediastinum, and the detector's edge enhancement surrounds a line of metal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.probing.findings import FINDINGS
from engine.probing.phantom.anatomy import DEVICES, WORD, Anatomy, Finding, markers
from engine.probing.phantom.overlays import chest_tube_side
from engine.probing.phantom.population import AP_ADDED, AP_FACTORS, WOMEN, draw_breast_size
from engine.probing.phantom.prevalence import draw_finding

Pair = tuple[Anatomy, Anatomy]
"""Without and with; the first and the second state of what has no absence, such as PA and AP"""
Make = Callable[[Anatomy, np.random.Generator], "Pair | None"]

_ADDED = 50
"""The stream, among those of findings, of the first of FINDINGS where it is added; films have far fewer findings"""
_YOUNG, _OLD = 30, 75
_LONG_STEP = 0.3
"""A step of the exposure, in its own unit; its standard deviation over films is 0.18"""


@dataclass(frozen=True, slots=True)
class Intervention:
    """One thing in which the films of a pair differ."""

    name: str
    """As it is asked for, such as "device:chest tube" """
    states: tuple[str, str]
    """What the first and the second film of a pair are, in words"""
    make: Make
    """The pair of a film; None where the film cannot have one with everything else equal"""


def interventions() -> Mapping[str, Mapping[str, Intervention]]:
    """Kind -> value -> intervention. A kind without values has the one value ""."""
    shown = ("without", "with")
    table: dict[str, dict[str, tuple[tuple[str, str], Make]]] = {
        "device": {name: (shown, _device(name)) for name in DEVICES},
        "finding": {name: (shown, _finding(name)) for name in FINDINGS},
        "marker": {
            "letter": (shown, _letter),
            "side": (("R", "L"), _marker_side),
            "word": (shown, _word),
        },
        "view": {"": (("PA", "AP"), _view)},
        "sex": {"": (("M", "F"), _sex)},
        "age": {"": ((f"age {_YOUNG}", f"age {_OLD}"), _age)},
        "noise": {"": (("usual", "twice the noise"), _noise)},
        "exposure": {"": (("usual", "more exposed"), _exposure)},
    }
    return {
        kind: {
            value: Intervention(f"{kind}:{value}" if value else kind, states, make)
            for value, (states, make) in values.items()
        }
        for kind, values in table.items()
    }


def _device(name: str) -> Make:
    def make(anatomy: Anatomy, _rng: np.random.Generator) -> Pair:
        others = [device for device in anatomy.devices if device != name]
        both = tuple(device for device in DEVICES if device == name or device in others)
        return replace(anatomy, devices=tuple(others)), replace(anatomy, devices=both)

    return make


def _finding(name: str) -> Make:
    def make(anatomy: Anatomy, rng: np.random.Generator) -> Pair | None:
        kept = _pinned(anatomy)
        others = tuple(finding for finding in kept if finding.name != name)
        with_it = kept
        if len(others) == len(kept):
            added = replace(draw_finding(rng, name), stream=_ADDED + FINDINGS.index(name))
            with_it = tuple(sorted((*kept, added), key=lambda finding: FINDINGS.index(finding.name)))
        pair = replace(anatomy, findings=others), replace(anatomy, findings=with_it)
        moved = "chest tube" in anatomy.devices and len(set(map(chest_tube_side, pair))) > 1
        return None if moved else pair

    return make


def _pinned(anatomy: Anatomy) -> tuple[Finding, ...]:
    """The film's findings, each bound to its stream whatever its place."""
    return tuple(
        replace(finding, stream=place if finding.stream is None else finding.stream)
        for place, finding in enumerate(anatomy.findings)
    )


def _with(anatomy: Anatomy, **parameters: float) -> Anatomy:
    return replace(anatomy, parameters={**anatomy.parameters, **parameters})


def _letter(anatomy: Anatomy, _rng: np.random.Generator) -> Pair | None:
    """All that is written on the film."""
    return (_with(anatomy, marker_size=0.0), anatomy) if markers(anatomy) else None


def _marker_side(anatomy: Anatomy, _rng: np.random.Generator) -> Pair | None:
    return (_with(anatomy, marker_left=0.0), _with(anatomy, marker_left=1.0)) if markers(anatomy) else None


def _word(anatomy: Anatomy, _rng: np.random.Generator) -> Pair | None:
    """AP or PORTABLE, on the films that have it."""
    return (_with(anatomy, **{WORD: 0.0}), anatomy) if len(markers(anatomy)) > 1 else None


def _view(anatomy: Anatomy, _rng: np.random.Generator) -> Pair:
    """How the film is taken, and what that does to the patient's posture; what is written on the film stays the
    same."""
    bare = _with(anatomy, **{WORD: 0.0})
    p, lying = bare.parameters, anatomy.view == "AP"
    sign = -1 if lying else 1
    moved = {name: p[name] + sign * added for name, added in AP_ADDED.items()}
    moved |= {name: p[name] * factor**sign for name, factor in AP_FACTORS.items()}
    moved["inspiration"] = min(max(moved["inspiration"], 0.0), 1.0)
    other = _with(bare, **moved)
    return (replace(other, view="PA"), bare) if lying else (bare, replace(other, view="AP"))


def _sex(anatomy: Anatomy, rng: np.random.Generator) -> Pair:
    p, woman = anatomy.parameters, anatomy.sex == "F"
    body = {name: p[name] + (-added if woman else added) for name, added in WOMEN.items()}
    if woman:
        return replace(_with(anatomy, breast_size=0.0, **body), sex="M"), anatomy
    return anatomy, replace(_with(anatomy, breast_size=draw_breast_size(rng, p["body_size"]), **body), sex="F")


def _age(anatomy: Anatomy, _rng: np.random.Generator) -> Pair:
    """A phantom's age shows on no film: both films of the pair are equal."""
    return replace(anatomy, age=_YOUNG), replace(anatomy, age=_OLD)


def _noise(anatomy: Anatomy, _rng: np.random.Generator) -> Pair:
    return anatomy, _with(anatomy, noise=2 * anatomy.parameters["noise"])


def _exposure(anatomy: Anatomy, _rng: np.random.Generator) -> Pair:
    return anatomy, _with(anatomy, exposure=anatomy.parameters["exposure"] + _LONG_STEP)
