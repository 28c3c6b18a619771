"""Draws the findings of a phantom film, about as often as in NIH ChestX-ray14 and in the same combinations."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.probing.findings import FINDINGS
from engine.probing.phantom.anatomy import Finding, Side, Zone

PREVALENCE: dict[str, float] = {
    "Infiltration": 0.18,
    "Effusion": 0.12,
    "Atelectasis": 0.10,
    "Nodule": 0.056,
    "Mass": 0.052,
    "Pneumothorax": 0.047,
    "Consolidation": 0.042,
    "Pleural_Thickening": 0.030,
    "Cardiomegaly": 0.025,
    "Emphysema": 0.022,
    "Edema": 0.021,
    "Fibrosis": 0.015,
    "Pneumonia": 0.013,
    "Hernia": 0.002,
}
"""Share of films with each finding, about the same as in NIH ChestX-ray14"""

ENRICHED: dict[str, float] = {name: 0.058 if share > 0.04 else 0.048 for name, share in PREVALENCE.items()}
"""Share per draw in an enriched population, which draws twice for each film"""

COMPANIONS: dict[str, dict[str, float]] = {
    "Effusion": {"Atelectasis": 0.44, "Infiltration": 0.21, "Cardiomegaly": 0.05},
    "Atelectasis": {"Effusion": 0.26, "Infiltration": 0.21},
    "Cardiomegaly": {"Effusion": 0.44, "Edema": 0.1},
    "Edema": {"Effusion": 0.6, "Cardiomegaly": 0.44, "Infiltration": 0.44},
    "Pneumonia": {"Infiltration": 0.6, "Consolidation": 0.21},
    "Consolidation": {"Effusion": 0.44, "Infiltration": 0.35},
    "Pneumothorax": {"Effusion": 0.21, "Emphysema": 0.1, "Atelectasis": 0.18},
    "Mass": {"Nodule": 0.26, "Atelectasis": 0.14, "Effusion": 0.14},
    "Nodule": {"Mass": 0.14, "Infiltration": 0.21},
    "Fibrosis": {"Pleural_Thickening": 0.26, "Infiltration": 0.21},
    "Pleural_Thickening": {"Effusion": 0.26, "Fibrosis": 0.09},
    "Emphysema": {"Pneumothorax": 0.18, "Nodule": 0.1},
}
"""How often other findings accompany a leading finding"""

ZONES: dict[str, tuple[tuple[Zone, ...], tuple[float, ...]]] = {
    "Cardiomegaly": (("whole",), (1.0,)),
    "Emphysema": (("whole",), (1.0,)),
    "Edema": (("whole",), (1.0,)),
    "Effusion": (("lower",), (1.0,)),
    "Hernia": (("lower",), (1.0,)),
    "Pneumothorax": (("upper", "whole"), (0.6, 0.4)),
    "Fibrosis": (("lower", "upper"), (0.8, 0.2)),
    "Atelectasis": (("lower", "middle", "upper"), (0.65, 0.2, 0.15)),
    "Pleural_Thickening": (("upper", "middle", "lower"), (0.45, 0.3, 0.25)),
}
BILATERAL: dict[str, float] = {
    "Infiltration": 0.35,
    "Effusion": 0.25,
    "Fibrosis": 0.7,
    "Atelectasis": 0.15,
    "Pleural_Thickening": 0.15,
    "Pneumonia": 0.15,
    "Consolidation": 0.1,
    "Edema": 1.0,
    "Emphysema": 1.0,
}
MIDLINE = ("Cardiomegaly", "Hernia")


def _company(lead: str, enriched: bool) -> dict[str, float]:
    """Shares of a leading finding's companions; lower when enriched, so that common ones do not displace the others."""
    return {name: share * (0.4 if enriched else 1.0) for name, share in COMPANIONS.get(lead, {}).items()}


@lru_cache(maxsize=2)
def _leads(enriched: bool) -> NDArray[np.float64]:
    """The chance that each finding leads and, last, that none does. With companions they give the wanted shares."""
    shares = ENRICHED if enriched else PREVALENCE
    companions = np.array([[_company(lead, enriched).get(other, 0.0) for other in FINDINGS] for lead in FINDINGS])
    target = np.array([shares[name] for name in FINDINGS])
    lead = np.clip(np.linalg.solve(np.eye(len(FINDINGS)) + companions.T, target), 0.001, None)
    return np.append(lead, 1.0 - lead.sum())


def draw_findings(rng: np.random.Generator, *, enriched: bool = False) -> tuple[Finding, ...]:
    """A film's findings, in the order of FINDINGS. Half of the films have none (about 15 % when enriched)."""
    names: set[str] = set()
    for _ in range(2 if enriched else 1):
        lead = int(rng.choice(len(FINDINGS) + 1, p=_leads(enriched)))
        if lead < len(FINDINGS):
            names.add(FINDINGS[lead])
            names.update(name for name, share in _company(FINDINGS[lead], enriched).items() if rng.random() < share)
    return tuple(draw_finding(rng, name) for name in FINDINGS if name in names)


def draw_finding(rng: np.random.Generator, name: str) -> Finding:
    """One finding of this name: its place, size and severity."""
    zones, shares = ZONES.get(name, (("upper", "middle", "lower"), (0.3, 0.3, 0.4)))
    zone = zones[int(rng.choice(len(zones), p=shares))]
    side: Side = "right" if rng.random() < 0.52 else "left"
    if name in MIDLINE:
        side = "midline"
    elif rng.random() < BILATERAL.get(name, 0.0):
        side = "bilateral"
    size, severity = 0.1 + 0.9 * rng.beta(1.6, 1.8), 0.25 + 0.75 * rng.beta(2.0, 1.5)
    return Finding(name, side, zone, float(size), float(severity))
