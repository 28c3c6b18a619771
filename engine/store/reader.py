"""Reads a run file. DuckDB and NumPy only: the explorer never needs more."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import Selection
from engine.errors import RunFileError, first_line
from engine.store import schema
from engine.store.arrays import RunArrays
from engine.store.contents import ConceptSet, Note, StoredMethod
from engine.store.cursors import Cursors
from engine.store.database import Connection, connect
from engine.store.decision_tables import DecisionTables
from engine.store.image_tables import ImageTables
from engine.store.records import LayerInfo, MethodScore, OwnAnswers, RunInfo, numbered
from engine.store.reuse_tables import ReuseTables
from engine.store.upgrade import upgrade

MEMORY = "48MB"


class RunReader(ImageTables, ReuseTables, DecisionTables):
    """An open run file, read-only; any number may be open at once, and any thread may ask.

    A file of an older schema is brought up to date first (engine.store.upgrade). Raises RunFileError when the file is
    missing, damaged, no run file, or of a newer schema; so does reading from a file that turns out damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._cursors = opened(path)
        try:
            with self._cursors.whole():
                self._load()
        except RunFileError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def whole_hash(self) -> str:
        """Of all that an answer depends on (engine.store.sums.whole_hash), as a file says that is whole."""
        return self._cursors.checks.whole_hash

    def close(self) -> None:
        """Closes the file. May be called more than once, and while other threads read."""
        self._cursors.close()
        if hasattr(self, "arrays"):  # a file that turns out damaged has none
            self.arrays.close()

    def _load(self) -> None:
        meta = self._cursors.rows(
            "SELECT content_hash, created, alpha, beta, target, vlm, config, versions, dimension, ranking, selection "
            "FROM meta"
        )[0]
        content_hash, created, alpha, beta, target, vlm, config, versions, dimension, ranking, selection = meta
        templates = self._cursors.arrays("templates", "true", also="template")
        template, bare = templates["template"].tolist()[0], templates["embedding"][0]
        self.info = RunInfo(
            *(schema.VERSION, content_hash, created, alpha, beta, template, target, vlm),
            *(json.loads(config), json.loads(versions), dimension, any(bare), ranking, Selection.parse(selection)),
        )
        self.image_count = int(self._cursors.rows("SELECT count(image) FROM images")[0][0])
        self.concepts = tuple(name for (name,) in self._cursors.rows("SELECT name FROM concepts ORDER BY concept"))
        self.concept_sets = self._concept_sets()
        neurons = self._cursors.columns(
            "SELECT maximum, minimum, dead, representatives, best, best_score, annotated FROM neurons ORDER BY neuron"
        )
        self.maxima = neurons["maximum"].astype(np.float64)
        self.minima = neurons["minimum"].astype(np.float64)
        self.own = OwnAnswers(
            neurons["representatives"].astype(np.int64),
            neurons["best"].astype(np.int64),
            neurons["best_score"],
            neurons["annotated"].astype(np.int64),
        )
        with self._cursors.whole():
            if not -1 <= self.own.best.min(initial=-1) <= self.own.best.max(initial=-1) < len(self.concepts):
                raise ValueError("neurons: no such concept")
        self.arrays = RunArrays(self._cursors, self.image_count, self.info.dimension)
        self.layers = tuple(
            self._layer(neurons["dead"], *row)
            for row in self._cursors.rows(
                "SELECT layer, name, pooling, units, first_neuron, untrained, numberless FROM layers ORDER BY layer"
            )
        )

    def _concept_sets(self) -> tuple[ConceptSet, ...]:
        members: dict[int, list[int]] = {}
        query = "SELECT concept_set, concept FROM concept_set_members ORDER BY concept_set, place"
        for number, concept in self._cursors.rows(query):
            if not 0 <= concept < len(self.concepts):
                raise ValueError(f"a concept set holds concept {concept} of {len(self.concepts)}")
            members.setdefault(number, []).append(concept)
        sets = self._cursors.rows("SELECT concept_set, name, kind FROM concept_sets ORDER BY concept_set")
        return tuple(ConceptSet(name, kind, tuple(members[number])) for number, name, kind in sets)

    def _layer(
        self,
        dead: NDArray[np.bool_],
        position: int,
        name: str,
        pooling: str,
        units: int,
        first: int,
        untrained: str,
        numberless: str,
    ) -> LayerInfo:
        names = self._cursors.rows("SELECT name FROM neurons WHERE layer = ? ORDER BY unit", position)
        unit_names = tuple(text for (text,) in names)
        named = unit_names if any(unit_names) else ()
        own = dead[first : first + units]
        without = numbered(numberless, units)
        return LayerInfo(name, position, units, pooling, named, own, first, untrained, without)

    def layer(self, name: str) -> LayerInfo:
        """Raises KeyError when the run has no such layer."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    def findings(self, layer: str) -> list[str]:
        """For each unit the label that most of its representatives at the run's own α carry; "" if none has one."""
        position = self.layer(layer).position
        return [
            text
            for (text,) in self._cursors.rows("SELECT finding FROM neurons WHERE layer = ? ORDER BY unit", position)
        ]

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """The warnings that were given while the run was made."""
        with self._cursors.whole():
            rows = self._cursors.rows("SELECT source, text FROM notes ORDER BY rowid")
            return tuple(Note(_present(source), _present(text)) for source, text in rows)

    @cached_property
    def other_templates(self) -> tuple[str, ...]:
        """The templates beside the run's own; `arrays.other_template` has the concepts' embeddings in each."""
        return self._in_order("SELECT place, template FROM other_templates")

    @cached_property
    def captions(self) -> tuple[str, ...]:
        """The sentences of reports, encoded without a template; `arrays.caption_embeddings` has their embeddings."""
        return self._in_order("SELECT caption, text FROM captions")

    @cached_property
    def methods(self) -> tuple[StoredMethod, ...]:
        """The methods that the run's configuration names, live ones too, in its order."""
        with self._cursors.whole():
            rows = self._cursors.rows("SELECT name, options FROM methods ORDER BY method")
            return tuple(StoredMethod(name, dict(json.loads(options))) for name, options in rows)

    def method_scores(self, name: str, layer: str, unit: int | None = None) -> list[MethodScore]:
        """The scores that a computed method gave one unit, descending; or those of all units of the layer, one unit
        after the other. [] where the run holds no scores of the method. Raises KeyError when the run has no such layer.
        """
        info = self.layer(layer)
        first, last = (0, info.units - 1) if unit is None else (unit, unit)
        rows = self._cursors.rows(
            "SELECT neuron, concept, score, p_value, detail FROM method_scores "
            "WHERE method = ? AND neuron BETWEEN ? AND ? ORDER BY neuron, place",
            *(name, info.first_neuron + first, info.first_neuron + last),
        )
        with self._cursors.whole():
            return [
                MethodScore(
                    layer, neuron - info.first_neuron, _present(concept), float(score), p_value, _present(detail)
                )
                for neuron, concept, score, p_value, detail in rows
            ]

    def _in_order(self, query: str) -> tuple[str, ...]:
        """Texts by their numbers."""
        with self._cursors.whole():
            return tuple(_present(text) for _, text in sorted(self._cursors.rows(query)))


