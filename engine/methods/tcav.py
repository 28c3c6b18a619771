"""TCAV: the concepts that a class's output is sensitive to, at a layer before it.

Source: Kim, Wattenberg, Gilmer, Cai, Wexler, Viegas, Sayres, "Interpretability Beyond Feature Attribution: Quantitative
Testing with Concept Activation Vectors (TCAV)", ICML 2018; tensorflow/tcav, tcav/tcav.py, cav.py and utils.py.

At each tapped layer l before the final one, several vectors v are learnt for each concept, each from images of the
concept and random others (engine.methods.concept_vectors). With h_k the output of class k and X_k images of that class:

    TCAV(C, k, l) = |{x ∈ X_k : ∇h_k(f_l(x)) · v > 0}| / |X_k|

The score is the mean over the concept's vectors. Vectors of random images against random images give the scores that no
concept would have, and a two-sided t-test compares the two. p-values are corrected over all classes, concepts and
layers of the run (Holm). A concept is in the annotation if it is significant and raises the class (score above 0.5).

The published test treats the vectors of one concept as independent samples. They are not, because they share the
concept's images: of labels assigned to phantoms at random, the test calls 49 % significant at 5 %, and 18 % after
Holm's correction. `against = "concepts"` corrects this by making the concept the unit of the test. Random concepts,
which are fixed sets of equally many images with equally many vectors, give the expected means; the concept's mean is
one more observation to compare with them (a t-test of one against many). This test calls 0.4 % of such labels
significant. It also finds less: near the final layer the scores of random vectors are mostly 0 or 1, so that a
concept's score of 1 is not unusual.

A concept is a label of the probing set (`concepts = "labels"`), or one of the run's concepts, represented by the images
that the VLM scores highest for it (`concepts = "matched"`). A score belongs to the class's neuron in the final layer;
its detail is the layer of the vectors.

Differences from the published code:
- Vectors are learnt from the pooled activations that the run holds, not from flattened maps, and the gradient is summed
  over positions to match (engine.methods.sensitivity). So a concept is the same wherever on the film it lies.
- The classifier is ridge regression.
- Random images come from the probing set.
- The correction is Holm's; the paper's is Bonferroni's.

Where only a linear layer follows, such as after `penultimate`, the gradient is the same for all images, and each
vector's score is 0 or 1.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from engine.annotation.rows import parts
from engine.errors import ConfigError
from engine.methods.concept_vectors import (
    Examples,
    Floats,
    concept_examples,
    holm,
    random_examples,
    tcav_scores,
    two_sided,
    vectors,
)
from engine.names import compared, labels_of, nearest_label
from engine.probing.base import Image
from engine.store.contents import Layer
from engine.store.records import LayerInfo, MethodScore

if TYPE_CHECKING:
    from engine.methods.context import MethodContext
    from engine.store.reader import RunReader

TITLE = "TCAV"
VERSION = 2
"""Raise it when the same run gives other scores than before"""

_NAMED = 6
"""The most classes that a note names"""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[methods.tcav]` of a configuration."""

    concepts: Literal["labels", "matched"] = "labels"
    """Labels of the probing set, or the run's concepts, which the VLM matches to images"""
    examples: int = Field(default=50, ge=2, le=10_000)
    """A vector is learnt from at most this many images of a concept and this many others. A matched concept has exactly
    this many images."""
    fewest: int = Field(default=10, ge=2)
    """The fewest images that a concept, and a class, must have"""
    vectors: int = Field(default=20, ge=2, le=1000)
    """Vectors of each concept and of each random concept"""
    against: Literal["vectors", "concepts"] = "vectors"
    """What scores are tested against: equally many random vectors (as published), or random concepts"""
    random_concepts: int = Field(default=50, ge=3, le=1000)
    """The number of random concepts"""
    class_images: int = Field(default=200, ge=1)
    """The most images of a class to compute gradients for"""
    ridge: float = Field(default=1.0, gt=0)
    """The shrinkage of the linear classifier, in mean squared lengths of the centred activations. On the demo's layers
    the value 1 separates left-out phantoms best (area under the curve 0.99; 0.96 at 0.0001)."""
    level: float = Field(default=0.05, gt=0, lt=1)
    """The significance level for the annotation"""
    seed: int = Field(default=0, ge=0)


