"""The keys under which the parts of images are kept (engine.store.parts)."""

from __future__ import annotations

from collections.abc import Sequence

from engine.config.settings import RunConfig
from engine.keys import content_key
from engine.store.embedding_rows import rounded_key
from engine.store.parts import CLASS_MAPS, EMBEDDING, FILM, HEAD_INPUTS, INPUT, OUTPUTS, PartKeys
from engine.targets.base import LOGITS

VERSION = 7
"""Part of every key. Raise it when the same images and models give other results than before, such as after a change in
how films are decoded."""


THUMBNAIL = 2
"""Part of the key of a film's thumbnail. Raise it when the same film gives another one."""


STATISTICS = 2
"""Part of the key of what is told of the target model's inputs. Raise it when the same input gives other figures."""


VIEW = 1
"""Part of an embedding's key where the VLM is given the target model's view (engine.run.parity). Raise it when the same
film and preprocessing give another view."""


LAST_PART = 1
"""Part of the keys of what a target model's last part gives. Raise it when the same model gives other outputs, another
head or other class maps."""


MAPS = 1
"""Part of the key of a layer's maps (engine.store.unit_maps). Raise it when the same layer and film give other maps."""


def map_key(layer: str) -> str:
    """The key of a layer's maps, from that of its part."""
    return content_key(MAPS, "maps", layer)


def part_keys(config: RunConfig, target: str, layers: Sequence[str], vlm: str, view: str) -> PartKeys:
    """The keys of the parts that a run makes, from the identities of its target model, of that model's view of a film,
    and of its VLM."""
    taps, run = config.taps, config.run
    shown = (run.parity, VIEW, view) if run.parity == "published" else ()
    classes = len(getattr(config.target.options, "classes", ()))
    # Only where they are asked for, so that all earlier results keep their keys.
    faster = (run.memory_format, run.compile) if run.compile or run.memory_format != "contiguous" else ()

    def layer_key(layer: str) -> str:
        # The number of classes can decide which of the model's outputs is taken.
        output = (taps.output, classes) if layer == LOGITS else ()
        facts = (layer, taps.pooling, taps.channels, run.mixed_precision)
        return content_key(VERSION, "layer", target, *facts, *output, *faster)

    def last_part_key(part: str) -> str:
        as_told = taps.probabilities == "none"  # then the outputs are the model's own
        facts = (taps.output, classes, taps.pooling, taps.channels, run.mixed_precision, as_told)
        return content_key(VERSION, LAST_PART, part, target, *facts, *faster)

    embedding = content_key(VERSION, EMBEDDING, vlm, run.mixed_precision, *shown)
    return PartKeys(
        film=content_key(VERSION, THUMBNAIL, FILM, run.thumbnail_size),
        input=content_key(VERSION, STATISTICS, INPUT, target),
        layers={layer: layer_key(layer) for layer in layers},
        embedding=rounded_key(embedding) if config.keep.embeddings == "f16" else embedding,
        outputs=last_part_key(OUTPUTS),
        head_inputs=last_part_key(HEAD_INPUTS) if config.keep.films else "",
        class_maps=last_part_key(CLASS_MAPS) if config.keep.maps else "",
    )
