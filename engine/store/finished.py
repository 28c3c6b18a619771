"""Reads back what a finished run file holds: parts of images, embeddings of texts, and scores of computed methods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rows import Rows
from engine.store.batch import Film, Floats
from engine.store.contents import prompt
from engine.store.embedding_rows import rounded, rounded_key
from engine.store.layer_shares import LayerShares
from engine.store.parts import EMBEDDING, HEAD_INPUTS, INPUT, OUTPUTS, ImageKeys, PartKeys, layer_of
from engine.store.reader import RunReader
from engine.store.records import MethodScore
from engine.store.unit_maps import MAPS_STAGE, MapRows

_TOGETHER = 4096
"""Images whose head's inputs are read at once"""


class _Place(NamedTuple):
    """Where an image stands in the run."""

    position: int
    image: int | None
    """Its index among the usable ones"""


class FinishedRun:
    """A finished run file as a PartSource (engine.store.parts).

    For an image that is set aside the file holds only the reasons, none of the other parts. A layer is sorted back into
    the images' order when first asked for, and then kept in memory: [p, units] float32.

    Raises RunFileError as RunReader does.
    """

    def __init__(self, path: Path, reader: RunReader | None = None) -> None:
        self._reader = reader or RunReader(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._reader.close()

    @property
    def reader(self) -> RunReader:
        return self._reader

    @cached_property
    def stages(self) -> dict[str, str]:
        """As RunContents.stages."""
        return self._reader.stages()

    @cached_property
    def sources(self) -> dict[str, str]:
        """As RunContents.sources."""
        return self._reader.sources()

    def held(self, parts: Collection[str]) -> dict[str, frozenset[str]]:
        """As PartSource.held."""
        ours = frozenset(key for key in self._names if key in parts)
        by_name = ours & {key for key, name in self._names.items() if name == EMBEDDING}
        found: dict[str, frozenset[str]] = {}
        for position, (keys, image) in enumerate(self._images):
            if image is None:
                reasons = self._reasons_by_key(position)
                whole = frozenset(key for key in reasons if key in ours)
            else:
                whole = ours
            if keys.film == keys.embedding:
                found[keys.film] = found.get(keys.film, whole) | whole
            else:
                for key, some in ((keys.film, whole - by_name), (keys.embedding, whole & by_name)):
                    found[key] = found.get(key, some) | some
        return found

    def reasons(self, parts: Collection[str]) -> dict[str, dict[str, str]]:
        """As PartSource.reasons."""
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for position in self._part_reasons:
            keys, _ = self._images[position]
            for part, reason in self._reasons_by_key(position).items():
                if part in parts:
                    found[keys.embedding if self._names[part] == EMBEDDING else keys.film][part] = reason
        return dict(found)

    def set_aside(self, parts: PartKeys) -> dict[str, tuple[Film, dict[str, str]]]:
        """The embedding key of each image that one of these parts sets aside -> its film, and its reasons by part name.

        {} unless this run made all of these parts. A run of these parts keeps nothing else of such an image.
        """
        names = parts.by_name()
        if not set(names.values()) <= self._names.keys():
            return {}
        aside = {
            position: {name: reasons[name] for name in names if name in reasons}
            for position, reasons in self._part_reasons.items()
        }
        positions = [position for position, reasons in aside.items() if reasons]
        films = self._reader.films(positions) if positions else {}
        return {self._images[position][0].embedding: (films[position], aside[position]) for position in positions}

    def films(self, part: str, images: Sequence[str]) -> list[Film]:
        """As PartSource.films."""
        self._check(part)
        positions = [self._places[image].position for image in images]
        films = self._reader.films(positions)
        return [films[position] for position in positions]

    def vectors(self, part: str, images: Sequence[str]) -> Floats:
        """As PartSource.vectors."""
        name = self._check(part)
        places = np.array(self._indices(images), dtype=np.int64)
        if name != EMBEDDING:
            return self._array(name)[places]
        own = part == self._parts.get(EMBEDDING)
        return self._embeddings[places] if own else rounded(self._embeddings[places])

    def blobs(self, part: str, images: Sequence[str]) -> list[bytes]:
        """As PartSource.blobs."""
        self._check(part)
        return self._reader.class_map_blobs(self._indices(images))

    def _indices(self, images: Sequence[str]) -> list[int]:
        """The indices of usable images. Raises KeyError for one that is set aside."""
        indices = []
        for image in images:
            index = self._places[image].image
            if index is None:
                raise KeyError(image)
            indices.append(index)
        return indices

    def map_rows(self, key: str) -> Iterator[MapRows]:
        """As MapSource.map_rows."""
        keys = {image: keys.film for keys, image in self._images if image is not None}
        for layer in self._reader.layers:
            if self.stages.get(MAPS_STAGE + layer.name) == key:
                yield from self._reader.map_rows(layer, key, keys)

    def _check(self, part: str) -> str:
        """The name of the part. Raises KeyError when the run did not make it."""
        return self._names[part]

    @property
    def usable(self) -> list[str]:
        """The film keys of the usable images, in order."""
        return [keys.film for keys, image in self._images if image is not None]

    def layer_shares(self, layer: str) -> LayerShares | None:
        """The importance of a hidden layer of this name, as the run file holds it."""
        info = next((each for each in self._reader.layers if each.name == layer), None)
        return None if info is None else self._reader.layer_shares(info)

    def texts(self) -> dict[str, NDArray[np.float32]]:
        """The embeddings [d] of the subtracted templates, of the concepts in each template, of the bare concepts and of
        the captions, by their text."""
        reader = self._reader
        texts = dict(zip(reader.captions, reader.arrays.caption_embeddings(), strict=True))
        bare = reader.arrays.bare_text_embeddings()
        if bare is not None:
            texts |= dict(zip(reader.concepts, bare, strict=True))
        templates = {reader.info.template: reader.arrays.text_embeddings()}
        templates |= {other: reader.arrays.other_template(place) for place, other in enumerate(reader.other_templates)}
        for template, (embeddings, of_template) in templates.items():
            if of_template.any():  # zeros stand for a template that was not encoded
                texts[template] = of_template
            prompted = zip(reader.concepts, embeddings, strict=True)
            texts |= {prompt(template, concept): embedding for concept, embedding in prompted}
        return texts

    def method_scores(self, name: str) -> list[MethodScore]:
        """All scores of a computed method."""
        return [score for layer in self._reader.layers for score in self._reader.method_scores(name, layer.name)]

    @cached_property
    def _parts(self) -> dict[str, str]:
        return self._reader.parts()

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """The key of each part that the run made -> the part's name; and of rounded embeddings, which follow from
        those that it made."""
        names = {key: name for name, key in self._parts.items()}
        return names | {rounded_key(key): name for key, name in names.items() if name == EMBEDDING}

    @cached_property
    def _images(self) -> list[tuple[ImageKeys, int | None]]:
        return self._reader.image_keys()

    @cached_property
    def _part_reasons(self) -> dict[int, dict[str, str]]:
        return self._reader.part_reasons() if self._images else {}

    def _reasons_by_key(self, position: int) -> dict[str, str]:
        """The key of each part that sets an image aside -> its reason."""
        reasons = self._part_reasons.get(position, {})
        return {key: reasons[name] for key, name in self._names.items() if name in reasons}

    @cached_property
    def _places(self) -> dict[str, _Place]:
        """Image key -> place; if images are equal, the place of a usable one."""
        places: dict[str, _Place] = {}
        for position, (keys, image) in enumerate(self._images):
            for key in keys:
                if image is not None or key not in places:
                    places[key] = _Place(position, image)
        return places

    @cached_property
    def _embeddings(self) -> Rows:
        return self._reader.arrays.image_embeddings()

    def _array(self, part: str) -> Floats:
        """The part of this name of all usable images, [p, k]; of all parts but the embedding."""
        if part not in self._arrays:
            reader = self._reader
            if part == INPUT:
                self._arrays[part] = np.stack(list(reader.input_statistics().values()), axis=1).astype(np.float32)
            elif part in (OUTPUTS, HEAD_INPUTS):
                held = reader.outputs if part == OUTPUTS else _head_inputs(reader)
                self._arrays[part] = np.empty((reader.image_count, 0), np.float32) if held is None else held
            else:
                layer = reader.layer(layer_of(part))
                self._arrays[part] = layer.as_given(reader.arrays.activations(layer)).T
        return self._arrays[part]

    @cached_property
    def _arrays(self) -> dict[str, Floats]:
        return {}


def _head_inputs(reader: RunReader) -> Floats | None:
    """The head's inputs on all usable images, [p, units], read in pieces; None without a head."""
    images = np.arange(reader.image_count)
    pieces = [reader.head_inputs_of(images[start : start + _TOGETHER]) for start in range(0, len(images), _TOGETHER)]
    held = [piece for piece in pieces if piece is not None]
    return np.concatenate(held) if held else None
