"""Draws phantom patients and their films.

A film's seed is ``population seed * 2**32 + its place in the population``, so films of different populations never
share one. Seeds of populations: 0–999 training, 1000–1999 held-out films, 2000 and above the demo and other probing
sets.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from engine.probing.phantom.anatomy import DEVICES, Anatomy
from engine.probing.phantom.prevalence import draw_findings

TRAINING_SEEDS = range(1000)
HELD_OUT_SEEDS = range(1000, 2000)
DEMO_SEED = 2000
MAX_SEED = 2**31 - 1

WOMEN = {"thorax_width": -0.012, "lung_height": -0.02}
"""What is added to parameters of a woman's body"""
AP_ADDED, AP_FACTORS = (
    {"inspiration": -0.27, "magnification": 0.02},
    {"rotation": 1.8, "tilt": 2.0, "noise": 1.3},
)
"""How parameters of an AP film differ from those of a PA film: patients lie, and breathe in less"""

_PATIENT, _FILM = 1, 2
"""Streams of random numbers from one seed"""


def population(seed: int, count: int, *, enriched: bool = False) -> list[Anatomy]:
    """`count` films of patients with 1–8 films each. A patient's body stays the same; findings, view and exposure vary.

    `enriched` raises the share of films with each finding to roughly 8–15 %, for training.
    """
    films: list[Anatomy] = []
    patient = 0
    while len(films) < count:
        first = film_seed(seed, len(films))
        rng = np.random.default_rng([first, _PATIENT])
        body = _draw_body(rng)
        for _ in range(min(1 + rng.binomial(7, rng.beta(0.5, 1.8)), count - len(films))):
            films.append(_draw_film(film_seed(seed, len(films)), patient, body, enriched))
        patient += 1
    return films


def film_seed(population_seed: int, place: int) -> int:
    return population_seed * 2**32 + place


def _draw_body(rng: np.random.Generator) -> dict[str, float]:
    """What stays the same on all of a patient's films."""
    female = float(rng.random() < 0.45)
    body_size = _clipped(rng.normal(0.5, 0.22), 0.0, 1.0)
    return {
        "female": female,
        "age": _clipped(rng.normal(50, 17), 18.0, 92.0),
        "body_size": body_size,
        "thorax_width": float(rng.normal(0.382, 0.02) + WOMEN["thorax_width"] * female),
        "lung_height": float(rng.normal(0.6, 0.03) + WOMEN["lung_height"] * female),
        "heart_width": _clipped(rng.normal(0.43 + 0.03 * body_size, 0.022), 0.37, 0.495),
        "heart_share_left": float(rng.normal(0.67, 0.03)),
        "aortic_knob": _clipped(rng.normal(0.5, 0.25), 0.0, 1.2),
        "breast_size": female * draw_breast_size(rng, body_size),
        "rib_tilt": float(rng.normal(0.125, 0.018)),
        "rib_spacing": float(rng.normal(0.066, 0.003)),
        "scoliosis": float(rng.normal(0.0, 0.007)),
        "vascularity": _clipped(rng.normal(1.0, 0.13), 0.6, 1.4),
    }


def draw_breast_size(rng: np.random.Generator, body_size: float) -> float:
    return _clipped(rng.normal(0.45 + 0.4 * body_size, 0.2), 0.1, 1.0)


def _clipped(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _draw_film(seed: int, patient: int, body: dict[str, float], enriched: bool) -> Anatomy:
    rng = np.random.default_rng([seed, _FILM])
    findings = draw_findings(rng, enriched=enriched)
    names = {finding.name for finding in findings}
    sick = 0.12 * len(names) + 0.2 * bool(names & {"Edema", "Effusion", "Consolidation"})
    view: Literal["PA", "AP"] = "AP" if rng.random() < 0.28 + min(sick, 0.4) else "PA"
    supine = float(view == "AP")
    wider = {name: 1.0 + (factor - 1.0) * supine for name, factor in AP_FACTORS.items()}
    parameters = {name: value for name, value in body.items() if name not in ("female", "age")}
    parameters |= {
        "inspiration": _clipped(rng.normal(0.62 + AP_ADDED["inspiration"] * supine, 0.15), 0.0, 1.0),
        "rotation": float(rng.normal(0.0, 0.25 * wider["rotation"])),
        "tilt": float(rng.normal(0.0, 0.012 * wider["tilt"])),
        "exposure": _clipped(rng.normal(0.5, 0.18), 0.0, 1.0),
        "contrast": _clipped(rng.normal(0.5, 0.2), 0.0, 1.0),
        "noise": float(rng.gamma(4.0, 0.25) * wider["noise"]),
        "sharpness": float(rng.uniform(0.0, 1.0)),
        "centre_x": float(rng.normal(0.5, 0.018)),
        "centre_y": float(rng.normal(0.0, 0.022)),
        "magnification": float(rng.normal(1.01, 0.055) + AP_ADDED["magnification"] * supine),
        "gas_bubble": float(max(rng.normal(0.45, 0.4), 0.0)),
        "collimation": float(rng.random() < 0.22) * float(rng.uniform(0.2, 1.0)),
        "marker_left": float(rng.random() < 0.6),
        "marker_height": float(rng.uniform(0.03, 0.2)),
        "marker_size": float(rng.uniform(0.045, 0.075)),
    }
    return Anatomy(
        seed=seed,
        patient=patient,
        age=int(body["age"]),
        sex="F" if body["female"] else "M",
        view=view,
        parameters=parameters,
        findings=findings,
        devices=_draw_devices(rng, bool(supine), names),
    )


def _draw_devices(rng: np.random.Generator, supine: bool, findings: set[str]) -> tuple[str, ...]:
    shares = {
        "pacemaker": 0.12 if "Cardiomegaly" in findings else 0.025,
        "endotracheal tube": 0.14 * supine,
        "nasogastric tube": 0.14 * supine,
        "central line": 0.2 * supine + 0.015,
        "chest tube": 0.35 if "Pneumothorax" in findings else 0.01,
        "sternal wires": 0.14 if "Cardiomegaly" in findings else 0.03,
    }
    return tuple(name for name in DEVICES if rng.random() < shares[name])
