"""Run files damaged, salvaged and computed again: the same run file in the end, or a clear line."""

# ruff: noqa: S608 (names of tables)

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from engine.config.settings import RunConfig
from engine.progress import Silent
from engine.run.pipeline import run
from engine.run.salvaging import salvage
from tests.hard_knocks.damaging import damaged
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.knocks.work_file import configured, placed
from tests.hard_knocks.sandbox import fall_of
from tests.support.models import tiny_project
from tests.support.whole import everything

ROWS = (
    *(("activation_blocks", "sum = sum + 1"), ("activation_blocks", "sum = NULL"), ("activation_blocks", "sum = 0")),
    *(("image_embeddings", "sum = sum + 1"), ("images", "sum = sum + 1"), ("film_outputs", "sum = NULL")),
    *(("film_maps", "sum = 0"), ("unit_maps", "sum = sum + 1"), ("concepts", "sum = 0")),
)
"""Tables of arrays, and a change of one of their rows: its arrays are then not those of its sum"""


def knock(setting: Setting) -> Outcomes:
    chance = setting.chance
    project = tiny_project(setting.folder / "project", films=12)
    broken = project.parent / "films" / "003.png"
    broken.write_bytes(broken.read_bytes()[:300])
    config = configured(project, setting.folder / "whole" / "run.duckdb")
    out = run(config, Silent())
    expected, data = everything(out), out.read_bytes()
    other = configured(project, setting.folder / "foreign" / "run.duckdb", "target.pooling=max", "vlm.arguments.seed=7")
    foreign = run(other, Silent()).read_bytes()
    folder = setting.folder / "try"
    for number in range(setting.count(8, 80)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        path, changed, row = folder / out.name, data, None
        if number % 3:
            changed, what = damaged(data, foreign, chance)
        else:
            row = *chance.choice(ROWS), chance.randrange(1000)
            what = "{}: {} in row {}".format(*row)
        path.write_bytes(changed)

        def try_it(row: tuple[str, str, int] | None = row, path: Path = path) -> None:
            if row:
                change_row(path, *row)
            salvaged(placed(config, path.parent), expected)

        fall = fall_of(try_it, setting.folder)
        yield fall and f"try {number} of seed {setting.seed} ({what}): {fall}"


def change_row(path: Path, table: str, change: str, number: int) -> None:
    """Damages one row of arrays, so that all others of its table are whole."""
    with duckdb.connect(path) as client:
        row = f"(SELECT {number} % count(*) FROM {table})"
        assert client.execute(f"UPDATE {table} SET {change} WHERE rowid = {row}").fetchall() == [(1,)]


def salvaged(config: RunConfig, expected: dict[str, str]) -> None:
    """Salvages the run file, ends the run, and looks at every table of its run file. Verdicts are left as they are."""
    out: Path = config.run.out
    verdicts = out.with_name("run.verdicts.jsonl")
    verdicts.write_text("as it was\n")
    salvage(out, Silent())
    run(config, Silent())
    wrong = sorted(table for table, rows in everything(out).items() if expected[table] != rows)
    if wrong or verdicts.read_text() != "as it was\n":
        raise AssertionError(f"other content: {', '.join(wrong)}")
