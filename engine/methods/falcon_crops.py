"""FALCON on crops: as engine.methods.falcon, but the images of the high set are cropped to what activates the unit.

Source: Kalibhat et al., ICML 2023; github.com/NehaKalibhat/falcon-explain. The published code crops each image of the
high set to the largest box in the Grad-CAM map of its units (engine.methods.crops), active from 0.6 on, and gives the
VLM these crops. Images of the low set are not cropped. With `groups`, crops must be similar in place of films.

The words and scores of a unit are stored in the run file, as a crop needs the target model and its film.

Differences from the published code, and their reasons:
- At most `crops_each` images of a high set are cropped, those with the highest r, summed over the group's units. Each
  crop is embedded once more by the VLM; with MAMMI's `limit` of 0.25 a high set has a third of all images.
- Crops are cut from the film and prepared as the VLM prepares a film, so that they keep their resolution and
  proportions. The published code cuts them from the VLM's own input of 224 pixels and stretches them to a square. With
  `run.parity = "published"` they are cut from the target model's view, which then stands in place of the film.
- The map is of the layer that is explained. The published code averages the maps of all blocks of ResNet's layer4.
- A map without a positive value leaves the film whole; the published code fails.
- Layers without activation maps have no crops, and no scores.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engine.errors import failing_as
from engine.methods import falcon
from engine.methods.contrast_sets import FeatureGroup, to_representations
from engine.methods.falcon_groups import Explained, contrasted, explained, group_name, ranked
from engine.methods.fitting_captions import FilmCaptions, FittingCaptions
from engine.methods.placement import Placement, Placements
from engine.probing.base import Image
from engine.store.contents import Layer
from engine.store.ladder import inverse_lengths
from engine.store.records import LayerInfo, MethodScore

if TYPE_CHECKING:
    from torch import Tensor

    from engine.methods.context import MethodContext
    from engine.store.reader import RunReader

TITLE = "FALCON on crops"
VERSION = 1
"""Raise it when the same run gives other scores than before"""
EMBEDS = True
"""It embeds crops with the VLM"""


class Options(falcon.Options, frozen=True):
    """`[methods.falcon_crops]` of a configuration: the keys of `[methods.falcon]`, and what is cropped."""

    crops_each: int = Field(default=50, ge=1)
    """The most images of a high set that are cropped"""
    active: float = Field(default=0.6, gt=0, le=1)
    """A pixel is active from this share of the way between the least and the highest value of a Grad-CAM map"""


def captions(options: Options, base: Path, reports: Sequence[str]) -> list[str]:
    """As engine.methods.falcon.captions."""
    return falcon.captions(options, base, reports, "falcon_crops")


def check(options: Options, images: Sequence[Image], layers: Sequence[Layer]) -> None:
    """Nothing: `captions` finds out whether there are reports."""


def follows_vlm(options: Options) -> bool:  # noqa: ARG001
    """Always."""
    return True


def title(options: Options) -> str:
    """The title, with the options that matter."""
    return falcon.title(options, TITLE)


def annotation(options: Options, scores: Sequence[MethodScore]) -> list[MethodScore]:
    """The best words."""
    return list(scores[: options.words])


def unscored(options: Options, reader: RunReader, layer: LayerInfo, unit: int) -> str:  # noqa: ARG001
    """What may be the reason why a neuron has no words."""
    where = "it is in no group of units with similar crops" if options.groups else "no image activates it highly enough"
    key = "threshold" if options.threshold is not None else "limit"
    return (
        f"Its layer has no activation maps, {where} (methods.falcon_crops.{key}), or images that do not activate it "
        "share all its words."
    )


def compute(options: Options, context: MethodContext) -> list[MethodScore]:
    """The best words of each unit in the layers that have maps.

    Raises ConfigError when no layer has maps or the target's preprocessing is not a scale and a crop.
    """
    from engine.methods.map_batches import need_maps

    shapes = need_maps("falcon_crops", context)
    found = FittingCaptions(
        context.captions, context.caption_embeddings, options.scale, options.captions_each, options.left_out
    )
    films = FilmCaptions(found, context.image_embeddings, inverse_lengths(context.image_embeddings))
    plans = {layer: _Plan.of(options, context.activations(layer)) for layer in shapes}
    for crops in _embedded(options, context, shapes, plans):
        best, fits = found.best(crops.embeddings)
        for place, (layer, group) in enumerate(crops.of):
            plans[layer].cropped[group].add(crops.embeddings[place], best[place], fits[place])
    return [score for layer, plan in plans.items() for score in _scores(options, layer, plan, found, films)]


@dataclass(slots=True)
class _Cropped:
    """The crops of a group of units so far."""

    total: NDArray[np.float64] | float = 0.0
    """The sum of their embeddings, [d]"""
    best: list[NDArray[np.int32]] = field(default_factory=list)
    fits: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, embedding: NDArray[np.float32], best: NDArray[np.int32], fits: NDArray[np.float32]) -> None:
        self.total = self.total + embedding.astype(np.float64)
        self.best.append(best)
        self.fits.append(fits)

    @property
    def alike(self) -> float:
        """The mean cosine of all pairs of crops, each with itself too."""
        return float(np.square(self.total).sum()) / len(self.best) ** 2


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What is explained of a layer, and cropped for it."""

    alive: NDArray[np.bool_]
    """Whether each unit is not dead"""
    explained: Explained
    members: NDArray[np.float32]
    """[groups, units]: 1 for the units of a group"""
    by_image: Mapping[int, list[int]]
    """The groups for which an image is cropped"""
    cropped: Sequence[_Cropped]
    """Those of each group"""

    @classmethod
    def of(cls, options: Options, activations: NDArray[np.float32]) -> _Plan:
        """The plan for a layer's activations [p, units]."""
        representations = to_representations(np.array(activations.T, order="C"))
        found = explained(options, representations)
        members = np.zeros((len(found.groups), len(representations)), np.float32)
        by_image = defaultdict(list)
        for place, group in enumerate(found.groups):
            members[place, group.units] = 1
            for image in _strongest(group, representations, options.crops_each):
                by_image[image].append(place)
        cropped = [_Cropped() for _ in found.groups]
        return cls(activations.max(axis=0) > activations.min(axis=0), found, members, by_image, cropped)


