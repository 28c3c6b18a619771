"""Groups where they were put, each with its word; one group where one word will do, and in random image sets."""

from __future__ import annotations

import numpy as np
import pytest

from engine.annotation import standing
from engine.evidence.groups import MOST, GroupTest, filled, spread
from engine.evidence.population import Population
from tests.engine.evidence.test_significance import population_of

KINDS = 12


class Films:
    """Films of several kinds, with a concept for each kind. The first two kinds are `alike` by this cosine."""

    def __init__(self, alike: float = 0.0, images: int = 1500, dimension: int = 24) -> None:
        rng = np.random.default_rng(6)
        centres = rng.normal(size=(KINDS, dimension))
        if alike:
            centres[1] = alike * centres[0] + np.sqrt(1 - alike**2) * centres[1]
        self.kind = rng.integers(KINDS, size=images)
        rows = 1.2 * centres[self.kind] + rng.normal(size=(images, dimension))
        self.concepts = (centres / np.linalg.norm(centres, axis=1, keepdims=True)).astype(np.float32)
        self.population: Population = population_of(rows, rows)
        found = standing.moments(self.population.mean, self.population.covariance, self.concepts, images)
        self._means = found.means
        self._deviations = found.deviations
        self.test = GroupTest(self.population, self.concepts, found)

    def of(self, *kinds: int, each: int = 30) -> np.ndarray:
        """The first films of some kinds, mixed."""
        chosen = np.concatenate([np.flatnonzero(self.kind == kind)[:each] for kind in kinds])
        return np.random.default_rng(1).permutation(chosen).astype(np.int32)

    def best(self, means: np.ndarray) -> np.ndarray:
        z: np.ndarray = (means @ self.concepts.T - self._means) / self._deviations
        return z.argmax(axis=1)


@pytest.fixture(scope="module")
def films() -> Films:
    return Films()


@pytest.mark.parametrize("kinds", [(3, 5), (1, 4, 8), (0, 2, 6, 9)])
def test_images_of_several_kinds_are_groups_with_a_word_each(films: Films, kinds: tuple[int, ...]) -> None:
    images = films.of(*kinds)
    groups = films.test.groups(images, films.best)
    assert sorted(group.best for group in groups) == list(kinds)
    assert sorted(np.concatenate([group.images for group in groups]).tolist()) == sorted(images.tolist())
    for group in groups:
        assert np.mean(films.kind[group.images] == group.best) > 0.9
        assert group.tightness > 0.3
    assert images[0] in groups[0].images


def test_there_are_at_most_five_groups(films: Films) -> None:
    assert len(films.test.parts(films.of(*range(8), each=16), films.best)) <= 5


def test_images_of_one_kind_are_one_group(films: Films) -> None:
    for kind in range(KINDS):
        parts = films.test.parts(films.of(kind), films.best)
        assert (len(parts), parts.agreement) == (1, 1.0)
        assert films.test.groups(films.of(kind), films.best) == ()


def test_two_kinds_that_one_word_names_are_one_group() -> None:
    near = Films(alike=0.85)
    parts = near.test.parts(near.of(0, 1), near.best)
    assert len(parts) == 1
    assert len(near.test.parts(near.of(0, 7), near.best)) == 2


def test_few_images_and_groups_with_one_name_are_one_group(films: Films) -> None:
    images = films.of(3, 5)
    assert len(films.test.parts(images[:7], films.best)) == 1
    assert len(films.test.parts(images, lambda means: np.zeros(len(means), dtype=np.int64))) == 1


def test_a_kind_of_few_images_among_many_is_no_group(films: Films) -> None:
    images = np.concatenate([films.of(3, each=60), films.of(5, each=5)])
    assert len(films.test.parts(images, films.best)) == 1


@pytest.mark.parametrize("count", [8, 30, 70, 400])
def test_random_image_sets_seldom_fall_into_groups(films: Films, count: int) -> None:
    rng = np.random.default_rng(count)
    found = [films.test.parts(rng.permutation(1500)[:count].astype(np.int32), films.best) for _ in range(200)]
    assert np.mean([len(parts) > 1 for parts in found]) < 0.09


def test_every_one_of_many_images_is_in_a_group(films: Films) -> None:
    images = films.of(3, 5, each=200)
    assert len(images) > MOST
    groups = films.test.groups(images, films.best)
    assert sum(len(group.images) for group in groups) == len(images)
    assert all(np.mean(films.kind[group.images] == group.best) > 0.9 for group in groups)


def test_many_images_are_looked_at_evenly() -> None:
    images = np.arange(1000, dtype=np.int32)
    chosen = spread(images)
    assert (len(chosen), chosen[0], chosen[-1]) == (MOST, 0, 999)
    assert np.diff(chosen).max() <= 9
    assert spread(images[:100]).tolist() == images[:100].tolist()


def test_few_representative_images_are_filled_up_to_sixty_or_a_twentieth() -> None:
    assert [filled(images) for images in (112_120, 1200, 400, 10)] == [60, 60, 20, 0]
