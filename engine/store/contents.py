"""What the writer of a run file needs beside the batches of images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import TAU, Ranking, Selection
from engine.probing.base import Image
from engine.store.decision_contents import DecisionContents
from engine.store.embedding_rows import Precision
from engine.store.layer_shares import LayerShares
from engine.store.parts import ImageKeys, PartKeys
from engine.store.records import MethodScore
from engine.store.unit_maps import LayerMaps


class Note(NamedTuple):
    """What a reader of the run must know: a warning that was given while it was made."""

    source: str
    """What it is about: the name of a source (RunContents.sources), or "" for the run as a whole"""
    text: str


@dataclass(frozen=True, slots=True)
class Layer:
    """A tapped layer. `unit_names` names its units where they have names (the classes of a final layer)."""

    name: str
    pooling: str
    unit_names: tuple[str, ...] = ()
    untrained: str = ""
    """Why its activations are not those of a trained model; "" if they are"""
    numberless: tuple[int, ...] = ()
    """The units that give no number, whatever the film; their activations in the batches are 0"""


@dataclass(frozen=True, slots=True)
class ConceptSet:
    """A named set among the run's concepts. Sets may share concepts."""

    name: str
    kind: str
    concepts: tuple[int, ...]
    """Indices among the run's concepts, in the set's own order"""


@dataclass(frozen=True, slots=True)
class OtherTemplate:
    """A template beside the run's own, with the embeddings of the run's concepts in it."""

    template: str
    embedding: NDArray[np.float32]
    """[d]; zeros where it is not subtracted"""
    text_embeddings: NDArray[np.float32]
    """The embeddings of the prompted concepts, [m, d]"""


@dataclass(frozen=True, slots=True)
class StoredMethod:
    """A comparison method that a run's configuration names, live or computed."""

    name: str
    """Its kind: the NAME of its table [methods.NAME]"""
    options: Mapping[str, Any]
    """All of them, as JSON types"""


@dataclass(frozen=True, slots=True)
class RunContents:
    """What determines a run, and what was encoded once for all images."""

    images: Sequence[Image]
    """The whole probing set, in the order of the batches"""
    layers: Sequence[Layer]
    concepts: Sequence[str]
    """The concepts of all concept sets, each once"""
    concept_sets: Sequence[ConceptSet]
    """At least one; together they hold every concept"""
    text_embeddings: NDArray[np.float32]
    """The embeddings of the prompted concepts, [m, d]"""
    template: str
    """ "" for none"""
    template_embedding: NDArray[np.float32]
    """[d]; zeros where no template is subtracted, because the cosine to a zero vector is 0"""
    alpha: float
    beta: float
    target: str
    vlm: str
    ranking: Ranking = "score"
    selection: Selection = TAU
    other_templates: Sequence[OtherTemplate] = ()
    captions: Sequence[str] = ()
    """Sentences of reports, each once"""
    caption_embeddings: NDArray[np.float32] | None = None
    """The embeddings of the captions without a template, [c, d]; None if there are none"""
    bare_embeddings: NDArray[np.float32] | None = None
    """The embeddings of the concepts without a template, [m, d]; None if no method asks for them"""
    methods: Sequence[StoredMethod] = ()
    method_scores: Mapping[str, Sequence[MethodScore]] = field(default_factory=dict)
    """The name of each computed method -> its scores"""
    config: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    """Stage name -> the key of all that determines what the stage put in the run file"""
    sources: Mapping[str, str] = field(default_factory=dict)
    """What was loaded (a model, the concepts) -> a key of its description. A later run with the same key reads from
    this file what it would otherwise load."""
    notes: Sequence[Note] = ()
    decisions: DecisionContents | None = None
    """None where the run keeps nothing that connects neurons to the target model's decisions"""
    parts: PartKeys | None = None
    """The keys under which FinishedRun gives back the parts of images; None when nothing is to be reused"""
    unit_maps: Callable[[str], LayerMaps | None] = lambda _layer: None
    """Gives the maps of a layer's units, one layer at a time; None for a layer without maps"""
    layer_shares: Sequence[LayerShares] = ()
    """The importance of hidden layers that was computed by gradients"""
    image_keys: Sequence[ImageKeys] = ()
    """The keys of the images, in their order; () when nothing is to be reused"""
    precision: Precision = "f32"
    """Of the images' embeddings in the run file; with f16 the batches hold rounded ones
    (engine.store.embedding_rows)"""


def prompt(template: str, concept: str) -> str:
    """The text that stands for a concept: the paper's "prompted" concept; the concept itself without a template."""
    return f"{template} {concept}" if template else concept
