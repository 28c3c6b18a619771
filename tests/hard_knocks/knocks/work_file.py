"""Work files and shards damaged between a stop and the resume: the same run file in the end, or a clear line."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from engine.config.settings import RunConfig, load_config
from engine.errors import MammiError
from engine.progress import Silent
from engine.run.merging import merge
from engine.run.pipeline import run
from engine.run.shards import run_shard, shard_name
from tests.hard_knocks.damaging import damaged
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.sandbox import fall_of
from tests.support.models import tiny_project
from tests.support.whole import every_sum

SQL = (
    "UPDATE results SET (data, sum) = (SELECT data, sum FROM results WHERE rowid = :other) WHERE rowid = :one",
    "UPDATE results SET reason = 'set aside' WHERE rowid = :one",
    "UPDATE results SET data = NULL, reason = 'gone' WHERE rowid = :one",
    "DELETE FROM results WHERE rowid = :one",
    "UPDATE OR REPLACE results SET image = :other WHERE rowid = :one",
    "UPDATE OR REPLACE results SET part = 1 + :other % 5 WHERE rowid = :one",
    "UPDATE OR REPLACE images SET key = (SELECT key FROM images WHERE number = 2) WHERE number = 1",
    "UPDATE images SET number = -number WHERE number = 1 + :one % 9",
    "DELETE FROM images WHERE number = 1 + :one % 9",
    "UPDATE parts SET key = (SELECT key FROM parts WHERE number != :one % 5 LIMIT 1) WHERE number = :one % 5",
    "DELETE FROM parts WHERE number = 1 + :one % 5",
    "UPDATE arrays SET shape = '[1, 2]' WHERE rowid = 1 + :one % 3",
    "UPDATE arrays SET dtype = '<i4' WHERE rowid = 1 + :one % 3",
    "UPDATE arrays SET (data, sum) = (SELECT data, sum FROM arrays WHERE rowid = 1 + :other % 3)",
    "UPDATE unit_maps SET part = 1 + :one % 5",
    "UPDATE unit_maps SET height = width * height, width = 1",
    "UPDATE unit_maps SET (lows, highs) = (highs, lows)",
    "UPDATE looked_up SET film = 1 + :other % 9, embedding = 1 + :other % 9 WHERE place = :one % 9",
    "UPDATE looked_up SET path = x'ff00' WHERE place = :one % 9",
    "UPDATE facts SET value = '{}'",
    "UPDATE facts SET value = replace(value, 'mean', 'max')",
)
"""Rows changed as they would be by a page of another time or file, or by a hand"""


class Stopping(Silent):
    """Ends a run as Ctrl-C does, after some steps."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def advance(self, steps: int, reused: int = 0) -> None:
        self._left -= steps
        if self._left < 0:
            raise KeyboardInterrupt


def knock(setting: Setting) -> Outcomes:
    chance = setting.chance
    project = tiny_project(setting.folder / "project", films=12)
    broken = project.parent / "films" / "003.png"
    broken.write_bytes(broken.read_bytes()[:300])
    config = configured(project, setting.folder / "whole" / "run.duckdb")
    expected = every_sum(run(config, Silent()))
    states = [stopped(config, setting.folder / f"stopped {number}", chance) for number in range(setting.count(2, 24))]
    other = configured(project, setting.folder / "foreign" / "run.duckdb", "target.pooling=max", "vlm.arguments.seed=7")
    with suppress(KeyboardInterrupt):
        run(other, Stopping(26))
    foreign = Path(f"{other.run.out}.work").read_bytes()
    folder = setting.folder / "try"
    for number in range(setting.count(12, 1000)):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(chance.choice(states), folder)
        path = chance.choice([each for each in folder.rglob("*.*") if each.is_file()])
        what = changed(path, chance) if chance.random() < 0.25 else None
        if what is None:
            data, what = damaged(path.read_bytes(), foreign, chance)
            path.write_bytes(data)
        fall = fall_of(lambda: resumed(config, folder, expected), setting.folder, allowed=("shutil.",))
        yield fall and f"try {number} of seed {setting.seed} ({path.name}: {what}): {fall}"


def configured(project: Path, out: Path, *more: str) -> RunConfig:
    one = "run.batch_size=1"  # what is computed again alone has then the same bits as in its batch
    return load_config(project, [f"run.out={out.as_posix()}", 'keep.importance=["first"]', one, *more])


def placed(config: RunConfig, folder: Path) -> RunConfig:
    """The same run, with its files in another folder."""
    return replace(config, run=config.run.model_copy(update={"out": folder / "run.duckdb"}))


def stopped(config: RunConfig, folder: Path, chance: random.Random) -> Path:
    """A folder with what an unfinished run has left: a work file, or shards."""
    here = placed(config, folder)
    if chance.random() < 0.3:
        total = chance.choice((1, 2, 3))
        for number in range(1, total + 1):
            run_shard(here, shard_name(f"{number}/{total}"), Silent())
        return folder
    while not (folder / "run.duckdb.work").exists():
        with suppress(KeyboardInterrupt):
            run(here, Stopping(chance.randrange(8, 44)))
        here.run.out.unlink(missing_ok=True)
    return folder


def changed(path: Path, chance: random.Random) -> str | None:
    """Changes rows; None where the file has none that the change concerns."""
    change, numbers = chance.choice(SQL), {"one": chance.randrange(1, 120), "other": chance.randrange(1, 120)}
    with suppress(sqlite3.IntegrityError):
        connection = sqlite3.connect(path)
        try:
            rows = connection.execute(change, numbers).rowcount
            connection.commit()
        finally:
            connection.close()
        return f"{change} {numbers}" if rows else None
    return None


def resumed(config: RunConfig, folder: Path, expected: dict[str, str]) -> None:
    """Ends the run, and looks at every table of its run file. Where a merge lacks films, a shard computes them."""
    here = placed(config, folder)
    if (folder / "run.duckdb.shards").exists():
        try:
            merge(here, Silent())
        except MammiError as error:
            if "are lacking" not in str(error):
                raise
            run_shard(here, shard_name("1/1"), Silent())
            merge(here, Silent())
    else:
        run(here, Silent())
    found = every_sum(here.run.out)
    wrong = sorted(table for table in expected if found.get(table) != expected[table])
    if wrong:
        raise AssertionError(f"other content: {', '.join(wrong)}")
