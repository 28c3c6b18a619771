"""Activations, outputs and embeddings that are no number, infinite, huge, tiny or constant, through a whole run."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from engine.errors import MammiError
from engine.store.decision_records import ROW_ERROR
from engine.store.reader import RunReader
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.sandbox import fall_of
from tests.hard_knocks.shell import mammi
from tests.support.bad_numbers import Bad, spoilt_project
from tests.support.tiny_runs import compute

FILMS, UNITS, CLASSES = 10, 8, 3
NO_NUMBER = (math.nan, math.inf, -math.inf)
NUMBERS = (1e30, -3e38, 3e38, 1e-42, 0.0, 7.0)


def knock(setting: Setting) -> Outcomes:
    for number in range(setting.count(2, 25)):
        side, logits, embeddings = _chosen(setting.chance)
        folder = setting.folder / str(number)
        folder.mkdir()

        def call(side: Bad = side, logits: Bad = logits, embeddings: Bad = embeddings, folder: Path = folder) -> None:
            _tried(folder, side, logits, embeddings)

        fall = fall_of(call, setting.folder, seconds=200, allowed=("shutil.",))
        yield fall and f"try {number} of seed {setting.seed}: side={side} logits={logits} vlm={embeddings}: {fall}"


def _chosen(chance: random.Random) -> tuple[Bad, Bad, Bad]:
    """What some units give for all films, some for one, and some images' embeddings."""
    side = {str(unit): chance.choice(NO_NUMBER + NUMBERS) for unit in chance.sample(range(UNITS), chance.randrange(4))}
    films = chance.sample(range(FILMS), 3)
    side |= {f"{chance.randrange(UNITS)} {film}": chance.choice(NO_NUMBER + NUMBERS) for film in films[:1]}
    logits = {f"{chance.randrange(CLASSES)} {film}": chance.choice(NO_NUMBER + NUMBERS) for film in films[1:2]}
    embeddings = {str(film): chance.choice((*NO_NUMBER, 0.0)) for film in films[2:]}
    return side, logits, embeddings


def _tried(folder: Path, side: Bad, logits: Bad, embeddings: Bad) -> None:
    """Runs, and compares what is set aside with what was made bad. Raises RuntimeError where it differs."""
    config = spoilt_project(folder, side, logits, embeddings, FILMS)
    lost = {int(key) for key, value in side.items() if " " not in key and not math.isfinite(value)}
    aside = {int(film) for film in embeddings}
    for table, dead in ((side, lost), (logits, set[int]())):
        spoilt = {tuple(map(int, key.split())): value for key, value in table.items() if " " in key}
        aside |= {film for (unit, film), value in spoilt.items() if unit not in dead and not math.isfinite(value)}
    try:
        compute(config)
    except MammiError as error:
        raise RuntimeError(f"the run ended: {error}") from None
    with RunReader(folder / "tiny.duckdb") as reader:
        said = {int(Path(image.path).stem) for image in reader.set_aside()}
        dead = {int(unit) for unit in reader.layers[0].dead.nonzero()[0]}
        notes = " ".join(note.text for note in reader.notes)
        numberless = set(reader.layers[0].numberless)
        layer, images = reader.layers[0], np.arange(reader.image_count)
        kept, exact = reader.layer_rows(layer, images), reader.arrays.activations(layer).T
        largest = np.abs(exact).max(axis=0)
        off = np.abs(kept - exact) > np.maximum(ROW_ERROR * np.abs(exact), 2.0**-39 * largest)
    wrong = list(_not_finite(folder / "tiny.duckdb"))
    if said != aside:
        wrong.append(f"set aside {sorted(said)} in place of {sorted(aside)}")
    if not lost <= dead or any(f"side:{unit}" not in notes for unit in sorted(lost)[:3]):
        wrong.append(f"dead are {sorted(dead)}, and not all of {sorted(lost)} are named in {notes!r}")
    if off.any():
        wrong.append(f"films keep other activations of side:{np.flatnonzero(off.any(axis=0))}")
    if numberless != lost:
        wrong.append(f"without numbers are {sorted(numberless)} in place of {sorted(lost)}")
    deep = mammi(["doctor", "--deep", folder / "tiny.duckdb"])
    if fall := deep.fall(0):
        wrong.append(f"doctor --deep: {fall}")
    if any(f"side:{unit}" not in deep.out.decode() for unit in lost):
        wrong.append(f"doctor does not name {sorted(lost)}")
    if wrong:
        raise RuntimeError("; ".join(wrong))


def _not_finite(path: Path) -> Iterator[str]:
    """The columns of a run file that hold a number that is not finite."""
    with duckdb.connect(str(path), read_only=True) as connection:
        columns = connection.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'main' AND data_type SIMILAR TO '(FLOAT|DOUBLE).*'"
        ).fetchall()
        for table, column, _ in columns:
            for (value,) in connection.execute(f'SELECT "{column}" FROM "{table}"').fetchall():  # noqa: S608
                if any(not math.isfinite(each) for each in _numbers(value)):
                    yield f"{table}.{column} holds {value!r:.80}"
                    break


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _numbers(each)
    elif value is not None:
        yield float(value)