def check(options: Options, images: Sequence[Image], layers: Sequence[Layer]) -> None:  # noqa: ARG001
    """Raises ConfigError when no label has the name of a class or the layers that it needs are missing."""
    if not any(layer.unit_names for layer in layers):
        raise ConfigError(
            'methods.tcav: tests the outputs of classes: name them in target.classes, with "logits" in target.layers.'
        )
    if all(layer.unit_names for layer in layers):
        raise ConfigError("methods.tcav: learns vectors at a layer before the final one: add one to target.layers.")
    if not any(image.labels for image in images):
        raise ConfigError("methods.tcav: finds the images of a class by labels, which the probing set does not have.")
    labels = {compared(label) for image in images for label in image.labels}
    if labels.isdisjoint(label for layer in layers for name in layer.unit_names for label in labels_of(name)):
        raise ConfigError(
            "methods.tcav: finds the images of a class by the labels of its name, and no class has any: map labels to "
            "classes in [probing.rename]."
        )


def follows_vlm(options: Options) -> bool:
    """Whether the VLM matches images to concepts."""
    return options.concepts == "matched"


def compute(options: Options, context: MethodContext) -> list[MethodScore]:
    """The score of each class's neuron for each concept at each layer before the final one.

    Raises ConfigError when the target's classes have no names, the final layer or every layer before it is not tapped,
    or no class or no concept has enough images.
    """
    check(options, context.images, context.layers)
    finals = [layer for layer in context.layers if layer.unit_names]
    before = [layer for layer in context.layers if not layer.unit_names]
    concepts = dict(_concepts(options, context))
    if not concepts:
        raise ConfigError(
            f'methods.tcav.concepts = "{options.concepts}": no concept has {options.fewest} of {len(context.images)} '
            "images with it and as many without it: lower methods.tcav.fewest."
        )
    scores = [score for final in finals for score in _tested(options, context, before, final, concepts)]
    corrected = holm([score.p_value or 0.0 for score in scores])
    return [
        MethodScore(score.layer, score.unit, score.concept, score.score, float(p), score.detail)
        for score, p in zip(scores, corrected, strict=True)
    ]


def unscored(options: Options, reader: RunReader, layer: LayerInfo, unit: int) -> str:
    """Why a neuron has no scores: it is no class, or its class has too few images."""
    if not layer.unit_names:
        return "Only classes are tested, and the units of this layer are none."
    name = layer.unit_names[unit]
    labels, carried = reader.label_table()
    wanted = labels_of(name)
    own = [place for place, label in enumerate(labels) if compared(label) in wanted]
    count = int(carried[:, own].any(axis=1).sum())
    if count >= options.fewest:
        return ""
    if count:
        images = "1 image has" if count == 1 else f"{count} images have"
        return f"Only {images} the label {name}: fewer than methods.tcav.fewest, {options.fewest}."
    near = nearest_label(name, labels)
    return f"No image has the label {name}{f'; the nearest label is {near}' if near else ''}."


def annotation(options: Options, scores: Sequence[MethodScore]) -> list[MethodScore]:
    """The scores that are significant and raise the class, best first; each concept once, at its best layer."""
    significant = [s for s in scores if s.score > 0.5 and s.p_value is not None and s.p_value <= options.level]
    best: dict[str, MethodScore] = {}
    for score in sorted(significant, key=lambda each: (-each.score, each.p_value, each.concept)):
        best.setdefault(score.concept, score)
    return list(best.values())


def _concepts(options: Options, context: MethodContext) -> Iterator[tuple[str, Examples]]:
    """The concepts with enough images, and the examples for the vectors of each."""
    left_out = 0
    for concept, members in _members(options, context):
        if min(members.sum(), (~members).sum()) < options.fewest:
            left_out += 1
            continue
        seed = (options.seed, zlib.crc32(concept.encode()))
        yield concept, concept_examples(members, options.examples, options.vectors, seed)
    if left_out:
        context.progress.note(f"tcav: left out {left_out} concepts with too few images (methods.tcav.fewest)")


