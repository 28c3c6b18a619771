"""A neuron's representative images as a sequence that is read from the file page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from engine.requery import NeuronAnswer
from engine.store.reader import RunReader
from engine.store.records import ImageInfo
from mammi_tui.film_labels import LabelOrder
from mammi_tui.widgets.captions import ThumbnailItem

PAGE = 64


class Representatives(Sequence[ThumbnailItem]):
    """Reads only the pages that are shown: at α = 0 nearly all images of the run are representative."""

    def __init__(self, reader: RunReader, answer: NeuronAnswer) -> None:
        self._reader = reader
        self._answer = answer
        self._pages: dict[int, list[ImageInfo]] = {}
        first = self._page(0) if len(self) else []
        annotation = [reader.concepts[concept] for concept in answer.ranking[: answer.annotated].tolist()]
        self._labels = LabelOrder((info.labels for info in first), annotation)

    def __len__(self) -> int:
        return len(self._answer.images)

    @overload
    def __getitem__(self, index: int) -> ThumbnailItem: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ThumbnailItem]: ...
    def __getitem__(self, index: int | slice) -> ThumbnailItem | Sequence[ThumbnailItem]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        info = self.info(place)
        return ThumbnailItem(
            info.image, info.path, float(self._answer.activations[place]), self._labels.sorted(info.labels)
        )

    def __iter__(self) -> Iterator[ThumbnailItem]:
        return (self[place] for place in range(len(self)))

    def info(self, place: int) -> ImageInfo:
        """What the run file stores about the image at a place of the ranking."""
        return self._page(place // PAGE)[place % PAGE]

    def _page(self, page: int) -> list[ImageInfo]:
        if page not in self._pages:
            self._pages[page] = self._reader.images(self._answer.images[page * PAGE : (page + 1) * PAGE])
        return self._pages[page]
