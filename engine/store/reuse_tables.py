"""The tables of a run file that let a later run take over what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from engine.store.batch import Film
from engine.store.cursors import Cursors
from engine.store.decision_records import OVER
from engine.store.layer_shares import LayerShares
from engine.store.parts import ImageKeys, part_of_layer
from engine.store.records import LayerInfo
from engine.store.unit_maps import MapRows, unpacked

_UNITS_AT_ONCE = 64


class ReuseTables:
    """The part of RunReader that engine.store.finished reads. `position` counts the images of the probing set, by which
    they are written."""

    _cursors: Cursors

    def stages(self) -> dict[str, str]:
        """The name of each stage -> the key of all that determines what it put in the run file."""
        return dict(self._cursors.rows("SELECT name, key FROM stages"))

    def sources(self) -> dict[str, str]:
        """As RunContents.sources."""
        return dict(self._cursors.rows("SELECT name, key FROM sources"))

    def parts(self) -> dict[str, str]:
        """The name of each part that the run made of its images -> the part's key."""
        return dict(self._cursors.rows("SELECT name, key FROM parts"))

    def image_keys(self) -> list[tuple[ImageKeys, int | None]]:
        """By position: the keys of each image, and its index among the usable ones. [] for a run without keys."""
        found: list[tuple[ImageKeys, int | None]] = []
        columns = "film_key, coalesce(embedding_key, film_key) AS embedding, coalesce(image, -1) AS image"
        for rows in self._cursors.pieces(columns, "images", "film_key IS NOT NULL"):
            images = (None if image < 0 else image for image in rows["image"].tolist())
            keys = map(ImageKeys, rows["film_key"].tolist(), rows["embedding"].tolist())
            found += zip(keys, images, strict=True)
        return found

    def subject(self, layer: str) -> str:
        """A hash of the target model, the layer and the probing images: runs that differ in concepts, VLM, α or β share
        it. "" for a run without keys."""
        part = self.parts().get(part_of_layer(layer), "")
        if not part:
            return ""
        digest, keys = hashlib.sha256(part.encode()), 0
        for rows in self._cursors.pieces("film_key", "images", "film_key IS NOT NULL"):
            keys += len(rows["film_key"])
            digest.update("".join(f" {key}" for key in rows["film_key"].tolist()).encode())
        return digest.hexdigest() if keys else ""

    def part_reasons(self) -> dict[int, dict[str, str]]:
        """The position of each image that is set aside -> the name of each part that does so -> its reason."""
        found: dict[int, dict[str, str]] = {}
        for position, part, reason in self._cursors.rows("FROM part_reasons ORDER BY rowid"):
            found.setdefault(position, {})[part] = reason
        return found

    def class_map_blobs(self, images: Sequence[int]) -> list[bytes]:
        """The class activation maps of images by index, as engine.store.class_maps.packed; empty where the model has
        none."""
        rows = self._cursors.arrays("film_maps", "rowid IN (SELECT unnest(?::BIGINT[]))", list(images))
        columns = (rows[name].tolist() for name in ("rowid", "lows", "highs", "cells"))
        found = {image: b"".join(pieces) for image, *pieces in zip(*columns, strict=True)}
        return [found.get(image, b"") for image in images]

    def map_rows(self, layer: LayerInfo, key: str, keys: Mapping[int, str]) -> Iterator[MapRows]:
        """The maps of a layer's units; `keys` are those of the images by index. A layer without maps gives one value
        that says so."""
        sizes = self._cursors.rows("SELECT height, width FROM map_sizes WHERE layer = ?", layer.position)
        if not sizes:
            yield MapRows.of_no_maps(key)
            return
        first = layer.first_neuron
        for start in range(first, first + layer.units, _UNITS_AT_ONCE):
            last = min(start + _UNITS_AT_ONCE, first + layer.units) - 1
            rows = self._cursors.arrays("unit_maps", "neuron BETWEEN ? AND ?", start, last, also="neuron")
            columns = (rows[name].tolist() for name in ("neuron", "images", "lows", "highs", "cells"))
            for neuron, images, *values in zip(*columns, strict=True):
                with self._cursors.whole():
                    films = tuple(keys[image] for image in np.frombuffer(images, "<i4").tolist())
                    units = np.full(len(films), neuron - first, np.int32)
                    yield unpacked(key, films, units, values, sizes[0])

    def layer_shares(self, layer: LayerInfo) -> LayerShares | None:
        """The importance of a hidden layer; None where the file does not hold it film by film."""
        means = self._cursors.arrays("importance", "layer = ?", layer.position, also="class, over, films")
        films = self._cursors.arrays("film_importance", "layer = ?", layer.position, also="image")
        if not len(means["mean"]) or not len(films["classes"]):
            return None
        with self._cursors.whole():
            columns = (means[name].tolist() for name in ("over", "class", "films", "mean"))
            rows = sorted(zip(*columns, strict=True), key=lambda row: (OVER.index(row[0]), row[1]))
            counts = np.array([count for _, _, count, _ in rows], np.int64).reshape(len(OVER), -1)
            values = np.frombuffer(b"".join(mean for *_, mean in rows), "<f4")
            order = np.argsort(films["image"], kind="stable")
            joined = {name: b"".join(films[name][order]) for name in ("classes", "units", "shares")}
            classes = np.frombuffer(joined["classes"], "<i4").reshape(len(order), -1)
            shape = (*classes.shape, -1)
            return LayerShares(
                layer.name,
                counts,
                values.reshape(*counts.shape, -1),
                classes,
                np.frombuffer(joined["units"], "<i4").reshape(shape),
                np.frombuffer(joined["shares"], "<f4").reshape(shape),
            )

    def films(self, positions: Sequence[int]) -> dict[int, Film]:
        """The films at these positions."""
        rows = self._cursors.arrays(
            *("images", "position BETWEEN ? AND ? AND position IN (SELECT unnest(?::INTEGER[]))"),
            *(min(positions), max(positions), list(positions)),
            also="position, size_bytes, sha256, width, height, reason",
        )
        columns = ("position", "size_bytes", "sha256", "width", "height", "thumbnail", "reason")
        films = zip(*(rows[name].tolist() for name in columns), strict=True)
        return {
            position: Film(size, sha256, width, height, bytes(thumbnail), reason)
            for position, size, sha256, width, height, thumbnail, reason in films
        }