def _members(options: Options, context: MethodContext) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Each concept with the images [p] that show it."""
    if options.concepts == "labels":
        for label in sorted({label for image in context.images for label in image.labels}):
            yield label, np.array([label in image.labels for image in context.images])
        return
    images = context.image_embeddings
    for concept, text in zip(context.concepts, context.text_embeddings, strict=True):
        direction = text.astype(np.float64) - context.template_embedding
        similarity = np.concatenate([images[part].astype(np.float64) @ direction for part in parts(len(images))])
        members = np.zeros(len(images), bool)
        members[np.argsort(-similarity, kind="stable")[: options.examples]] = True
        yield concept, members


def _tested(
    options: Options, context: MethodContext, layers: Sequence[Layer], final: Layer, concepts: dict[str, Examples]
) -> list[MethodScore]:
    """One final layer's scores, with uncorrected p-values."""
    classes = dict(_class_rows(options, context, final))
    if not classes:
        raise ConfigError(
            f"methods.tcav: no class of {final.name!r} has {options.fewest} images with a label of its name: "
            "lower methods.tcav.fewest, or use a probing set with labels."
        )
    context.progress.stage("tcav", sum(map(len, classes.values())) + len(layers) * len(concepts))
    gradients = _gradients(context, layers, final, classes)
    scores = []
    for layer in layers:
        activations = context.activations(layer.name)
        expected: dict[int, Floats] = {}  # random vectors by the number of images on each side
        for concept, examples in concepts.items():
            directions = vectors(activations, examples, options.ridge)
            count = examples.positive.shape[1]
            if count not in expected:
                expected[count] = _random_vectors(options, activations, count)
            for unit in classes:
                of_class = gradients[unit][layer.name]
                found, others = tcav_scores(of_class, directions), tcav_scores(of_class, expected[count])
                if options.against == "concepts":
                    found, others = found.mean(keepdims=True), others.reshape(-1, options.vectors).mean(axis=1)
                p_value = two_sided(found, others)
                scores.append(MethodScore(final.name, unit, concept, float(found.mean()), p_value, layer.name))
            context.progress.advance(1)
    return scores


def _random_vectors(options: Options, activations: NDArray[np.float32], count: int) -> Floats:
    """[vectors, units], or for random concepts [random_concepts · vectors, units], concept by concept."""
    images = len(activations)
    if options.against == "vectors":
        drawn = random_examples(images, count, options.vectors, (options.seed, count))
        return vectors(activations, drawn, options.ridge)
    found = []
    for number in range(options.random_concepts):
        seed = (options.seed, count, number)
        members = np.zeros(images, bool)
        members[np.random.default_rng(seed).choice(images, count, replace=False)] = True
        found.append(vectors(activations, concept_examples(members, count, options.vectors, seed), options.ridge))
    return np.concatenate(found)


def _gradients(
    context: MethodContext, layers: Sequence[Layer], final: Layer, classes: dict[int, list[int]]
) -> dict[int, dict[str, NDArray[np.float32]]]:
    from engine.methods.sensitivity import class_gradients  # readers of a run have no torch

    return {unit: class_gradients(context, layers, final, unit, rows) for unit, rows in classes.items()}


def _class_rows(options: Options, context: MethodContext, final: Layer) -> Iterator[tuple[int, list[int]]]:
    """The units of classes with enough images, and the places of each class's images, ascending."""
    labels = [set(map(compared, image.labels)) for image in context.images]
    few = []
    for unit, name in enumerate(final.unit_names):
        wanted = labels_of(name)
        rows = [row for row, of_image in enumerate(labels) if not of_image.isdisjoint(wanted)]
        if len(rows) < options.fewest:
            few += [f"{name}: {len(rows)}"] * bool(rows)
            continue
        if len(rows) > options.class_images:
            rng = np.random.default_rng([options.seed, zlib.crc32(name.encode())])
            rows = sorted(rng.choice(rows, options.class_images, replace=False).tolist())
        yield unit, rows
    if few:
        more = f" and {len(few) - _NAMED} more" if len(few) > _NAMED else ""
        what = f"tcav: left out classes with fewer than {options.fewest} images (methods.tcav.fewest)"
        context.progress.note(f"{what}: {len(few)} ({', '.join(few[:_NAMED])}{more})")
