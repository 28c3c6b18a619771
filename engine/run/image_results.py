"""Finds the parts of a run's images in the files that hold them, and says which parts no file holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.errors import MammiError
from engine.limits import another_held
from engine.store.batch import Batch, Film, Floats, ProbedImage
from engine.store.finished import FinishedRun
from engine.store.held_parts import HeldParts
from engine.store.parts import Computed, ImageKeys, PartKeys, PartSource
from engine.store.work import WorkFile

TOGETHER = 512
"""Images that are read from the files together"""
_NOTHING: frozenset[str] = frozenset()


def lacking_parts(
    keys: ImageKeys, parts: frozenset[str], embedding: str, held: Callable[[str], frozenset[str]]
) -> Iterator[tuple[str, frozenset[str]]]:
    """The keys under which parts of an image are lacking, each with the keys of those parts.

    `parts` are the keys of all parts, `embedding` that of the embedding, and `held` gives the keys of the parts that
    are held under the key of an image.
    """
    wanted = [(keys.film, parts)]
    if keys.film != keys.embedding:
        wanted = [(keys.film, parts - {embedding}), (keys.embedding, frozenset((embedding,)))]
    for image, whole in wanted:
        lacking = whole - held(image)
        if lacking:
            yield image, lacking


class ImageResults:
    """The parts of images in the work file and in finished run files.

    Only `put` writes. One process calls it, also with what other processes have computed.
    """

    def __init__(
        self, parts: PartKeys, work: WorkFile, finished: Sequence[FinishedRun], sealed: Sequence[PartSource] = ()
    ) -> None:
        """`sealed`: files that shards have written."""
        self.parts = parts
        self._names = {key: name for name, key in parts.by_name().items()}
        self._all = frozenset(self._names)
        self._work = work
        self._sources: list[PartSource] = [*finished, *sealed, work]
        self._held = HeldParts(self._all)
        self._reasons: dict[str, dict[str, str]] = {}
        self._numberless: dict[str, NDArray[np.bool_]] = {}
        for number, source in enumerate(self._sources):
            held, every = dict(source.held(self._all)), source.reasons(self._all)
            for image, reasons in every.items():
                again = frozenset(part for part, reason in reasons.items() if another_held(reason))
                held[image] = held.get(image, _NOTHING) - again
                kept = {part: reason for part, reason in reasons.items() if part not in again}
                if kept:
                    self._reasons[image] = kept | self._reasons.get(image, {})
            self._held.add(number, held)
        self._set_aside: dict[str, tuple[Film, dict[str, str]]] = {}
        for run in reversed(finished):
            aside = run.set_aside(parts)
            self._set_aside |= {key: one for key, one in aside.items() if not any(map(another_held, one[1].values()))}

    def known(self, parts: Iterable[str]) -> bool:
        """Whether some image has all of the parts with these keys in one file."""
        return self._held.known(frozenset(parts))

    def lacking(self, keys: ImageKeys) -> frozenset[str]:
        """The keys of this image's parts that no file holds."""
        return _NOTHING.union(*(lacking for _, lacking in self._lacking(keys)))

    def claim(self, keys: ImageKeys) -> frozenset[str]:
        """Returns the keys of the lacking parts and counts them as held from now on.

        The caller computes them. So an equal image after this one lacks nothing.
        """
        claimed = _NOTHING
        for image, lacking in self._lacking(keys):
            self._held.add(len(self._sources) - 1, {image: lacking})
            claimed |= lacking
        return claimed

    def _lacking(self, keys: ImageKeys) -> Iterator[tuple[str, frozenset[str]]]:
        """The keys under which parts of an image are lacking, each with the keys of those parts."""
        if keys.embedding not in self._set_aside:
            yield from lacking_parts(keys, self._all, self.parts.embedding, self._held.of)

    def held(self) -> dict[str, frozenset[str]]:
        """The key of each image -> the keys of its parts that some file holds. An image that a finished run sets aside
        counts as whole."""
        return {image: self._held.of(image) for image in self._held.images()} | dict.fromkeys(
            self._set_aside, self._all
        )

    def put(self, computed: Computed) -> None:
        """Keeps what was computed in the work file."""
        self._work.put(computed)
        for image, film in zip(computed.films.images, computed.films.films, strict=True):
            self._keep_reason(image, computed.films.part, film.reason)
        for vectors in computed.vectors:
            for image, reason in zip(vectors.images, vectors.reasons, strict=True):
                self._keep_reason(image, vectors.part, reason)

    def _keep_reason(self, image: str, part: str, reason: str) -> None:
        if reason:
            self._reasons.setdefault(image, {})[part] = reason

    def reasons(self, keys: ImageKeys) -> dict[str, str]:
        """The name of each part that sets an image aside -> its reason; the first counts. {} for a usable image."""
        if keys.embedding in self._set_aside:
            return self._set_aside[keys.embedding][1]
        of_film, of_name = self._reasons.get(keys.film), self._reasons.get(keys.embedding)
        if not (of_film or of_name):
            return {}
        every = {**(of_film or {}), **(of_name or {})}
        return {name: every[key] for key, name in self._names.items() if key in every}

    def usable(self, images: Sequence[ImageKeys]) -> list[bool]:
        """Whether each image is usable, in their order."""
        return [
            keys.film not in self._reasons
            and keys.embedding not in self._reasons
            and keys.embedding not in self._set_aside
            for keys in images
        ]

    def need_usable(self, images: Sequence[ImageKeys], first: str) -> None:
        """Raises MammiError when no image is usable; `first` is the name of the first one, for the message."""
        if not any(self.usable(images)):
            [reason, *_] = self.reasons(images[0]).values()
            raise MammiError(f"None of the {len(images)} images can be used; the first is {first}: {reason}.")

    def batches(self, images: Sequence[ImageKeys]) -> Iterator[Batch]:
        """All parts of these images, in order, in batches. Raises KeyError if a part is lacking."""
        for start in range(0, len(images), TOGETHER):
            yield self._batch(images[start : start + TOGETHER])

    def layer(self, name: str, images: Sequence[ImageKeys]) -> Floats:
        """The activations of a layer on these images, all of them usable, [n, units]; 0 for numberless units.

        Raises MammiError where a unit gave numbers for some images and none for others: these are of other models.
        """
        values = self._vectors(self.parts.layers[name], [keys.film for keys in images])
        none = np.isnan(values)
        numberless = self._numberless.setdefault(name, none[0])
        if (other := (none != numberless).any(axis=0)).any():
            raise MammiError(
                f"target: {name}:{int(other.argmax())} gave numbers for some films and none for others. Earlier "
                "results are of another model or device: name another run.out, and compute all of them again."
            )
        return np.where(none, np.float32(0), values) if numberless.any() else values

    def numberless(self, name: str, image: ImageKeys) -> tuple[int, ...]:
        """The units of a layer that gave no number, whatever the film, as any usable image tells."""
        self.layer(name, [image])
        return tuple(np.flatnonzero(self._numberless[name]).tolist())

    def embeddings(self, images: Sequence[ImageKeys]) -> Floats:
        """The embeddings of these images, all of them usable, [n, d]."""
        return self._vectors(self.parts.embedding, [keys.embedding for keys in images])

    def outputs(self, images: Sequence[ImageKeys]) -> Floats:
        """The target model's outputs for these images, all of them usable, [n, classes]."""
        return self._vectors(self.parts.outputs, [keys.film for keys in images])

    def _batch(self, images: Sequence[ImageKeys]) -> Batch:
        usable = [keys for keys, use in zip(images, self.usable(images), strict=True) if use]
        films = self._films(images)
        if not usable:
            none = np.empty((0, 0), np.float32)
            return Batch(
                tuple(self._aside(keys, films) for keys in images), none, dict.fromkeys(self.parts.layers, none)
            )
        statistics = iter(self._vectors(self.parts.input, [keys.film for keys in usable]).tolist())
        probed = []
        for keys in images:
            if self.reasons(keys):
                probed.append(self._aside(keys, films))
            else:
                film = films[keys.film]
                probed.append(
                    ProbedImage(
                        *(film.size_bytes, film.sha256, film.width, film.height, film.thumbnail, ""), *next(statistics)
                    )
                )
        activations = {name: self.layer(name, usable) for name in self.parts.layers}
        return Batch(tuple(probed), self.embeddings(usable), activations, *self._last_part(usable))

    def _last_part(self, usable: Sequence[ImageKeys]) -> tuple[Floats | None, Floats | None, list[bytes]]:
        """The outputs, the head's inputs and the class maps of usable images."""
        films, parts = [keys.film for keys in usable], self.parts
        outputs, inputs = (self._vectors(part, films) if part else None for part in (parts.outputs, parts.head_inputs))
        return outputs, inputs, self._blobs(parts.class_maps, films) if parts.class_maps else []

    def _aside(self, keys: ImageKeys, films: dict[str, Film]) -> ProbedImage:
        film = self._set_aside[keys.embedding][0] if keys.embedding in self._set_aside else films[keys.film]
        reasons = self.reasons(keys)
        [reason, *_] = reasons.values()
        return ProbedImage(film.size_bytes, film.sha256, reason=reason, part_reasons=tuple(reasons.items()))

    def _films(self, images: Sequence[ImageKeys]) -> dict[str, Film]:
        wanted = list(dict.fromkeys(keys.film for keys in images if keys.embedding not in self._set_aside))
        films: dict[str, Film] = {}
        for source, places in self._by_source(self.parts.film, wanted):
            some = [wanted[place] for place in places]
            films |= zip(some, source.films(self.parts.film, some), strict=True)
        return films

    def _vectors(self, part: str, images: Sequence[str]) -> Floats:
        """A part of usable images, [n, k]; n is at least 1."""
        pieces = [
            (places, source.vectors(part, [images[place] for place in places]))
            for source, places in self._by_source(part, images)
        ]
        if len(pieces) == 1:
            return pieces[0][1]
        whole = np.empty((len(images), pieces[0][1].shape[1]), np.float32)
        for places, values in pieces:
            whole[places] = values
        return whole

    def _blobs(self, part: str, images: Sequence[str]) -> list[bytes]:
        """A part of bytes of usable images."""
        blobs = [b""] * len(images)
        for source, places in self._by_source(part, images):
            for place, blob in zip(places, source.blobs(part, [images[each] for each in places]), strict=True):
                blobs[place] = blob
        return blobs

    def _by_source(self, part: str, images: Sequence[str]) -> Iterator[tuple[PartSource, list[int]]]:
        """Each file to read a part from, with the places of its images. Raises KeyError for an image in no file."""
        by_source: dict[int, list[int]] = {}
        for place, image in enumerate(images):
            by_source.setdefault(self._held.source(image, part), []).append(place)
        for number, places in by_source.items():
            yield self._sources[number], places
