"""What a run file says of the run, its layers, its images and its neurons, as its reader gives it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import TAU, Cuts, Ranking, Selection
from engine.probing.base import Box, Polygon

DEAD, NUMBERLESS = "the same activation on every image", "no number for any image"
"""Why a unit is dead"""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What determines a run and where it comes from."""

    schema_version: int
    content_hash: str
    created: str
    """ISO 8601, UTC"""
    alpha: float
    beta: float
    template: str
    target: str
    vlm: str
    config: dict[str, Any]
    versions: dict[str, str]
    dimension: int
    subtracts_template: bool
    """Whether scores are Eq. 2's, to which the bare template is the zero point; else they are mean cosines"""
    ranking: Ranking = "score"
    selection: Selection = TAU

    @property
    def parity(self) -> str:
        """`run.parity` of the run's configuration; "none" where it has no such key."""
        run = self.config.get("run")
        return str(run.get("parity", "none")) if isinstance(run, dict) else "none"

    @property
    def unsubtracted(self) -> str:
        """Says why scores are mean cosines, in a few words; "" where the template is subtracted."""
        if self.subtracts_template:
            return ""
        return "template not subtracted" if self.template else "no template"

    @property
    def cuts(self) -> Cuts:
        """The run's own cuts, with all of its concepts competing."""
        return Cuts(self.alpha, self.beta, None, self.ranking, self.selection)


@dataclass(frozen=True, slots=True, eq=False)
class LayerInfo:
    """A tapped layer and its place among the neurons of the run."""

    name: str
    position: int
    units: int
    pooling: str
    unit_names: tuple[str, ...]
    """One name for each unit, or () if units have none"""
    dead: NDArray[np.bool_]
    """[units]"""
    first_neuron: int
    """Index in the run of unit 0"""
    untrained: str = ""
    """Why its activations are not those of a trained model; "" if they are"""
    numberless: tuple[int, ...] = ()
    """The dead units that gave no number, whatever the film; 0 is stored for them"""

    def why_dead(self, unit: int) -> str:
        """Why a unit is dead, in a few words; "" for a living one."""
        if unit in self.numberless:
            return NUMBERLESS
        return DEAD if self.dead[unit] else ""

    def as_given(self, activations: NDArray[np.float32]) -> NDArray[np.float32]:
        """Activations [units, n] with NaN for units that gave no number: as a run keeps them film by film."""
        activations[list(self.numberless)] = np.nan
        return activations

    @property
    def neurons(self) -> slice:
        """This layer's part of an array over all neurons of the run."""
        return slice(self.first_neuron, self.first_neuron + self.units)


def numbered(joined: str | None, units: int) -> tuple[int, ...]:
    """The units that the column `numberless` of a layer names. Raises ValueError for others than the layer's."""
    found = tuple(map(int, (joined or "").split()))
    if any(not 0 <= unit < units for unit in found):
        raise ValueError("layers: no such unit")
    return found


@dataclass(frozen=True, slots=True)
class OwnAnswers:
    """What the run stored about each neuron at its own α and β, [neurons] over all layers in order."""

    counts: NDArray[np.int64]
    """Representative images"""
    best: NDArray[np.int64]
    """The best concept's index; −1 if there is none"""
    best_scores: NDArray[np.float64]
    annotated: NDArray[np.int64]
    """Concepts in the annotation"""


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """A usable image, with what the probing set says of it."""

    image: int
    path: str
    patient: str | None
    view: str | None
    labels: tuple[str, ...]
    width: int
    height: int
    """Pixels of the decoded film"""
    sha256: str
    boxes: tuple[Box, ...]
    polygons: tuple[Polygon, ...]
    attributes: tuple[tuple[str, str], ...] = ()
    """Each attribute with each of its values (engine.probing.base.Image)"""

    @property
    def record_sum(self) -> int:
        """A sum over all of this, which comes from several tables: so a missing label is seen too."""
        boxes = [(box.label, *map(float, (box.x, box.y, box.width, box.height))) for box in self.boxes]
        polygons = [(each.label, [(float(x), float(y)) for x, y in each.points]) for each in self.polygons]
        facts = (self.image, self.path, self.patient, self.view, self.labels, self.width, self.height, self.sha256)
        return crc32(json.dumps([facts, boxes, polygons, self.attributes]).encode())


@dataclass(frozen=True, slots=True)
class SetAside:
    """An image that could not be used, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class MethodScore:
    """One score of a computed method, as the run file keeps it."""

    layer: str
    unit: int
    concept: str
    score: float
    p_value: float | None = None
    detail: str = ""