def _present(text: str | None) -> str:
    if text is None:
        raise ValueError("a text is missing")
    return text


def opened(path: Path) -> Cursors:
    """Reading cursors over a run file, which is brought up to the current schema. Raises RunFileError as RunReader."""
    connection = _open(path)
    try:
        return Cursors(connection, path)
    except RunFileError:
        connection.close()
        raise


def _open(path: Path) -> Connection:
    """A connection to a run file of the current schema version; an older one is brought up to it."""
    inode = path.stat().st_ino if path.exists() else 0
    connection = connect(path, read_only=True, memory=MEMORY, threads=1)
    try:
        version = _version(path, connection)
    except RunFileError:
        connection.close()
        raise
    if version == schema.VERSION:
        return connection
    connection.close()
    upgrade(path, inode)
    return _open(path)


def _version(path: Path, connection: Connection) -> int:
    try:
        version = schema.version_of(connection)
    except duckdb.Error as error:
        raise RunFileError(f"{path}: damaged ({first_line(error)})") from error
    if version is None or version < 1:
        raise RunFileError(f"{path}: a DuckDB file, but not a run file")
    if version > schema.VERSION:
        raise RunFileError(
            f"{path}: written by a newer mammi (schema {version}, this one reads up to {schema.VERSION}); "
            "update mammi to open it"
        )
    return version
