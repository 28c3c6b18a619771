"""What a stage of a run is, and what the stages share."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, Protocol

from engine.config.leaves import Leaf
from engine.config.settings import RunConfig
from engine.probing.decoding import READERS
from engine.progress import Progress
from engine.run.cache import Cache
from engine.run.films import Films
from engine.run.image_results import ImageResults
from engine.run.inputs import RunInputs
from engine.run.keys import part_keys
from engine.run.notes import Notes
from engine.store.parts import ImageKeys, PartKeys


class Run:
    """A run in progress: its inputs, what earlier runs computed, and what its stages have made so far."""

    def __init__(self, config: RunConfig, inputs: RunInputs, cache: Cache, progress: Progress, notes: Notes) -> None:
        self.config = config
        self.inputs = inputs
        self.cache = cache
        self.progress = progress
        self.notes = notes
        self.keys: dict[str, str] = {}
        """The keys of the stages that are done"""
        self.contents: dict[str, Any] = {}
        """Fields of RunContents, from the stages that are done"""
        self._own_films: dict[str, Films | None] = {}

    @cached_property
    def parts(self) -> PartKeys:
        inputs = self.inputs
        layers = [layer.name for layer in inputs.layers]
        return part_keys(self.config, inputs.target_identity, layers, inputs.vlm_identity, inputs.view_identity)

    @cached_property
    def films(self) -> Films:
        return Films(self.inputs.probing, self.inputs.by_name)

    def own_films(self, leaf: Leaf) -> Films | None:
        """The films that a computed method names beside the run's, looked up; None if it names none."""
        if leaf.kind not in self._own_films:
            probing = self.inputs.own_films(leaf)
            films = None if probing is None else Films(probing, by_name=False)
            if films is not None:
                images = len(films.images)
                self.progress.stage(f"{leaf.kind}: its own films", images)
                with ThreadPoolExecutor(READERS) as threads:
                    films.look_up(range(images), threads, keep=False)
                self.progress.advance(images, reused=images)
            self._own_films[leaf.kind] = films
        return self._own_films[leaf.kind]

    @cached_property
    def results(self) -> ImageResults:
        return ImageResults(self.parts, self.cache.work, self.cache.finished, self.cache.sealed)

    @property
    def images(self) -> list[ImageKeys]:
        """The keys of all images, once the image stage is done or found to be up to date."""
        return self.films.all_keys()

    def usable(self) -> list[bool]:
        """Whether each image is usable; like `images`, only after the image stage."""
        return self.results.usable(self.images)

    def need_usable(self) -> None:
        """Raises MammiError when no image is usable."""
        self.results.need_usable(self.images, self.films.images[0].path)


class Stage(Protocol):
    """A stage of a run. Each has a file in engine/run; engine.run.pipeline lists them in order."""

    def keys(self, run: Run) -> Iterator[tuple[str, str]]:
        """The names and keys of what this stage puts in the run file; a key is made of all that determines the content.

        The pipeline calls it once the earlier stages are up to date, and again after `compute`. It loads no model and
        computes nothing where that can be avoided. It yields the cheapest key first: the pipeline stops at the first
        key that differs from the run file's.
        """
        ...

    def compute(self, run: Run) -> dict[str, Any]:
        """Computes what `run.cache` and `run.results` lack, and keeps it there piece by piece.

        Returns the fields of RunContents that the stage puts in the run file.
        """
        ...
