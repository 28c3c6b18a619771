"""The phantom probing set: films rendered on request, with known truth."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pydantic
from PIL import Image as Picture

from engine.errors import UnreadableImage
from engine.probing.base import Image
from engine.probing.phantom.anatomy import Anatomy
from engine.probing.phantom.film import boxes, render
from engine.probing.phantom.geometry import cardiothoracic_ratio
from engine.probing.phantom.population import DEMO_SEED, MAX_SEED, population
from engine.probing.phantom.report import write_report


class Options(pydantic.BaseModel, extra="forbid"):
    """`[probing]` of a configuration with kind = "phantom"."""

    kind: Literal["phantom"] = "phantom"
    count: int = pydantic.Field(default=1000, ge=1, le=1_000_000)
    seed: int = pydantic.Field(default=DEMO_SEED, ge=0, le=MAX_SEED)


class PhantomSet:
    """A population of phantoms as a ProbingSet. Nothing is kept but their anatomies; a film is rendered when read."""

    def __init__(self, anatomies: Sequence[Anatomy]) -> None:
        self.images: Sequence[Image] = [_image(place, anatomy) for place, anatomy in enumerate(anatomies)]
        self._anatomies = {image.path: anatomy for image, anatomy in zip(self.images, anatomies, strict=True)}

    def read(self, image: Image) -> bytes:
        """The film as a PNG. Raises UnreadableImage where the image is not of this set."""
        anatomy = self._anatomies.get(image.path)
        if anatomy is None:
            raise UnreadableImage(f"{image.path} is not of this phantom set.")
        file = io.BytesIO()
        Picture.fromarray(render(anatomy)).save(file, "PNG", compress_level=1)
        return file.getvalue()


def load(options: Options, base: Path) -> PhantomSet:  # noqa: ARG001
    """The population of the options' seed. `base`, where other probing sets look for files, is not used."""
    return PhantomSet(population(options.seed, options.count))


def _image(place: int, anatomy: Anatomy) -> Image:
    severities = {f"severity of {finding.name}": finding.severity for finding in anatomy.findings}
    ratio = {"cardiothoracic_ratio": cardiothoracic_ratio(anatomy)}
    return Image(
        path=f"phantom-{place:06d}.png",
        patient=f"P{anatomy.patient:05d}",
        view=anatomy.view,
        labels=tuple(finding.name for finding in anatomy.findings),
        boxes=boxes(anatomy),
        report=write_report(anatomy),
        parameters={**anatomy.parameters, **ratio, **severities},
    )
