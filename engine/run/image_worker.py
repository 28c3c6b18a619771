"""What one process does of the image stage: it passes films through both models, and keeps nothing of the results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from engine.config.settings import RunConfig
from engine.run.films import Films
from engine.run.image_pass import ImagePass, Passing
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
        self, places: Sequence[int], claim: Callable[[ImageKeys], frozenset[str]], whole: bool = False
    ) -> Generator[Piece, None, None]:
        """Computes what the images at these places lack, batch by batch. It may be called again with other places.

        `claim` gives the keys of the parts that an image lacks, and is called in another thread. `whole` is that of
        Loader.batches. Raises as ImagePass.start and finish do.
        """
        settings = self._config.run
        loader = Loader(self._films, self._parts, self._models, settings.thumbnail_size, settings.parity)
        with ExitStack() as stack:
            batches = stack.enter_context(closing(loader.batches(places, settings.batch_size, claim, whole)))
            image_pass = stack.enter_context(ImagePass(self._config, self._parts, self._models, self._top))
            waiting: deque[tuple[tuple[tuple[int, ImageKeys], ...], int, Passing]] = deque()

            def oldest() -> Piece:
                looked_up, passed, passing = waiting.popleft()
                return Piece(looked_up, passed, len(passing.images), image_pass.finish(passing))

            for batch in batches:
                looked_up, passed = batch.looked_up, batch.passed
                if not batch.images:
                    yield Piece(looked_up, passed, 0, None)
                for passing in image_pass.start(batch.images):
                    waiting.append((looked_up, passed, passing))
                    looked_up, passed = (), 0
                    while len(waiting) > image_pass.ahead:
                        yield oldest()
            while waiting:
                yield oldest()
