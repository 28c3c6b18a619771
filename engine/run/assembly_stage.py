"""The last stage of a run: everything goes into the run file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import Selection
from engine.keys import content_key
from engine.probing.base import image_facts
from engine.progress import Progress
from engine.run.stage import Run
from engine.run.versions import versions
from engine.store.batch import Batch, ProbedImage
from engine.store.contents import RunContents
from engine.store.thumbnails import decode
from engine.store.writer import assemble
from engine.targets.input_check import likely_mistakes, sampled

SHOWN_ASIDE = 3
"""The most images set aside that a note names"""


class AssemblyStage:
    """Writes the run file, and notes which images are set aside and what is likely wrong with the models' inputs."""

    def keys(self, run: Run) -> Iterator[tuple[str, str]]:
        inputs, settings = run.inputs, run.config.run
        named = [settings.alpha, settings.beta, inputs.target_name, inputs.vlm_name]
        # What [run] says beside that is how to compute.
        tables = {name: table for name, table in run.config.as_dict().items() if name != "run"}
        yield (
            "assembly",
            content_key(
                *(named, tables, inputs.layer_facts, [layer.untrained for layer in inputs.layers]),
                (image_facts(image) for image in inputs.probing.images),
                *(
                    [attributes]
                    if any(attributes := [dict(image.attributes) for image in inputs.probing.images])
                    else []
                ),
                *([ranked] if (ranked := [settings.ranking, settings.selection]) != ["score", "tau"] else []),
            ),
        )

    def compute(self, run: Run) -> dict[str, Any]:
        run.need_usable()
        inputs, config = run.inputs, run.config
        one = next(keys for keys, use in zip(run.images, run.usable(), strict=True) if use)
        layers = [
            replace(layer, numberless=run.results.numberless(layer.name, one)) for layer in run.contents["layers"]
        ]
        contents = RunContents(
            **{**run.contents, "layers": layers},
            alpha=config.run.alpha,
            beta=config.run.beta,
            ranking=config.run.ranking,
            selection=Selection.parse(config.run.selection),
            target=inputs.target_name,
            vlm=inputs.vlm_name,
            config=config.as_dict(),
            versions=versions(),
            stages={**run.keys, **dict(self.keys(run))},
            sources=inputs.sources,
            notes=run.notes.all(),
            precision=config.keep.embeddings,
        )
        units = sum(run.results.layer(layer.name, [one]).shape[1] for layer in inputs.layers)
        rows = sum(run.usable()) if config.keep.films else 0
        run.progress.stage("run file", len(run.images) + units + rows)
        seen = _Seen(run)
        out = config.run.out.absolute()
        assemble(out, contents, seen.batches(), _StoreProgress(run.progress))
        seen.note()
        return {}


class _Seen:
    """Passes the images on to the run file, and collects what the notes say about them."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._sampled = set(sampled(len(run.images)))
        self._aside: list[str] = []
        """Each image that is set aside, with its reason"""
        self._films: list[NDArray[np.uint8]] = []
        """The thumbnails of the sampled images"""
        self._statistics: list[tuple[float, float, float, float]] = []
        """Minimum, maximum, mean and standard deviation of each usable image's input"""

    def batches(self) -> Iterator[Batch]:
        places = count()
        for batch in self._run.results.batches(self._run.images):
            for probed in batch.images:
                self._add(next(places), probed)
            yield batch

    def _add(self, place: int, probed: ProbedImage) -> None:
        if probed.reason:
            self._aside.append(f"{self._run.films.images[place].path}: {probed.reason}")
            return
        self._statistics.append((probed.input_low, probed.input_high, probed.input_mean, probed.input_std))
        if place in self._sampled:
            self._films.append(decode(probed.thumbnail))

    def note(self) -> None:
        progress, images, aside = self._run.progress, len(self._run.images), self._aside
        if aside:
            more = f" and {len(aside) - SHOWN_ASIDE} more" if len(aside) > SHOWN_ASIDE else ""
            progress.note(f"{len(aside)} of {images} images set aside: {'; '.join(aside[:SHOWN_ASIDE])}{more}")
        columns = np.array(self._statistics, dtype=np.float64).reshape(-1, 4).T
        statistics = dict(zip(("low", "high", "mean", "std"), columns, strict=True))
        for mistake in likely_mistakes(statistics, self._films, self._run.config.as_dict()["target"]):
            progress.note(f"warning: {mistake}")


class _StoreProgress:
    """Adds up what the store reports as written: first the images, then the units of each layer."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._what = ""
        self._done = 0

    def __call__(self, what: str, done: int, _total: int) -> None:
        if what != self._what:
            self._what, self._done = what, 0
        self._progress.advance(done - self._done)
        self._done = done
