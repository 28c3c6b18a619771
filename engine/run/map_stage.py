"""The stage that completes the activation maps of each unit over the films that activate it most.

The image pass keeps the maps of films that are among the strongest when they pass (engine.targets.top_maps). Here the
strongest of all films are known. Those whose maps no file holds pass through the target model again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.keys import content_key
from engine.run.image_results import TOGETHER
from engine.run.keys import map_key
from engine.run.stage import Run
from engine.store.decision_contents import DecisionContents
from engine.store.decision_records import Missing
from engine.store.parts import ImageKeys
from engine.store.unit_maps import MAPS_STAGE, Gathering, LayerMaps, Strongest


class MapStage:
    """Maps in 8 bits at the layer's own resolution, of the [keep] top_maps strongest films of each unit."""

    def keys(self, run: Run) -> Iterator[tuple[str, str]]:
        if not run.config.keep.maps:
            return
        for layer, part in run.parts.layers.items():
            yield MAPS_STAGE + layer, map_key(part)
        yield "strongest films", content_key(run.config.keep.top_maps, run.keys["parts"], run.keys["images"])

    def compute(self, run: Run) -> dict[str, Any]:
        if not run.config.keep.maps:
            return _lacking(run, "[keep] maps is false.", "[keep] maps = true, then mammi run CONFIG.toml")
        run.need_usable()
        images = [keys for keys, use in zip(run.images, run.usable(), strict=True) if use]
        strongest = {layer: _strongest(run, layer, images) for layer in run.parts.layers}
        lacking: dict[str, dict[int, list[int]]] = {}
        without: list[str] = []
        for layer in strongest:
            gathering = _gathered(run, layer, images, strongest[layer])
            if gathering.without:
                without.append(layer)
            elif not gathering.found.all():
                lacking[layer] = gathering.lacking()
        if lacking:
            from engine.run.map_pass import LackingMaps

            LackingMaps(run, lacking).compute()

        def unit_maps(layer: str) -> LayerMaps | None:
            return _gathered(run, layer, images, strongest[layer]).whole()

        without += [layer for layer in lacking if unit_maps(layer) is None]
        told = (
            _lacking(run, f"What {', '.join(without)} gives has no grid of positions that all films share.")
            if without
            else {}
        )
        return {"unit_maps": unit_maps, **told}


def _lacking(run: Run, why: str, remedy: str = "") -> dict[str, Any]:
    """The contents of a run file that says why it lacks unit maps."""
    decisions: DecisionContents = run.contents["decisions"]
    return {"decisions": replace(decisions, missing=(*decisions.missing, Missing("unit maps", why, remedy)))}


def _strongest(run: Run, layer: str, images: list[ImageKeys]) -> NDArray[np.int32]:
    """The usable images that activate each unit of a layer most, [units, k], in the order of the run file."""
    strongest = Strongest(run.config.keep.top_maps)
    for start in range(0, len(images), TOGETHER):
        strongest.add(run.results.layer(layer, images[start : start + TOGETHER]))
    return strongest.images()


def _gathered(run: Run, layer: str, images: list[ImageKeys], strongest: NDArray[np.int32]) -> Gathering:
    """What the files hold of the layer's maps over these images."""
    gathering = Gathering(strongest, [keys.film for keys in images])
    for source in run.cache.map_sources:
        gathering.add(source.map_rows(map_key(run.parts.layers[layer])))
    return gathering
