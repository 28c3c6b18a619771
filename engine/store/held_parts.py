"""Which file holds which parts of which images, for many millions of images in many files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

_NOTHING: frozenset[str] = frozenset()


class HeldParts:
    """Memory holds one entry for each image, however many files hold parts of it.

    Few combinations of files and parts exist. Each has a number, and an image is kept with one of these numbers.
    """

    def __init__(self, parts: Collection[str]) -> None:
        """`parts`: the keys of all parts that count."""
        self._parts = frozenset(parts)
        self._number_of_image: dict[str, int] = {}
        self._numbers: dict[tuple[tuple[int, frozenset[str]], ...], int] = {(): 0}
        self._combinations: list[tuple[tuple[int, frozenset[str]], ...]] = [()]
        """Each a list of files with the parts that they hold"""
        self._held: list[frozenset[str]] = [_NOTHING]
        """The parts that the files of each combination hold together"""
        self._sources: list[dict[str, int]] = [{}]
        """Of each combination: the key of a part -> the first file that holds it"""
        self._more: dict[tuple[int, int, frozenset[str]], int] = {}

    def add(self, source: int, held: Mapping[str, frozenset[str]]) -> None:
        """The file with this number holds these parts by image, beside what was added before. Files come in order."""
        numbers, more = self._number_of_image, self._more
        for image, parts in held.items():
            before = numbers.get(image, 0)
            number = more.get((before, source, parts))
            if number is None:
                number = more[(before, source, parts)] = self._joined(before, source, parts)
            numbers[image] = number

    def _joined(self, before: int, source: int, parts: frozenset[str]) -> int:
        files = dict(self._combinations[before])
        files[source] = files.get(source, _NOTHING) | (parts & self._parts)
        combination = tuple(files.items())
        if combination not in self._numbers:
            self._numbers[combination] = len(self._combinations)
            self._combinations.append(combination)
            self._held.append(_NOTHING.union(*files.values()))
            self._sources.append({part: file for file, some in reversed(combination) for part in some})
        return self._numbers[combination]

    def of(self, image: str) -> frozenset[str]:
        """The keys of the parts of this image that files hold."""
        return self._held[self._number_of_image.get(image, 0)]

    def images(self) -> Iterator[str]:
        """The keys of the images of which files hold parts."""
        return iter(self._number_of_image)

    def source(self, image: str, part: str) -> int:
        """The first file that holds this part. Raises KeyError when none does."""
        try:
            return self._sources[self._number_of_image[image]][part]
        except KeyError:
            raise KeyError(image) from None

    def known(self, parts: frozenset[str]) -> bool:
        """Whether one file holds all of these parts of some image."""
        return any(parts <= some for combination in self._combinations for _, some in combination)
