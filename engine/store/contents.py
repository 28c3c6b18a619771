"""All of a run that is not in its batches: what the writer needs beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.probing.base import Image
from engine.store.batch import BatchKeys
from engine.store.records import MethodScore


@dataclass(frozen=True, slots=True)
class Layer:
    """A tapped layer. `unit_names` names its units where they have names (the classes of a final layer)."""

    name: str
    pooling: str
    unit_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConceptSet:
    """A named set among the run's concepts. Sets may share concepts."""

    name: str
    kind: str
    concepts: tuple[int, ...]
    """Indices among the run's concepts, in the set's own order"""


@dataclass(frozen=True, slots=True)
class OtherTemplate:
    """A template beside the run's own, and what the VLM makes of the run's concepts in it."""

    template: str
    embedding: NDArray[np.float32]
    """[d]"""
    text_embeddings: NDArray[np.float32]
    """Of the prompted concepts, [m, d]"""


@dataclass(frozen=True, slots=True)
class StoredMethod:
    """A comparison method that a run's configuration names, live or computed."""

    name: str
    """Its key in engine.methods.KINDS"""
    options: Mapping[str, Any]
    """All of them, as JSON types"""


@dataclass(frozen=True, slots=True)
class RunContents:
    """What determines a run and what was encoded once for all images."""

    images: Sequence[Image]
    """The whole probing set, in the batches' order."""
    layers: Sequence[Layer]
    concepts: Sequence[str]
    """Of all concept sets, each once"""
    concept_sets: Sequence[ConceptSet]
    """At least one; together they hold every concept"""
    text_embeddings: NDArray[np.float32]
    """Of the prompted concepts, [m, d]"""
    template: str
    template_embedding: NDArray[np.float32]
    """[d]"""
    alpha: float
    beta: float
    target: str
    vlm: str
    other_templates: Sequence[OtherTemplate] = ()
    captions: Sequence[str] = ()
    """Sentences of reports, each once"""
    caption_embeddings: NDArray[np.float32] | None = None
    """Of the captions as they are, [c, d]; None where there are none"""
    methods: Sequence[StoredMethod] = ()
    method_scores: Mapping[str, Sequence[MethodScore]] = field(default_factory=dict)
    """Of each computed method"""
    config: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    """Stage name -> the content key of all that determines it"""
    batch_keys: Sequence[BatchKeys] = ()
    """The batches' keys in order, by which FinishedRun gives them back; () when that is not wanted"""
