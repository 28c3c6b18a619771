"""Runs the stages in order, and takes over what earlier runs computed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from engine.config.settings import RunConfig
from engine.errors import ConfigError, RunFileError, writing
from engine.progress import Progress
from engine.run.assembly_stage import AssemblyStage
from engine.run.cache import Cache
from engine.run.image_stage import ImageStage
from engine.run.importance_stage import ImportanceStage
from engine.run.inputs import RunInputs
from engine.run.last_part_stage import LastPartStage
from engine.run.map_stage import MapStage
from engine.run.method_stage import MethodStage
from engine.run.notes import Notes
from engine.run.stage import Run, Stage
from engine.run.text_stage import TextStage
from engine.store.finished import FinishedRun
from engine.store.work import WorkFile, work_path

STAGES: tuple[Stage, ...] = (
    *(TextStage(), LastPartStage(), ImageStage(), MapStage(), ImportanceStage(), MethodStage(), AssemblyStage()),
)
"""In order. The last one writes the run file."""


def run(config: RunConfig, progress: Progress, beside: Sequence[Path] = ()) -> Path:
    """Computes what the run file `run.out` lacks, and returns its path.

    Each part of an image and each piece of the texts is kept in `run.out`.work as soon as it is computed, under a key
    made of all that determines it. Stopped at any point, the next run goes on from there. A run file that is up to date
    is left as it is; a model is then loaded only if nothing else gives its identity. Results are also taken from the
    finished run files `beside`.

    Raises MammiError for what the user can fix: ConfigError for the configuration, RunFileError when another process
    is writing the same run file.
    """
    out = config.run.out.absolute()
    _prepare_output(out)
    with ExitStack() as files:
        work = files.enter_context(WorkFile(work_path(out)))
        finished = files.enter_context(_finished(out)) if out.exists() else None
        neighbours = [files.enter_context(FinishedRun(path)) for path in beside if path.absolute() != out]
        cache = Cache(work, neighbours if finished is None else [finished, *neighbours])
        notes = Notes()
        files.enter_context(notes.kept())
        this = Run(config, RunInputs(config, finished, notes), cache, progress, notes)
        if finished is not None and _is_up_to_date(this, finished.stages):
            progress.note(f"{out} is up to date.")
            return out  # the work file may hold results of another configuration
        _compute(this)
    work_path(out).unlink(missing_ok=True)
    return out


def _is_up_to_date(this: Run, stages: dict[str, str]) -> bool:
    """Whether the run would make a run file with these keys of stages."""
    for stage in STAGES:
        for name, key in stage.keys(this):
            if stages.get(name) != key:
                return False
            this.keys[name] = key
    return this.keys == stages


def _compute(this: Run) -> None:
    this.inputs.load(this.progress)
    if not this.results.known(this.parts.layers.values()):  # a mistake in the model is found before anything long
        this.inputs.look_at_target(this.progress)
    this.keys.clear()
    for stage in STAGES:
        this.contents |= stage.compute(this)
        this.keys |= stage.keys(this)


def _prepare_output(out: Path) -> None:
    """Makes the folder of the run file."""
    if out.is_dir():
        raise ConfigError(f"run.out: {out} is a folder; name a file, such as {out / 'run.duckdb'}.")
    with writing("run.out", fault=f"cannot make the folder {out.parent}", kind=ConfigError):
        out.parent.mkdir(parents=True, exist_ok=True)


def _finished(out: Path) -> FinishedRun:
    try:
        return FinishedRun(out)
    except RunFileError as error:
        raise RunFileError(f"{error}\nMove it away, or name another file in run.out.") from None
