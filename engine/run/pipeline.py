"""Runs the stages in order, and takes over what earlier runs computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shlex import quote

from engine.config.settings import RunConfig
from engine.errors import ConfigError, RunFileError, first_line, writing
from engine.own_files import made_as, mode_of, others_of
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
from engine.run.workers.ray_cluster import reachable
from engine.store.database import misread
from engine.store.finished import FinishedRun
from engine.store.part_file import PartFile
from engine.store.shard_files import ShardFolder
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
    finished run files `beside`, and from what shards have computed (engine.run.shards).

    Raises MammiError for what the user can fix: ConfigError for the configuration, RunFileError when another process
    is writing the same run file or a shard of it.
    """
    with output_of(config) as out, WorkFile(work_path(out)) as work:
        folder = ShardFolder(out)
        if held := folder.seal_abandoned():
            raise RunFileError(
                f"{folder.path}: other processes are computing shards of this run ({', '.join(map(str, held))}): wait "
                "for them to end, then `mammi merge`"
            )
        folder.mend_sealed()
        tell(progress, work, folder)
        return _finish(config, progress, work, folder.sealed(), beside)


def _finish(
    config: RunConfig, progress: Progress, work: WorkFile, sealed: Sequence[Path], beside: Sequence[Path]
) -> Path:
    """Ends a run. It goes on without a finished run beside it that turns out damaged: only time is lost."""
    try:
        with opened(config, progress, work, sealed, beside) as this:
            return finish(this)
    except RunFileError as error:
        left = [path for path in beside if not str(error).startswith(f"{path}: ")]
        if len(left) == len(beside):
            raise
        progress.note(f"warning: {first_line(error)}. The run goes on without this file.")
    return _finish(config, progress, work, sealed, left)


def tell(progress: Progress, work: WorkFile, folder: ShardFolder) -> None:
    """Says which files were found damaged."""
    for mended in filter(None, (work.mended, *folder.mended)):
        progress.note(f"warning: {mended}.")


@contextmanager
def opened(
    config: RunConfig, progress: Progress, work: WorkFile, sealed: Sequence[Path], beside: Sequence[Path] = ()
) -> Iterator[Run]:
    """A run with the files that hold results for it: the finished run file, those `beside`, and sealed ones."""
    out = config.run.out.absolute()
    with ExitStack() as files:
        finished = files.enter_context(_finished(out)) if out.exists() else None
        neighbours = [files.enter_context(FinishedRun(path)) for path in beside if path.absolute() != out]
        shards = [files.enter_context(PartFile.sealed(path)) for path in sealed]
        cache = Cache(work, neighbours if finished is None else [finished, *neighbours], shards)
        notes = Notes()
        files.enter_context(notes.kept())
        yield Run(config, RunInputs(config, finished, notes), cache, progress, notes)


def finish(this: Run, keep: bool = False) -> Path:
    """Computes what the run file lacks, and returns its path. What shards and the work file held for it is then
    deleted; `keep`: the files of shards are not."""
    out, cache = this.config.run.out.absolute(), this.cache
    finished = next((each for each in cache.finished if each.reader.path == out), None)
    up_to_date = finished is not None and _is_up_to_date(this, finished.stages)
    if up_to_date:
        this.progress.note(f"{out} is up to date.")
    else:
        compute(this)
        with writing(cache.work.path, fault="the run file is whole, but this cannot be deleted", kind=RunFileError):
            cache.work.delete()
        if mode_of(out) & ~int(this.config.run.mode, 8):
            this.progress.note(
                f"warning: {out}: {others_of(out)} may read it: its file system does not keep run.mode = "
                f'"{this.config.run.mode}".'
            )
    if not keep:
        mine = this.parts.by_name()
        ShardFolder(out).delete([file.path for file in cache.sealed if file.facts().get("parts", mine) == mine])
    return out  # where it was up to date, the work file may hold results of another configuration


def _is_up_to_date(this: Run, stages: dict[str, str]) -> bool:
    """Whether the run would make a run file with these keys of stages."""
    for stage in STAGES:
        for name, key in stage.keys(this):
            if stages.get(name) != key:
                return False
            this.keys[name] = key
    return this.keys == stages


def compute(this: Run) -> None:
    """Runs all stages."""
    look_at_inputs(this)
    this.keys.clear()
    for stage in STAGES:
        this.contents |= stage.compute(this)
        this.keys |= stage.keys(this)


def look_at_inputs(this: Run) -> None:
    """Finds a mistake in the inputs or the model before anything long is computed."""
    if this.config.workers.address is not None:
        reachable(this.config.workers.address)
    this.inputs.load(this.progress)
    if not this.results.known(this.parts.layers.values()):
        this.inputs.look_at_target(this.progress)


@contextmanager
def output_of(config: RunConfig) -> Iterator[Path]:
    """The path of the run file, whose folder is made. Files that are made in the block have the mode `run.mode`."""
    out = config.run.out.absolute()
    if out.is_dir():
        raise ConfigError(f"run.out: {out} is a folder; name a file, such as {out / 'run.duckdb'}.")
    if why := misread(out):
        raise ConfigError(f"run.out: {out}: {why}.")
    with made_as(config.run.mode):
        with writing("run.out", fault=f"cannot make the folder {out.parent}", kind=ConfigError):
            out.parent.mkdir(parents=True, exist_ok=True)
        yield out


def _finished(out: Path) -> FinishedRun:
    try:
        return FinishedRun(out)
    except RunFileError as error:
        raise RunFileError(
            error.fault,
            f"If it is damaged, `mammi salvage {quote(str(out))}` takes over what is whole; else name another run.out.",
        ) from None