def _strongest(group: FeatureGroup, representations: NDArray[np.float32], count: int) -> list[int]:
    """The images of the high set with the highest sum of r over the group's units; ties by index."""
    sums = representations[np.ix_(group.units, group.high)].sum(axis=0, dtype=np.float64)
    found: list[int] = group.high[np.argsort(-sums, kind="stable")[:count]].tolist()
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Crops:
    """Some embedded crops."""

    of: Sequence[tuple[str, int]]
    """The layer and group of each"""
    embeddings: NDArray[np.float32]
    """[n, d]"""


def _embedded(
    options: Options,
    context: MethodContext,
    shapes: Mapping[str, tuple[int, int, int]],
    plans: Mapping[str, _Plan],
) -> Iterator[_Crops]:
    """The crops of all layers, a batch at a time."""
    import torch

    from engine.methods.map_batches import map_batches
    from engine.vlms.embedding import embed_images

    members = {layer: torch.from_numpy(plan.members).to(context.device) for layer, plan in plans.items()}
    rows = sorted({row for plan in plans.values() for row in plan.by_image})
    context.progress.stage("falcon_crops", sum(len(of) for plan in plans.values() for of in plan.by_image.values()))
    waiting: list[tuple[str, int, Tensor]] = []

    def embedded(some: Sequence[tuple[str, int, Tensor]]) -> _Crops:
        views = [view for _, _, view in some]
        embeddings = embed_images(context.vlm(), views, context.device, context.mixed_precision)
        context.progress.advance(len(some))
        return _Crops([(layer, group) for layer, group, _ in some], embeddings)

    cutter = _Cutter(options, context)
    with closing(map_batches(context, shapes, rows, bias=False)) as batches:
        for batch in batches:
            sides = batch.films.inputs.shape[2], batch.films.inputs.shape[3]
            for place, row in enumerate(batch.films.rows):
                wanted = {layer: plan.by_image[row] for layer, plan in plans.items() if row in plan.by_image}
                heats = {
                    layer: (batch.maps[layer][place], members[layer][groups], groups)
                    for layer, groups in wanted.items()
                }
                waiting += cutter.cut(row, sides, heats)
                while len(waiting) >= context.batch_size:
                    yield embedded(waiting[: context.batch_size])
                    del waiting[: context.batch_size]
    if waiting:
        yield embedded(waiting)


class _Cutter:
    """Cuts crops from films, and prepares them for the VLM."""

    def __init__(self, options: Options, context: MethodContext) -> None:
        self._share = options.active
        self._context = context
        self._placements = Placements(context.target.preprocess)

    def cut(
        self, row: int, sides: tuple[int, int], wanted: Mapping[str, tuple[Tensor, Tensor, Sequence[int]]]
    ) -> Iterator[tuple[str, int, Tensor]]:
        """The layer, the group and the VLM's input of each crop of one film.

        `sides` are the height and width of the model's input; `wanted` has for each layer its maps, the members of the
        groups, and the groups.
        """
        from engine.methods.crops import active_boxes, grad_cam, on_film
        from engine.probing.decoding import decode

        image = self._context.images[row]
        film = decode(self._context.probing.read(image))
        if self._context.shown_to_vlm is None:
            placement = self._placements.of(*film.shape)
        else:
            film = self._context.shown_to_vlm(film)
            placement = Placement.whole(*film.shape)
        vlm = self._context.vlm()
        for layer, (maps, members, groups) in wanted.items():
            for group, box in zip(groups, active_boxes(grad_cam(maps, members), *sides, self._share), strict=True):
                left, top, right, bottom = (
                    (0, 0, *film.shape[::-1]) if box is None else on_film(box, *sides, placement, film.shape)
                )
                with failing_as(f"vlm: preprocessing a crop of {image.path} failed"):
                    yield layer, group, vlm.preprocess(np.ascontiguousarray(film[top:bottom, left:right]), image)


def _scores(
    options: Options, layer: str, plan: _Plan, found: FittingCaptions, films: FilmCaptions
) -> Iterator[MethodScore]:
    """The best words of each unit of a layer."""
    groups, of_unit, low = plan.explained.groups, plan.explained.of_unit, plan.explained.low
    words = {
        place: contrasted(
            options,
            found.word_scores(np.stack(cropped.best), np.stack(cropped.fits)),
            films.word_scores(low[place]),
        )
        for place, cropped in enumerate(plan.cropped)
        if not options.groups or cropped.alike > options.group_alike
    }
    for unit in np.flatnonzero(plan.alive).tolist():
        places = [place for place in of_unit[unit] if place in words]
        if places:
            best = zip(*ranked(np.stack([words[place] for place in places])), strict=True)
            for word, score, group in islice(best, options.words):
                detail = group_name(groups[places[group]]) if options.groups else ""
                yield MethodScore(layer, unit, found.words[word], float(score), None, detail)
