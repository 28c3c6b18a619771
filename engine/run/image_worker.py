"""What one process does of the image stage: it passes films through both models, and keeps nothing of the results."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from engine.config.settings import RunConfig
from engine.run.films import Films
from engine.run.image_pass import ImagePass
from engine.run.inputs import Models
from engine.run.loading import Loader
from engine.store.parts import Computed, ImageKeys, PartKeys
from engine.targets.top_maps import TopFilms


@dataclass(frozen=True, slots=True)
class Piece:
    """What was found since the piece before. Processes can exchange it: it holds only plain values and arrays."""

    looked_up: tuple[tuple[int, ImageKeys], ...]
    """The place in the probing set and the keys of each image that was looked up"""
    passed: int
    """The number of images that lack nothing"""
    images: int
    """The number of images whose parts were computed"""
    computed: Computed | None
    """Their parts; None if no batch was full yet"""


class ImageWorker:
    """Loads torch, and each model when the first image lacks a part that needs it."""

    def __init__(self, config: RunConfig, films: Films, parts: PartKeys, models: Models) -> None:
        self._config = config
        self._films = films
        self._parts = parts
        self._models = models
        self._top = TopFilms(config.keep.top_maps)

    def pieces(
        self, places: Sequence[int], claim: Callable[[ImageKeys], frozenset[str]]
    ) -> Generator[Piece, None, None]:
        """Computes what the images at these places lack, batch by batch. It may be called again with other places.

        `claim` gives the keys of the parts that an image lacks, and is called in another thread. Raises as
        ImagePass.compute does.
        """
        settings = self._config.run
        loader = Loader(self._films, self._parts, self._models, settings.thumbnail_size, settings.parity)
        with ExitStack() as stack:
            batches = stack.enter_context(closing(loader.batches(places, settings.batch_size, claim)))
            image_pass = stack.enter_context(ImagePass(self._config, self._parts, self._models, self._top))
            for batch in batches:
                computed = image_pass.compute(batch.images) if batch.images else None
                yield Piece(batch.looked_up, batch.passed, len(batch.images), computed)
