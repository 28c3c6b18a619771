"""WWW beside a re-enactment of its published code (ailab-kyunghee/WWW: example_selection.py, concept_matching.py)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.annotation.cuts import Cuts
from engine.methods import www
from tests.support.method_runs import LAYER, opened_run

Array = NDArray[np.float32]


def published(
    activations: Array, images: Array, words: Array, template: Array, count: int = 40, alpha: int = 95
) -> list[tuple[list[int], Array]]:
    """The concepts of each unit, best first, and their summed scores; in float32, as there.

    `activations` are [p, units]; `words` are the prompted words.
    """

    def cosine(image: Array, texts: Array) -> Array:
        lengths = np.linalg.norm(image) * np.linalg.norm(texts, axis=-1)
        return np.asarray(texts @ image / lengths, np.float32)

    found = []
    for unit in range(activations.shape[1]):
        chosen = np.flip(np.argsort(activations[:, unit])[-count:])
        weights = np.zeros(len(words), np.float32)
        for image in images[chosen]:
            weights += cosine(image, words) - cosine(image, template[None])
        above = np.where(weights > np.max(weights) * (alpha / 100))[0]
        order = np.argsort(weights[above])[::-1]
        found.append((above[order].tolist(), weights[above][order]))
    return found


@pytest.mark.parametrize("count", [1, 40, 250])
def test_annotations_and_scores_equal_the_published_ones(count: int, tmp_path: Path) -> None:
    """For all units whose images do not depend on the order of equal activations. Sums are means times the count. Of
    equal scores the published code has the last concept first; here it is the first."""
    with opened_run(tmp_path, images=300) as opened:
        contents = opened.contents
        values = opened.activations[LAYER]
        expected = published(
            values,
            opened.embeddings.astype(np.float32),
            contents.text_embeddings,
            contents.template_embedding,
            count=count,
        )
        method = www.load(www.Options(count=count), opened.reader, opened.requery)
        compared = 0
        for unit, (concepts, sums) in enumerate(expected):
            descending = -np.sort(-values[:, unit])
            if unit == 0 or descending[count - 1] == descending[count]:
                continue
            answer = method.neuron(LAYER, unit, Cuts(0.93, 0.95))
            assert set(answer.concepts[: answer.annotated]) == {contents.concepts[concept] for concept in concepts}
            np.testing.assert_allclose(answer.scores[: answer.annotated] * count, sums, atol=1e-4)
            compared += 1
        assert compared
