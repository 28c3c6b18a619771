"""The words of units, from the run file that the configuration makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.config.settings import RunConfig
from engine.requery import Requery
from engine.run.keys import part_keys
from engine.store.parts import part_of_layer
from engine.store.reader import RunReader


@dataclass(frozen=True, slots=True)
class UnitWords:
    """The annotation of each unit, the best concept first."""

    of_layer: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    """Layer -> the words of each unit; {} where there are none"""
    lacking: str = ""
    """Why there are none, as a sentence"""

    def of(self, layer: str, unit: int) -> tuple[str, ...]:
        return self.of_layer[layer][unit] if layer in self.of_layer else ()


def words_from(config: RunConfig, target: str, layers: Sequence[str]) -> UnitWords:
    """The annotations in the run file at the configuration's `run.out`, at the run's own cuts. `target` is the identity
    of the target model.

    Raises RunFileError for a damaged file.
    """
    path = config.run.out
    if not path.is_file():
        return UnitWords(lacking=f"{path} is not there yet, so units have no words: `mammi run` makes it.")
    with RunReader(path) as reader:
        stored = reader.parts()
        keys = part_keys(config, target, layers, "", "").layers
        other = [layer for layer in layers if stored.get(part_of_layer(layer)) != keys[layer]]
        if other:
            return UnitWords(
                lacking=f"{path} is of another target model, or reads {other[0]} in another way: units have no words. "
                "`mammi run` makes it anew."
            )
        requery, cuts = Requery(reader), reader.info.cuts
        found = {}
        for layer in layers:
            words = requery.layer(layer, cuts).words
            ends = words.ends.tolist()
            concepts = words.concepts.tolist()
            found[layer] = tuple(
                tuple(reader.concepts[concept] for concept in concepts[start:end])
                for start, end in zip([0, *ends[:-1]], ends, strict=True)
            )
        return UnitWords(found)
