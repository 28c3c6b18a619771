"""The stages of a run. Each takes over what is known by its content key, computes the rest, and tells its progress."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import MammiError, failing_as
from engine.probing.base import Image
from engine.progress import Progress
from engine.run.image_pass import ImagePass
from engine.run.known import Known
from engine.run.loading import LoadedBatch
from engine.store.batch import Batch, BatchKeys, ProbedImage
from engine.store.contents import RunContents
from engine.store.keys import content_key
from engine.store.thumbnails import decode
from engine.store.writer import assemble
from engine.targets.input_check import likely_mistakes, sampled
from engine.vlms.base import VLM, check_embeddings

TEXTS_AT_ONCE = 64
"""Texts that are encoded, and kept, together."""
SHOWN_ASIDE = 3
"""Images set aside that are told by name."""


def prompted(template: str, concepts: Sequence[str]) -> list[str]:
    """The bare template, and each concept in it."""
    return [template, *(f"{template} {concept}" for concept in concepts)]


def concept_stage(vlm: VLM, texts: Sequence[str], known: Known, progress: Progress) -> NDArray[np.float32]:
    """Unit vectors of the texts, [n, d]. Only those not known yet are encoded, those of like length together: most VLMs
    encode texts of one length at once."""
    different = list(dict.fromkeys(texts))
    progress.stage("concepts", len(different))
    embeddings = known.texts(vlm.identity, different)
    progress.advance(len(embeddings), reused=len(embeddings))
    missing = sorted((text for text in different if text not in embeddings), key=len)
    for start in range(0, len(missing), TEXTS_AT_ONCE):
        piece = missing[start : start + TEXTS_AT_ONCE]
        vectors = known.array(content_key("texts", vlm.identity, piece), lambda piece=piece: _encode(vlm, piece))  # type: ignore[misc]
        embeddings |= dict(zip(piece, vectors, strict=True))
        progress.advance(len(piece))
    return np.stack([embeddings[text] for text in texts])


def _encode(vlm: VLM, texts: Sequence[str]) -> NDArray[np.float32]:
    with failing_as("vlm: encoding texts failed"):
        vectors = np.asarray(vlm.encode_texts(texts), dtype=np.float32)
    check_embeddings(vlm, vectors, len(texts))
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise MammiError(f"vlm: the embedding of {texts[int(finite.argmin())]!r} is not a finite number.")
    return vectors


def image_stage(
    batches: Iterator[LoadedBatch], images: int, image_pass: ImagePass, known: Known, progress: Progress
) -> list[BatchKeys]:
    """Computes the parts of batches that are not known yet; the keys of all, in the probing set's order."""
    progress.stage("images", images)
    keys = []
    with image_pass:
        for loaded in batches:
            if loaded.target is not None:
                known.put_target(loaded.keys.target, image_pass.target_part(loaded.target))
            if loaded.vlm is not None:
                known.put_vlm(loaded.keys.vlm, image_pass.vlm_part(loaded.vlm))
            keys.append(loaded.keys)
            reused = loaded.target is None and loaded.vlm is None
            progress.advance(loaded.size, reused=loaded.size if reused else 0)
    return keys


def need_images(contents: RunContents, known: Known) -> None:
    """Raises MammiError when no image is usable."""
    if not any(known.get(key).usable for key in contents.batch_keys):
        told = f"{contents.images[0].path}: {known.get(contents.batch_keys[0]).images[0].reason}"
        raise MammiError(f"Not one of the {len(contents.images)} images can be used; the first is {told}.")


def assembly_stage(out: Path, contents: RunContents, known: Known, progress: Progress) -> None:
    """Writes the run file, and tells which images are set aside and what is likely wrong with the models' inputs.

    Raises MammiError when no image is usable.
    """
    need_images(contents, known)
    first = known.get(contents.batch_keys[0])
    units = sum(values.shape[1] for values in first.activations.values())
    progress.stage("run file", len(contents.images) + units)
    seen = _Seen(len(contents.images))
    assemble(out, contents, _batches(contents, known, seen), _StoreProgress(progress))
    if seen.aside:
        more = f" and {len(seen.aside) - SHOWN_ASIDE} more" if len(seen.aside) > SHOWN_ASIDE else ""
        progress.note(
            f"{len(seen.aside)} of {len(contents.images)} images set aside: {'; '.join(seen.aside[:SHOWN_ASIDE])}{more}"
        )
    for mistake in likely_mistakes(seen.statistics(), seen.films, contents.config.get("target", {})):
        progress.note(f"warning: {mistake}")


class _Seen:
    """What is told of the images when the run file is written."""

    def __init__(self, images: int) -> None:
        self.aside: list[str] = []
        """Each image that is set aside, with its reason."""
        self.films: list[NDArray[np.uint8]] = []
        """The thumbnails of some."""
        self._sampled = set(sampled(images))
        self._statistics: list[tuple[float, float, float, float]] = []
        self._images = 0

    def add(self, image: Image, probed: ProbedImage) -> None:
        if probed.reason:
            self.aside.append(f"{image.path}: {probed.reason}")
        else:
            self._statistics.append((probed.input_low, probed.input_high, probed.input_mean, probed.input_std))
            if self._images in self._sampled:
                self.films.append(decode(probed.thumbnail))
        self._images += 1

    def statistics(self) -> dict[str, NDArray[np.float64]]:
        """As engine.store.reader.input_statistics gives them."""
        columns = np.array(self._statistics, dtype=np.float64).reshape(-1, 4).T
        return dict(zip(("low", "high", "mean", "std"), columns, strict=True))


def _batches(contents: RunContents, known: Known, seen: _Seen) -> Iterator[Batch]:
    """The run's batches in order; adds each image to `seen`."""
    images = iter(contents.images)
    for key in contents.batch_keys:
        batch = known.get(key)
        for probed, image in zip(batch.images, islice(images, len(batch.images)), strict=True):
            seen.add(image, probed)
        yield batch


class _StoreProgress:
    """Adds up what the store says it has written: first the images, then the units of each layer."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._what = ""
        self._done = 0

    def __call__(self, what: str, done: int, _total: int) -> None:
        if what != self._what:
            self._what, self._done = what, 0
        self._progress.advance(done - self._done)
        self._done = done
