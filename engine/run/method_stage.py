"""The stage that gives the computed methods what they need, and keeps their scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.config.leaves import Leaf
from engine.keys import content_key
from engine.methods import is_computed
from engine.probing.base import ProbingSet, image_facts
from engine.run.cache import METHOD_STAGE, VLM_STAGE
from engine.run.films import UnchangedFilms
from engine.run.stage import Run
from engine.store.contents import StoredMethod
from engine.store.records import MethodScore

if TYPE_CHECKING:
    from engine.methods.context import MethodContext


class MethodStage:
    """Computes the scores that no file holds, and keeps those of each method as soon as it ends.

    A method reports its own stages of progress.
    """

    def keys(self, run: Run) -> Iterator[tuple[str, str]]:
        methods = run.config.methods
        yield "methods", content_key([[leaf.kind, leaf.options.model_dump(mode="json")] for leaf in methods])
        computed = [leaf for leaf in methods if is_computed(leaf.kind)]
        if not computed:
            return
        films = content_key(run.inputs.layer_facts, (image_facts(image) for image in run.films.images))
        parts = run.parts
        of_target = content_key(parts.input, parts.layers, (keys.film for keys in run.images), run.usable())
        of_vlm = (parts.embedding, run.keys[VLM_STAGE], run.keys["concepts"], run.keys["images"])
        for leaf in computed:
            options = leaf.options.model_dump(mode="json")
            follows = of_vlm if leaf.module.follows_vlm(leaf.options) else ()
            if hasattr(leaf.module, "captions"):
                follows = (*follows, content_key(run.inputs.captions))
            yield (
                METHOD_STAGE + leaf.kind,
                content_key(leaf.kind, leaf.module.VERSION, options, films, of_target, *follows, *_own(run, leaf)),
            )

    def compute(self, run: Run) -> dict[str, Any]:
        keys = dict(self.keys(run))
        scores: dict[str, list[MethodScore]] = {}
        context: MethodContext | None = None
        for leaf in run.config.methods:
            if not is_computed(leaf.kind):
                continue
            run.need_usable()
            key = keys[METHOD_STAGE + leaf.kind]
            found = run.cache.scores(leaf.kind, key)
            if found is None:
                context = context or _context(run)
                found = leaf.module.compute(leaf.options, replace(context, own_films=_own_films(run, leaf)))
                run.cache.put_scores(key, found)
            else:
                run.progress.stage(leaf.kind, 1)
                run.progress.advance(1, reused=1)
            scores[leaf.kind] = found
        return {"methods": [_stored(leaf) for leaf in run.config.methods], "method_scores": scores}


def _own(run: Run, leaf: Leaf) -> Iterator[str]:
    """The key of the films that a method names beside the run's, where it names any."""
    if films := run.own_films(leaf):
        yield content_key([keys.film for keys in films.all_keys()], [image_facts(image) for image in films.images])


def _own_films(run: Run, leaf: Leaf) -> ProbingSet | None:
    films, probing = run.own_films(leaf), run.inputs.own_films(leaf)
    return UnchangedFilms(films, probing) if films and probing else None


def _stored(leaf: Leaf) -> StoredMethod:
    return StoredMethod(leaf.kind, leaf.options.model_dump(mode="json"))


def _context(run: Run) -> MethodContext:
    from engine.methods.context import MethodContext
    from engine.run.parity import published_film

    inputs, contents, config = run.inputs, run.contents, run.config
    usable = run.usable()
    images = [keys for keys, use in zip(run.images, usable, strict=True) if use]

    def activations(layer: str) -> NDArray[np.float32]:
        return run.results.layer(layer, images)

    return MethodContext(
        probing=UnchangedFilms(run.films, inputs.probing),
        images=tuple(image for image, use in zip(run.films.images, usable, strict=True) if use),
        target=inputs.target,
        layers=inputs.layers,
        channels=config.taps.channels,
        device=inputs.device,
        mixed_precision=config.run.mixed_precision,
        batch_size=config.run.batch_size,
        activations=activations,
        image_embeddings=run.results.embeddings(images),
        concepts=inputs.concepts,
        text_embeddings=contents["text_embeddings"],
        template_embedding=contents["template_embedding"],
        progress=run.progress,
        vlm=lambda: inputs.vlm,
        shown_to_vlm=partial(published_film, inputs.target) if config.run.parity == "published" else None,
        captions=inputs.captions,
        caption_embeddings=contents["caption_embeddings"],
        readings=inputs.readings,
    )
