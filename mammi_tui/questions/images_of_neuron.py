"""Images of a neuron as a sequence that is read from the file page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

from engine.requery import NeuronAnswer
from engine.store.reader import RunReader
from engine.store.records import ImageInfo
from mammi_tui.film_labels import LabelOrder
from mammi_tui.widgets.captions import ThumbnailItem

PAGE = 64


class ImagesOfNeuron(Sequence[ThumbnailItem]):
    """Reads only the pages that are shown: at α = 0 nearly all images of the run are representative."""

    def __init__(
        self,
        reader: RunReader,
        images: NDArray[np.int64],
        activations: NDArray[np.float32],
        ranks: Sequence[int] | NDArray[np.int64],
        annotation: Sequence[str],
    ) -> None:
        """`images` [n] with the neuron's `activations` [n] and their `ranks` [n] among all images; labels that the
        `annotation` names come first."""
        self._reader = reader
        self.images = images
        self._activations = activations
        self._ranks = ranks
        self._pages: dict[int, list[ImageInfo]] = {}
        first = self._page(0) if len(self) else []
        self._labels = LabelOrder((info.labels for info in first), annotation)

    @classmethod
    def representative(cls, reader: RunReader, answer: NeuronAnswer) -> Self:
        """The representative images, the highest activation first."""
        annotation = [reader.concepts[concept] for concept in answer.ranking[: answer.annotated].tolist()]
        return cls(reader, answer.images, answer.activations, range(1, len(answer.images) + 1), annotation)

    def __len__(self) -> int:
        return len(self.images)

    @overload
    def __getitem__(self, index: int) -> ThumbnailItem: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ThumbnailItem]: ...
    def __getitem__(self, index: int | slice) -> ThumbnailItem | Sequence[ThumbnailItem]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        info = self.info(place)
        activation, labels = float(self._activations[place]), self._labels.sorted(info.labels)
        return ThumbnailItem(info.image, info.path, activation, labels, int(self._ranks[place]))

    def __iter__(self) -> Iterator[ThumbnailItem]:
        return (self[place] for place in range(len(self)))

    def info(self, place: int) -> ImageInfo:
        """What the run file stores about the image at a place of the ranking."""
        return self._page(place // PAGE)[place % PAGE]

    def _page(self, page: int) -> list[ImageInfo]:
        if page not in self._pages:
            self._pages[page] = self._reader.images(self.images[page * PAGE : (page + 1) * PAGE])
        return self._pages[page]
