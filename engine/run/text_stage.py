"""The stage that encodes texts: concepts in each template and without one, templates that are subtracted, captions."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.config.settings import RunConfig
from engine.errors import MammiError, failing_as
from engine.keys import content_key
from engine.methods import LIVE
from engine.run.cache import VLM_STAGE
from engine.run.stage import Run
from engine.store.contents import OtherTemplate, prompt
from engine.vlms.base import VLM, check_embeddings, warn_of_another

TEXTS_AT_ONCE = 64
"""Texts that are encoded and kept together"""


class TextStage:
    """Encodes the texts that no finished run holds. Texts of similar length go together, because most VLMs encode only
    texts of one length at once."""

    def keys(self, run: Run) -> Iterator[tuple[str, str]]:
        inputs, settings = run.inputs, run.config.run
        yield VLM_STAGE, inputs.vlm_identity
        sets = [[each.name, each.kind, each.concepts] for each in inputs.concept_sets]
        yield "concepts", content_key(settings.template, settings.subtract_template, inputs.concepts, sets)
        bare = ["bare concepts"] if compares_bare(run.config) else []
        yield "other texts", content_key(settings.other_templates, inputs.captions, *bare)

    def compute(self, run: Run) -> dict[str, Any]:
        inputs, settings = run.inputs, run.config.run
        templates = (settings.template, *settings.other_templates)
        prompted = [prompt(template, concept) for template in templates for concept in inputs.concepts]
        subtracted = [template for template in templates if settings.subtracts(template)]
        bare = inputs.concepts if compares_bare(run.config) else ()
        groups = (prompted, subtracted, inputs.captions, bare)
        embeddings = _embeddings(run, [text for texts in groups for text in texts])
        ends = np.cumsum([len(texts) for texts in groups[:-1]])
        of_concepts, of_templates, of_captions, of_bare = np.split(embeddings, ends)
        own, *others = np.split(of_concepts, len(templates))
        nothing = np.zeros(embeddings.shape[1], np.float32)
        template_embeddings = dict(zip(subtracted, of_templates, strict=True))
        return {
            "concepts": inputs.concepts,
            "concept_sets": inputs.concept_sets,
            "template": settings.template,
            "template_embedding": template_embeddings.get(settings.template, nothing),
            "text_embeddings": own,
            "other_templates": [
                OtherTemplate(template, template_embeddings.get(template, nothing), rows)
                for template, rows in zip(settings.other_templates, others, strict=True)
            ],
            "captions": inputs.captions,
            "caption_embeddings": of_captions,
            "bare_embeddings": of_bare if bare else None,
        }


def compares_bare(config: RunConfig) -> bool:
    """Whether a method compares the concepts without a template, and the run's own concepts are in one. Our live
    methods need no table to be asked."""
    chosen = {leaf.kind: (leaf.module, leaf.options) for leaf in config.methods}
    for name in LIVE.keys() - chosen.keys():
        module = importlib.import_module(LIVE[name])
        chosen[name] = (module, module.Options())
    asked = [(module, options) for module, options in chosen.values() if hasattr(module, "compares_bare")]
    return bool(config.run.template) and any(
        module.compares_bare(options, config.run.parity) for module, options in asked
    )


def _embeddings(run: Run, texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors of the texts, [n, d]."""
    identity, progress = run.inputs.vlm_identity, run.progress
    different = list(dict.fromkeys(texts))
    progress.stage("concepts", len(different))
    embeddings = run.cache.texts(identity, different)
    progress.advance(len(embeddings), reused=len(embeddings))
    lacking = sorted((text for text in different if text not in embeddings), key=len)
    encoded: list[str] = []
    for start in range(0, len(lacking), TEXTS_AT_ONCE):
        piece = lacking[start : start + TEXTS_AT_ONCE]
        key = content_key("texts", identity, piece)
        encoded += [] if run.cache.has_array(key) else piece
        vectors = run.cache.array(key, lambda piece=piece: _encode(run.inputs.vlm, piece))  # type: ignore[misc]
        embeddings |= dict(zip(piece, vectors, strict=True))
        progress.advance(len(piece))
    if encoded:
        encode_again(run.inputs.vlm, encoded[0], embeddings[encoded[0]])
    return np.stack([embeddings[text] for text in texts])


def encode_again(vlm: VLM, text: str, vector: NDArray[np.float32]) -> None:
    """Encodes a text once more, alone. Warns where that gives another embedding [d]."""
    warn_of_another("text", vector, _encode(vlm, [text])[0])


def _encode(vlm: VLM, texts: Sequence[str]) -> NDArray[np.float32]:
    with failing_as("vlm: encoding texts failed"):
        vectors = np.asarray(vlm.encode_texts(texts), dtype=np.float32)
    check_embeddings(vlm, vectors, len(texts))
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise MammiError(f"vlm: the embedding of {texts[int(finite.argmin())]!r} is not a finite number.")
    return vectors
