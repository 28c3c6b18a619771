"""TCAV on models with given gradients and concepts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.errors import ConfigError
from engine.methods import tcav
from engine.methods.context import MethodContext
from engine.probing.base import Image
from engine.store.records import MethodScore
from tests.support.method_context import in_batches_of, method_context

FILMS = torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))


class Quarters(nn.Module):
    """A layer of four units, the means of a film's quarters, and two classes: one grows with the first quarter's
    square, the other falls with the second's."""

    def __init__(self) -> None:
        super().__init__()
        self.quarters = nn.AdaptiveAvgPool2d(2)
        self.units = nn.Flatten()
        self.classifier = nn.Linear(4, 2, bias=False)
        with torch.no_grad():
            self.classifier.weight.copy_(torch.tensor([[1.0, 0, 0, 0], [0, -1.0, 0, 0]]))

    def forward(self, films: Tensor) -> Tensor:
        return self.classifier(self.units(self.quarters(films)) ** 2)  # type: ignore[no-any-return]


def quarter_films(count: int) -> tuple[list[NDArray[np.uint8]], list[Image]]:
    """Every third film has a bright first quarter and the label First, as for Second and Third."""
    rng = np.random.default_rng(0)
    films, images = [], []
    for place in range(count):
        film = rng.integers(80, 120, (8, 8)).astype(np.uint8)
        which = place % 3
        film[4 * (which // 2) : 4 * (which // 2) + 4, 4 * (which % 2) : 4 * (which % 2) + 4] += 80
        films.append(film)
        images.append(Image(f"{place}.png", labels=(("first", "Second", "third_quarter")[which],)))
    return films, images


@pytest.fixture
def context() -> MethodContext:
    films, images = quarter_films(90)
    return method_context(films, images, Quarters(), ["units", "classifier"], ["First", "Second"], batch_size=8)


def by_concept(scores: list[MethodScore], unit: int) -> dict[str, MethodScore]:
    return {score.concept: score for score in scores if score.unit == unit}


def test_planted_concepts_are_found(context: MethodContext) -> None:
    scores = tcav.compute(tcav.Options(vectors=10), context)
    assert {(score.layer, score.detail) for score in scores} == {("classifier", "units")}
    assert len(scores) == 2 * 3
    grows, falls = by_concept(scores, 0), by_concept(scores, 1)
    assert grows["first"].score == 1.0
    assert falls["Second"].score == 0.0  # the class decreases with its own quarter
    for score in (grows["first"], falls["Second"]):
        assert score.p_value is not None
        assert score.p_value < 0.05
    assert tcav.annotation(tcav.Options(), list(grows.values())) == [grows["first"]]
    assert falls["Second"] not in tcav.annotation(tcav.Options(), list(falls.values()))


def test_the_seed_decides_and_the_batch_size_does_not(context: MethodContext) -> None:
    options = tcav.Options(vectors=5, class_images=20)
    scores = tcav.compute(options, context)
    assert tcav.compute(options, context) == scores
    for other in tcav.compute(options, in_batches_of(context, 3)):
        assert other in scores
    assert tcav.compute(tcav.Options(vectors=5, class_images=20, seed=1), context) != scores


def test_concepts_that_the_vlm_matches(context: MethodContext) -> None:
    """The VLM embeds the quarters; one text fits the first quarter, another fits none."""
    embeddings = context.activations("units")
    embeddings = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    matched = replace(
        context,
        image_embeddings=embeddings.astype(np.float32),
        concepts=("bright corner", "template"),
        text_embeddings=np.array([[1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5]], np.float32),
        template_embedding=np.full(4, 0.5, np.float32),
    )
    scores = tcav.compute(tcav.Options(concepts="matched", examples=20, vectors=8), matched)
    assert {score.concept for score in scores} == {"bright corner", "template"}
    best = by_concept(scores, 0)["bright corner"]
    assert best.score == 1.0
    assert best.p_value is not None
    assert best.p_value < 0.05


@pytest.mark.slow
def test_noise_is_rarely_significant() -> None:
    """For random labels, tested against random concepts, p-values are below 5 % in 5 % of cases."""
    films, images = quarter_films(90)
    p_values = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        noise = [replace(image, labels=(*image.labels, f"noise {rng.integers(3)}")) for image in images]
        context = method_context(films, noise, Quarters(), ["units", "classifier"], ["First", "Second"])
        options = tcav.Options(vectors=5, against="concepts", random_concepts=40, seed=seed)
        scores = tcav._tested(
            options, context, context.layers[:1], context.layers[1], dict(tcav._concepts(options, context))
        )
        p_values += [score.p_value or 0.0 for score in scores if score.concept.startswith("noise")]
    assert len(p_values) == 72
    assert (np.array(p_values) < 0.05).mean() <= 0.1


def test_random_concepts_let_a_planted_one_stand_out() -> None:
    """Random scores vary here: the class follows the first quarter's excess over the second's."""
    films, images = quarter_films(90)
    context = method_context(films, images, Quarters(), ["units", "classifier"], ["First", "Second"])
    options = tcav.Options(vectors=5, against="concepts", random_concepts=200)
    scores = by_concept(tcav.compute(options, context), 0)
    assert scores["first"].score == 1.0
    assert scores["first"].p_value == min(score.p_value or 0 for score in scores.values())


def test_what_is_missing_is_reported_in_one_line(context: MethodContext) -> None:
    films, images = quarter_films(9)
    bare = [Image(image.path) for image in images]
    cases = [
        (method_context(films, images, Quarters(), ["units", "classifier"]), "name them in target.classes"),
        (method_context(films, images, Quarters(), ["classifier"], ["a", "b"]), "a layer before the final one"),
        (
            method_context(films, images, Quarters(), ["units", "classifier"], ["First", "b"]),
            "lower methods.tcav.fewest",
        ),
        (
            method_context(films, bare, Quarters(), ["units", "classifier"], ["First", "b"]),
            "which the probing set does not have",
        ),
    ]
    for incomplete, words in cases:
        with pytest.raises(ConfigError, match=words) as caught:
            tcav.compute(tcav.Options(), incomplete)
        assert len(str(caught.value).splitlines()) == 1
    other = method_context(*quarter_films(60), Quarters(), ["units", "classifier"], ["Cat", "Dog"])
    with pytest.raises(ConfigError, match=r"no class has any: map labels to classes in \[probing.rename\]"):
        tcav.check(tcav.Options(), other.images, other.layers)
    films, images = quarter_films(60)
    rare = [replace(image, labels=(*image.labels, "Cat")) for image in images[:3]]
    other = method_context(films, [*rare, *images[3:]], Quarters(), ["units", "classifier"], ["Cat", "Dog"])
    with pytest.raises(ConfigError, match="no class of 'classifier' has 10 images"):
        tcav.compute(tcav.Options(), other)


def test_each_concept_is_annotated_once_with_its_best_layer() -> None:
    rows = [
        MethodScore("logits", 0, "Mass", 1.0, 0.04, "early"),
        MethodScore("logits", 0, "Mass", 1.0, 0.001, "late"),
        MethodScore("logits", 0, "Heart", 0.9, 0.2, "late"),
        MethodScore("logits", 0, "Rib", 0.2, 0.001, "late"),
        MethodScore("logits", 0, "Air", 0.8, 0.01, "early"),
    ]
    found = tcav.annotation(tcav.Options(), rows)
    assert [(row.concept, row.detail) for row in found] == [("Mass", "late"), ("Air", "early")]
    assert all(math.isfinite(row.score) for row in found)
