"""The tables about images in a run file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from threading import Lock
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import RunFileError
from engine.probing.base import Box, Polygon
from engine.store.attributes import Attribute
from engine.store.cursors import Cursors, damage_of
from engine.store.records import ImageInfo, SetAside
from engine.store.sums import Rows

_Column = NDArray[Any]
_KEPT = 4096
"""Images whose data are kept, a kilobyte or so each: to read one takes 6 ms, to read a thousand 20 ms"""


def read_images(ask: Rows, wanted: Sequence[int]) -> dict[int, tuple[ImageInfo, int | None]]:
    """What a run file says of these images, those that it has, and the sum that stands beside each (`record_sum`).

    Raises TypeError and ValueError for what is no image's, as does `record_sum` of what this gives.
    """
    chosen = "WHERE image IN (SELECT unnest(?::INTEGER[]))"

    def rows(columns: str, table: str) -> list[tuple[Any, ...]]:
        return ask(f"SELECT image, {columns} FROM {table} {chosen} ORDER BY rowid", wanted)  # noqa: S608 (own names)

    labels: dict[int, list[str]] = {}
    for image, label in rows("label", "labels"):
        labels.setdefault(image, []).append(label)
    boxes: dict[int, list[Box]] = {}
    for image, *box in rows("label, x, y, width, height", "boxes"):
        boxes.setdefault(image, []).append(Box(*box))
    polygons: dict[int, list[Polygon]] = {}
    for image, label, points in rows("label, points", "polygons"):
        polygons.setdefault(image, []).append(Polygon(label, tuple((x, y) for x, y in points)))
    told: dict[int, list[tuple[str, str]]] = {}
    for image, name, value in rows("name, value", "image_attributes"):
        told.setdefault(image, []).append((name, value))
    query = f"SELECT image, path, patient, view, width, height, sha256, record_sum FROM images {chosen}"  # noqa: S608
    return {
        image: (
            ImageInfo(
                *(image, path, patient, view, tuple(labels.get(image, ()))),
                *(width, height, sha256, tuple(boxes.get(image, ())), tuple(polygons.get(image, ()))),
                tuple(told.get(image, ())),
            ),
            record_sum,
        )
        for image, path, patient, view, width, height, sha256, record_sum in ask(query, wanted)
    }


def _is_sound(found: tuple[ImageInfo, int | None] | None) -> bool:
    return found is not None and found[0].record_sum == found[1]


class ImageTables:
    """The part of RunReader about images: some of them, or all p usable ones in a table by image index."""

    _cursors: Cursors
    image_count: int
    """p"""

    def images(self, indices: Iterable[int]) -> list[ImageInfo]:
        """What the run file says of these images, in their order. Raises IndexError for one that does not exist.

        Those read last are kept.
        """
        wanted = [int(index) for index in indices]
        known = {image: info for image in wanted if (info := self._kept.get(image))}
        if fresh := [image for image in dict.fromkeys(wanted) if image not in known]:
            known |= {info.image: info for info in self._read_images(fresh)}
            with self._keeping:
                self._kept |= known
                for image in list(self._kept)[:-_KEPT]:
                    del self._kept[image]
        return [known[image] for image in wanted]

    @cached_property
    def _kept(self) -> dict[int, ImageInfo]:
        return {}

    @cached_property
    def _keeping(self) -> Lock:
        return Lock()

    def _read_images(self, wanted: list[int]) -> list[ImageInfo]:
        for image in wanted:
            if not 0 <= image < self.image_count:
                raise IndexError(f"no image {image}: the run has {self.image_count}")
        with self._cursors.whole():  # no sum of a column says that values have the types of an image's
            found = read_images(self._cursors.unchecked_rows, wanted)
            damaged = [image for image in wanted if not _is_sound(found.get(image))]
        if damaged:
            raise RunFileError(damage_of(self._cursors.path, f"facts about image {damaged[0]}"))
        return [found[image][0] for image in wanted]

    def thumbnail(self, image: int) -> bytes:
        """The encoded thumbnail of an image (engine.store.thumbnails). Raises IndexError for an unknown one."""
        found = self._cursors.arrays("images", "image = ?", int(image))["thumbnail"]
        if not len(found):
            raise IndexError(f"no image {image}: the run has {self.image_count}")
        return bytes(found[0])

    def set_aside(self) -> list[SetAside]:
        """The images that could not be used, in the probing set's order."""
        return [
            SetAside(*row)
            for row in self._cursors.rows(
                "SELECT path, reason FROM images WHERE status = 'set aside' ORDER BY position"
            )
        ]

    def input_statistics(self) -> dict[str, NDArray[np.float64]]:
        """The "low", "high", "mean" and "std" of each usable image's input to the target model, each [p].

        All are 0 in a run of a version that did not measure them.
        """
        found = {name: np.zeros(self.image_count) for name in ("low", "high", "mean", "std")}
        columns = ", ".join(f"input_{name} AS {name}" for name in found)
        for rows in self._cursors.pieces(f"image, {columns}", "images", "image IS NOT NULL"):
            with self._cursors.whole():
                for name, values in found.items():
                    values[rows["image"]] = rows[name]
        return found

    def label_table(self) -> tuple[tuple[str, ...], NDArray[np.bool_]]:
        """The labels of the run by name, [L], and which image carries which, [p, L], read-only. Read once."""
        return self._label_table

    @cached_property
    def _label_table(self) -> tuple[tuple[str, ...], NDArray[np.bool_]]:
        names, images, numbers, _ = self._by_name("labels", "label", "true")
        with self._cursors.whole():
            table = np.zeros((self.image_count, len(names)), dtype=np.bool_)
            table[images, numbers] = True
        table.flags.writeable = False
        return names, table

    def parameter_table(self) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """The truth behind phantoms: the names of the parameters, [k], and each image's values, [p, k]; NaN where an
        image has none."""
        names, images, numbers, values = self._by_name("image_parameters", "name", "value::DOUBLE")
        with self._cursors.whole():
            table = np.full((self.image_count, len(names)), np.nan)
            table[images, numbers] = values
        return names, table

    def attributes(self) -> tuple[Attribute, ...]:
        """What is recorded about the images beside findings, by name; their view is an attribute too. Read once."""
        return self._attributes

    @cached_property
    def has_attributes(self) -> bool:
        """Whether `attributes` gives any, without reading them: that takes seconds for 100,000 images."""
        return bool(self.coded("view")[0] or self._cursors.rows("SELECT 1 FROM image_attributes LIMIT 1"))

    @cached_property
    def _attributes(self) -> tuple[Attribute, ...]:
        told = "FROM image_attributes WHERE image IS NOT NULL AND name IS NOT NULL AND value IS NOT NULL"
        names = {name for (name,) in self._cursors.rows(f"SELECT DISTINCT name {told}")}
        found = {}
        for name in names:  # one after the other: the rows of all would take 100 MB for 100,000 images
            rows = self._cursors.columns(f"SELECT image, value {told} AND name = ?", name)
            with self._cursors.whole():
                found[name] = Attribute.of(name, rows["image"].tolist(), rows["value"].tolist(), self.image_count)
        views, places = self.coded("view")
        if "view" not in found and any(views):
            images = np.flatnonzero(np.array([*map(bool, views), False])[places])
            values = [views[place] for place in places[images].tolist()]
            found["view"] = Attribute.of("view", images.tolist(), values, self.image_count)
        return tuple(found[name] for name in sorted(found))

    def paths(self) -> tuple[str | None, ...]:
        """Each image's path in the probing set, [p]."""
        return self._texts("path")

    def digests(self) -> NDArray[np.uint64]:
        """The first 128 bits of the sha256 of each image's file, [p, 2]: its texts would take 13 MB for 100,000."""
        halves = (f"('0x' || sha256[{start}:{start + 15}])::UBIGINT AS half{start}" for start in (1, 17))
        found = np.zeros((self.image_count, 2), dtype=np.uint64)
        for rows in self._cursors.pieces(f"image, {', '.join(halves)}", "images", "image IS NOT NULL"):
            with self._cursors.whole():
                found[rows["image"]] = np.stack([rows["half1"], rows["half17"]], axis=1)
        return found

    def patients(self) -> tuple[str | None, ...]:
        """Each image's patient, [p]; None if the probing set does not say."""
        return self._texts("patient")

    def views(self) -> tuple[str | None, ...]:
        """Each image's view, [p], such as "PA"; None if the probing set does not say."""
        return self._texts("view")

    def coded(self, column: Literal["patient", "view"]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
        """The patients or views by name, and the place of each image's own among them, [p], read-only; −1 where the
        probing set does not say. This takes less memory than their texts. Read once."""
        return self._coded_patients if column == "patient" else self._coded_views

    @cached_property
    def _coded_patients(self) -> tuple[tuple[str, ...], NDArray[np.int32]]:
        return self._coded("patient")

    @cached_property
    def _coded_views(self) -> tuple[tuple[str, ...], NDArray[np.int32]]:
        return self._coded("view")

    def _coded(self, column: str) -> tuple[tuple[str, ...], NDArray[np.int32]]:
        names, images, numbers, _ = self._by_name("images", column, "true")
        with self._cursors.whole():
            places = np.full(self.image_count, -1, dtype=np.int32)
            places[images] = numbers
        places.flags.writeable = False
        return names, places

    def reports(self) -> tuple[str | None, ...]:
        """Each image's report, [p]; None if it has none."""
        return self._texts("report")

    def reported(self, text: str) -> NDArray[np.int64]:
        """The images with a text in their report, whatever its case."""
        rows = self._cursors.rows(
            "SELECT image FROM images WHERE image IS NOT NULL AND contains(lower(report), ?)", text
        )
        return np.array(sorted(image for (image,) in rows), dtype=np.int64)

    def _texts(self, column: str) -> tuple[str | None, ...]:
        texts: list[str | None] = [None] * self.image_count
        for rows in self._cursors.pieces(f"image, {column}", "images", f"image IS NOT NULL AND {column} IS NOT NULL"):
            with self._cursors.whole():
                for image, value in zip(rows["image"].tolist(), rows[column].tolist(), strict=True):
                    texts[image] = value
        return tuple(texts)

    def _by_name(self, table: str, name: str, value: str) -> tuple[tuple[str, ...], _Column, _Column, _Column]:
        """All names in a column, sorted; and each row's image, the place of its name, and its value."""
        # The names of tables and columns are this file's own. They are told apart here: for a million images DuckDB
        # would need more memory to sort them than a reader allows it.
        seen: dict[str, int] = {}
        parts: list[tuple[_Column, ...]] = [(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0))]
        given = f"image IS NOT NULL AND {name} IS NOT NULL"
        for rows in self._cursors.pieces(f"image, {name} AS name, {value} AS value", table, given):
            with self._cursors.whole():
                if (rows["image"] < 0).any():
                    raise ValueError(f"{table} of no image")
            numbers = np.fromiter((seen.setdefault(text, len(seen)) for text in rows["name"].tolist()), np.int32)
            parts.append((rows["image"], numbers, rows["value"]))
        names = sorted(seen)
        places = np.empty(len(names), dtype=np.int32)
        places[[seen[text] for text in names]] = np.arange(len(names))
        images, numbers, values = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return tuple(names), images, places[numbers], values
