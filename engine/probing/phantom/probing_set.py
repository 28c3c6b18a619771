"""The phantom probing set: films rendered on request, with their truth recorded."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, Field

from engine.errors import UnreadableImage
from engine.probing.base import NONE, Image
from engine.probing.phantom.anatomy import Anatomy, markers
from engine.probing.phantom.findings import boxes
from engine.probing.phantom.geometry import cardiothoracic_ratio
from engine.probing.phantom.population import DEMO_SEED, MAX_SEED, population
from engine.probing.phantom.report import write_report

VERSION = 2
"""Version of the renderer. Raise it whenever the pixels of any film change: runs reuse what they computed from a film
while its `content` stays the same. tests/engine/probing/test_phantom_version.py fails until this is done."""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[probing]` of a configuration with kind = "phantom"."""

    count: int = Field(default=1000, ge=1, le=1_000_000)
    """Films in the set"""
    seed: int = Field(default=DEMO_SEED, ge=0, le=MAX_SEED)
    """Another seed gives other patients"""


class PhantomSet:
    """A population of phantoms as a ProbingSet. It holds only their anatomies, and renders a film when it is read."""

    def __init__(self, anatomies: Sequence[Anatomy]) -> None:
        self.images: Sequence[Image] = [_image(place, anatomy) for place, anatomy in enumerate(anatomies)]
        self._anatomies = {image.path: anatomy for image, anatomy in zip(self.images, anatomies, strict=True)}

    def read(self, image: Image) -> bytes:
        """The film as a PNG. Raises UnreadableImage when the image is not of this set."""
        from PIL import Image as Picture

        from engine.probing.phantom.film import render  # imports SciPy, which a run that reads no film need not load

        file = io.BytesIO()
        Picture.fromarray(render(self.anatomy(image))).save(file, "PNG", compress_level=1)
        return file.getvalue()

    def content(self, image: Image) -> str:
        """A hash of the film's anatomy, with VERSION and the versions of the packages that render it.

        Raises UnreadableImage when the image is not of this set.
        """
        return f"phantom {VERSION} {_packages()} {hashlib.sha256(repr(self.anatomy(image)).encode()).hexdigest()}"

    def anatomy(self, image: Image) -> Anatomy:
        """All that determines the film. Raises UnreadableImage when the image is not of this set."""
        anatomy = self._anatomies.get(image.path)
        if anatomy is None:
            raise UnreadableImage(f"{image.path} is not of this phantom set.")
        return anatomy


def load(options: Options, base: Path) -> PhantomSet:  # noqa: ARG001
    """The population of the options' seed. It needs no files, so `base` is ignored."""
    return PhantomSet(population(options.seed, options.count))


@cache
def _packages() -> str:
    """The packages whose other releases may draw another random number or curve, or compress the PNG differently."""
    return " ".join(f"{package} {version(package)}" for package in ("numpy", "scipy", "pillow"))


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
        attributes={
            "sex": (anatomy.sex,),
            "age": (str(anatomy.age),),
            "device": anatomy.devices or (NONE,),
            "marker": markers(anatomy) or (NONE,),
        },
    )
