"""Other names for the labels of a probing set, such as the names that a target model's classes have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from engine.errors import ConfigError
from engine.names import compared, with_nearest
from engine.probing.base import Image, ProbingSet, stamp
from engine.probing.files import warn


class Renamed:
    """A probing set whose labels have other names, those of boxes and polygons too.

    Labels that get the same name are united. A label without a new name keeps its own; one whose new name is "" is
    left out.
    """

    def __init__(self, probing: ProbingSet, names: Mapping[str, str], key: str = "probing.rename") -> None:
        """`names`: label -> new name, from the configuration's `key`. A label is found whatever its case, and with _
        for a blank. Warns of labels that no film has. Raises ConfigError for a label with two new names."""
        self._probing = probing
        self._own = {image.path: image for image in probing.images}
        labels = _labels(probing.images)
        alike: dict[str, str] = {}
        for label, name in names.items():
            if alike.setdefault(compared(label), name) != name:
                raise ConfigError(f"{key}: {label!r} has two new names, {alike[compared(label)]!r} and {name!r}.")
        self._names = {label: alike.get(compared(label), label).strip() for label in labels}
        there = {compared(label) for label in labels}
        unknown = [with_nearest(label, labels) for label in names if compared(label) not in there]
        warn(f"{key}: labels that no film has", unknown)
        self.images: Sequence[Image] = [self._renamed(image) for image in probing.images]

    def read(self, image: Image) -> bytes:
        return self._probing.read(self._own[image.path])

    def content(self, image: Image) -> str | None:
        return self._probing.content(self._own[image.path])

    def stamp(self, image: Image) -> str:
        return stamp(self._probing, self._own[image.path])

    def _renamed(self, image: Image) -> Image:
        named = dict.fromkeys(self._names[label] for label in image.labels)
        boxes = (replace(box, label=self._names[box.label]) for box in image.boxes)
        polygons = (replace(polygon, label=self._names[polygon.label]) for polygon in image.polygons)
        return replace(
            image,
            labels=tuple(filter(None, named)),
            boxes=tuple(dict.fromkeys(box for box in boxes if box.label)),
            polygons=tuple(dict.fromkeys(polygon for polygon in polygons if polygon.label)),
        )


def _labels(images: Iterable[Image]) -> dict[str, None]:
    found: dict[str, None] = {}
    for image in images:
        found |= dict.fromkeys(image.labels)
        found |= dict.fromkeys([box.label for box in image.boxes] + [polygon.label for polygon in image.polygons])
    return found
