"""`mammi run --shard` and `mammi merge` as a person meets them, and as the sample job script calls them."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.shared import ROOT
from tests.support.commands import Mammi
from tests.support.models import tiny_project

SCRIPT = ROOT / "sample_configs" / "run-array.sbatch"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path)


def told(folder: Path, job: int, jobs: int, *arguments: str, **more: str) -> list[list[str]]:
    """What one job of an array calls, with commands in place of `mammi` and `sbatch` that write it down."""
    called = folder / "called"
    called.unlink(missing_ok=True)
    for command in ("mammi", "sbatch"):
        path = folder / "bin" / command
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/bash\nprintf "%q " {command} "$@" >> "$CALLED"; echo >> "$CALLED"\n')
        path.chmod(0o755)
    array = {"ARRAY_TASK_ID": job, "ARRAY_TASK_COUNT": jobs, "ARRAY_TASK_MIN": 1, "ARRAY_JOB_ID": 77}
    environment = {f"SLURM_{name}": str(value) for name, value in array.items()} | more
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    bash = shutil.which("bash") or pytest.skip("needs bash")
    subprocess.run(
        [bash, SCRIPT, *arguments], env={"PATH": path, "CALLED": str(called), **environment}, check=True, cwd=folder
    )
    return [shlex.split(line) for line in called.read_text().splitlines()]


def test_the_jobs_of_an_array_make_the_run_file(mammi: Mammi, project: Path) -> None:
    given = (str(project), "--set", "run.template=A film of a")
    (merge, first), [second] = told(project.parent, 1, 2, *given), told(project.parent, 2, 2, *given)
    assert merge[:3] == ["sbatch", "--dependency=afterok:77", "--kill-on-invalid-dep=yes"]
    assert [call[0] for call in (first, second)] == ["mammi", "mammi"]
    assert (
        mammi(*first[1:]).out == "Shard 1/2 is done: 8 films. `mammi merge` makes the run file once all shards are.\n"
    )
    wrapped = shlex.split(merge[-1])
    ended = mammi(*wrapped[1:])
    assert ended.status == 1
    assert ended.err.splitlines()[-2:] == [
        f"mammi: {project.with_name('tiny.duckdb.shards')}: 6 of 14 films are lacking: of shard 2 of 2.",
        f"Run `mammi run {project} --shard 2/2`, then `mammi merge {project}`.",
    ]
    assert mammi(*second[1:]).status == 0
    ended = mammi(*wrapped[1:])
    assert (ended.status, ended.out) == (0, f"{project.with_name('tiny.duckdb')}\n")
    assert not project.with_name("tiny.duckdb.shards").exists()


def test_a_job_that_is_run_again_merges_nothing_twice(project: Path) -> None:
    calls = told(project.parent, 1, 1, str(project), SHARDS="64", SLURM_RESTART_COUNT="1")
    assert calls == [["mammi", "run", str(project), "--shard", "1/64"]]


def test_a_wrong_shard_ends_with_2(mammi: Mammi, project: Path) -> None:
    ended = mammi("run", project, "--shard", "3/2")
    assert (ended.status, ended.err) == (2, "mammi: --shard 3/2: the shards of 2 are 1/2 to 2/2.\n")
