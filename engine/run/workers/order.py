"""What another process must know of a run to compute images for it, as plain values; and the worker made from them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.config.settings import RunConfig, config_again
from engine.errors import MammiError
from engine.keys import content_key
from engine.probing.base import ProbingSet
from engine.run.films import Films
from engine.run.image_worker import ImageWorker
from engine.run.inputs import RunInputs
from engine.run.keys import part_keys
from engine.run.notes import Notes
from engine.run.versions import package_version
from engine.store.parts import FILM, PartKeys


@dataclass(frozen=True, slots=True)
class Order:
    """Texts only. The configuration's files are read where the worker runs."""

    path: str
    """Of the configuration, for messages"""
    base: str
    """The folder that its relative paths start from"""
    given: str
    """RunConfig.given in JSON"""
    parts: str
    """Those of the run, in JSON"""
    films: str
    """`films_key` of the probing set"""
    version: str
    """Of mammi"""

    @classmethod
    def of(cls, config: RunConfig, parts: PartKeys, probing: ProbingSet) -> Order:
        given = json.dumps(config.given, default=str)
        base = str(config.base.absolute())
        return cls(
            str(config.path), base, given, json.dumps(asdict(parts)), films_key(probing), package_version(_MAMMI)
        )

    @property
    def part_keys(self) -> PartKeys:
        return PartKeys(**json.loads(self.parts))

    def worker(self) -> ImageWorker:
        """The worker of this process; it loads the models when it needs them.

        Raises MammiError where this machine has other films, models or another version of mammi than the run, and as
        RunInputs where something cannot be loaded.
        """
        here = package_version(_MAMMI)
        if here != self.version:
            raise MammiError(f"this worker has mammi {here}, and the run {self.version}: install the same version.")
        base = Path(self.base)
        if not base.is_dir():
            raise MammiError(f"this worker has no folder {base}, which holds the configuration: share it.")
        config = config_again(Path(self.path), base, json.loads(self.given))
        parts = self.part_keys
        inputs = RunInputs(config, None, Notes())
        if films_key(inputs.probing) != self.films:
            raise MammiError("probing: this worker finds other films than the run: share their folder and lists.")
        mine = part_keys(
            config, inputs.target_identity, list(parts.layers), inputs.vlm_identity, inputs.view_identity
        ).by_name()
        other = next((name for name, key in parts.by_name().items() if mine.get(name) != key), None)
        if other is not None:
            why = "its mammi is another" if other == FILM else "its model's files, or its mammi, are others"
            raise MammiError(f"this worker would compute another part {other!r} than the run: {why}.")
        return ImageWorker(config, Films(inputs.probing, inputs.by_name), parts, inputs)


_MAMMI = "mammi-explorer"


def films_key(probing: ProbingSet) -> str:
    """A key of the names of a probing set's films, in order."""
    return content_key([image.path for image in probing.images])
