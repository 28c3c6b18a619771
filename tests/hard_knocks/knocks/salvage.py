"""Run files damaged, salvaged and computed again: the same run file in the end, or a clear line."""

from __future__ import annotations

import shutil
from pathlib import Path

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
    for number in range(setting.count(8, 200)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        changed, what = damaged(data, foreign, chance)
        (folder / out.name).write_bytes(changed)
        fall = fall_of(lambda: salvaged(placed(config, folder), expected), setting.folder)
        yield fall and f"try {number} of seed {setting.seed} ({what}): {fall}"


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
