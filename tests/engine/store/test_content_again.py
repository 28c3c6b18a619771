"""The content hash of a run file follows from its rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.probing.base import Box, Polygon
from engine.progress import Silent
from engine.store.content_again import content_again
from engine.store.reader import RunReader
from engine.store.writer import assemble
from tests.engine.store.test_migrations import unpacked
from tests.support.resealed import changed
from tests.support.runs import small_contents


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over images of which the tables cannot hold everything as it is, two of them set aside."""
    path = tmp_path_factory.mktemp("sound") / "run.duckdb"
    contents, batches = small_contents(images=40, units=(5, 20), concepts=6, dimension=4)
    odd = replace(contents.images[1], path="set \udcff aside.png", boxes=(Box("Mass", 1, 2, 3, 4),), labels=("a", "b"))
    whole = replace(odd, path="\udcff.png", polygons=(Polygon("Mass", ((1, 2), (3, 4), (5, 7))),), parameters={"a": 1})
    batches[0].activations["layer1"][:, 3] = np.float32(-0.0)
    layers = [contents.layers[0], replace(contents.layers[1], numberless=(3, 7))]
    images = [contents.images[0], odd, whole, *contents.images[3:]]
    assemble(path, replace(contents, images=images, layers=layers), batches)
    return path


def test_a_sound_file_gives_the_hash_that_it_was_written_with(sound: Path) -> None:
    with RunReader(sound) as reader:
        assert content_again(reader, Silent()) == reader.info.content_hash


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE images SET report = 'another' WHERE position = 7",
        "UPDATE images SET facts = replace(facts, 'Mass', 'Nodule') WHERE position = 1",
        "UPDATE labels SET label = 'Nodule' WHERE rowid = 3",
    ],
)
def test_a_change_of_rows_that_fit_their_sums_is_another_hash(sound: Path, tmp_path: Path, change: str) -> None:
    path = tmp_path / "run.duckdb"
    path.write_bytes(sound.read_bytes())
    with changed(path) as connection:
        connection.execute(change)
    with RunReader(path) as reader:
        assert content_again(reader, Silent()) not in (None, reader.info.content_hash)


def test_an_earlier_version_kept_too_little_of_images_that_are_set_aside(tmp_path: Path) -> None:
    with RunReader(unpacked(8, tmp_path)) as reader:
        assert content_again(reader, Silent()) is None
