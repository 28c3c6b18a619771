"""Small run files as methods see them, each with the contents that it was made from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.annotation.scoring import unit_rows
from engine.requery import Requery
from engine.store.contents import RunContents
from engine.store.reader import RunReader
from engine.store.writer import assemble
from tests.support.runs import small_contents

LAYER = "layer0"


@dataclass
class Opened:
    contents: RunContents
    embeddings: np.ndarray
    """[p, d]"""
    activations: dict[str, np.ndarray]
    """[p, units] of each layer"""
    reader: RunReader
    requery: Requery

    @property
    def cosines(self) -> np.ndarray:
        """The cosine of each image and prompted concept [p, m]"""
        return unit_rows(self.embeddings) @ unit_rows(self.contents.text_embeddings).T


@contextmanager
def opened_run(folder: Path, changes: dict[str, Any] | None = None, **small: Any) -> Iterator[Opened]:
    """A run of tests.support.runs.small_contents, with `changes` made to its contents."""
    contents, batches = small_contents(**small)
    contents = replace(contents, **(changes or {}))
    path = folder / "run.duckdb"
    assemble(path, contents, batches)
    with RunReader(path) as reader:
        yield Opened(
            contents,
            np.concatenate([batch.embeddings for batch in batches]),
            {
                layer.name: np.concatenate([batch.activations[layer.name] for batch in batches])
                for layer in contents.layers
            },
            reader,
            Requery(reader),
        )
