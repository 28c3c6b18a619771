"""Disks of ten sizes under all that mammi writes, that fill and are freed under verdicts; who may read what."""

from __future__ import annotations

import gzip
import json
import os
import stat
from contextlib import suppress
from pathlib import Path

from engine.config.settings import load_config
from engine.errors import MammiError
from engine.progress import Silent
from engine.store.reader import RunReader
from mammi_tui.state.file import StateFile
from mammi_tui.state.record import RunState
from mammi_tui.verdicts.log import VerdictLog, verdicts_path
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.sandbox import fall_of
from tests.hard_knocks.shell import Ended, Outputs, load, mammi
from tests.hard_knocks.small_disk import fill, only_read, small_disk, unseen_mounts
from tests.support.models import tiny_project
from tests.support.runs import small_run
from tests.support.verdicts import judge

SIZES = (0, 8, 16, 64, 128, 256, 512, 768, 1024, 2048)
"""kB that are free"""
DISK = 16 << 20
OLDER = tuple((Path(__file__).parents[2] / "engine" / "store").glob("version_*.duckdb.gz"))


def knock(setting: Setting) -> Outcomes:
    unseen_mounts()
    load()
    yield from _modes(setting)
    yield from _verdicts(setting)
    yield from _commands(setting)
    yield from _runs(setting)
    yield from _remade(setting)


# What commands write


def writers(run: Path, disk: Path) -> dict[str, list[object]]:
    """Commands that write a file to the disk, or beside a run file on it."""
    tables = {
        f"export {kind}": ["export", run, "--what", "concepts", "--format", kind, "-o", disk / f"t.{kind}"]
        for kind in ("csv", "json", "parquet")
    }
    beside = disk / "run.duckdb"
    return {
        **tables,
        "report": ["report", run, "--all", "-o", disk / "r.html"],
        "compare": ["compare", run, "--alpha", "0.93,0.5", "-o", disk / "c.txt"],
        "compare as JSON": ["compare", run, "--alpha", "0.93,0.5", "--json", "-o", disk / "c.json"],
        "verdicts export": ["verdicts", "export", run, "-o", disk / "v.jsonl"],
        "verdicts import": ["verdicts", "import", beside, verdicts_path(run)],
    }


def _commands(setting: Setting) -> Outcomes:
    folder = setting.folder / "commands"
    folder.mkdir()
    run = small_run(folder, images=400)
    with RunReader(run) as reader:
        log = VerdictLog(run, reader.info.content_hash)
    for unit in range(8):
        judge(log, f"layer1:{unit}", "accept", [f"word {unit}" * 200])
    kinds = list(writers(run, folder))
    chosen = kinds if setting.full else setting.chance.sample(kinds, 3)
    for name in chosen:
        for size in SIZES if setting.full else setting.chance.sample(SIZES[:4], 2):
            with small_disk(setting.folder / "disk", DISK) as disk:
                if name == "verdicts import":
                    (disk / "run.duckdb").write_bytes(run.read_bytes())
                filling = fill(disk, size << 10)
                before = _files(disk)
                ended = mammi(writers(run, disk)[name])
                fall = _fall(ended) or _left(disk, before, ended)
                if not fall and ended.status:
                    filling.unlink()
                    again = mammi([*writers(run, disk)[name]])
                    fall = _fall(again) or (f"and once there is room: {again.err}" if again.status else "")
                yield (fall and f"{name} with {size} kB free: {fall}") or None
        with small_disk(setting.folder / "disk", DISK) as disk:
            if name == "verdicts import":
                (disk / "run.duckdb").write_bytes(run.read_bytes())
            with only_read(disk):
                ended = mammi(writers(run, disk)[name])
                fall = _fall(ended) or ("" if ended.status else "written to a disk that can only be read")
                yield (fall and f"{name} to a disk that can only be read: {fall}") or None


def _fall(ended: Ended) -> str:
    """What is wrong with an end that may be a failure for want of room."""
    fall = ended.fall(0, 1, 2)
    if not fall and ended.status and not any(word in ended.err for word in ("full", "only be read", "room")):
        fall = f"does not say that the disk is full: {ended.err[-300:]!r}"
    return fall


def _files(disk: Path) -> set[str]:
    return {str(path.relative_to(disk)) for path in disk.rglob("*")}


def _left(disk: Path, before: set[str], ended: Ended) -> str:
    """What a command that failed has left there."""
    left = _files(disk) - before - {"run.verdicts.jsonl"}
    return f"left {sorted(left)}" if ended.status and left else ""


# A run, its upgrade and its merge


def _runs(setting: Setting) -> Outcomes:
    """Each run goes on where the one before found no room, and ends with the content of a run that had it."""
    from engine.run.merging import merge
    from engine.run.pipeline import run
    from engine.run.shards import run_shard, shard_name

    source = setting.folder / "project"
    (source / "films").mkdir(parents=True)
    project = tiny_project(source)
    whole = _content(run(load_config(project), Silent()))
    sizes = SIZES if setting.full else SIZES[3:4]
    for sharded in (False, True) if setting.full else (False,):
        with small_disk(setting.folder / "disk", DISK) as disk:
            config = load_config(project, [f"run.out={disk / 'run.duckdb'}"])

            def compute(config: object = config, sharded: bool = sharded) -> None:
                if sharded:
                    run_shard(config, shard_name("1/1"), Silent())  # type: ignore[arg-type]
                    merge(config, Silent())  # type: ignore[arg-type]
                else:
                    run(config, Silent())  # type: ignore[arg-type]

            for size in sizes:
                fill(disk, size << 10)
                fall = fall_of(compute, setting.folder, allowed=("subprocess.",))
                left = {name for name in _files(disk) if name.endswith((".partial", ".wal"))}
                yield (f"a run with {size} kB free: {fall or f'left {left}'}" if fall or left else None)
            (disk / "filling").unlink()
            compute()
            found = _content(disk / "run.duckdb")
            left = _files(disk) - {"run.duckdb"}
            yield None if found == whole and not left else f"after full disks: content {found} and {left}"


def _remade(setting: Setting) -> Outcomes:
    """An older run file is brought up to date, and a run file salvaged, or it stays as it was."""
    older = {version: gzip.decompress(path.read_bytes()) for version, path in enumerate(sorted(OLDER), 1)}
    for version in older if setting.full else (len(older),):
        for size in setting.chance.sample(SIZES, setting.count(1, 4)):
            with small_disk(setting.folder / "disk", DISK) as disk:
                path = disk / "run.duckdb"
                for name, arguments in (("upgrade", ["doctor", path]), ("salvage", ["salvage", path])):
                    path.write_bytes(older[version])
                    filling = fill(disk, size << 10)
                    ended = mammi(arguments)
                    fall = _fall(ended) or _left(disk, {"run.duckdb", "filling", "run.duckdb.work"}, ended)
                    if not fall and ended.status and name == "upgrade" and path.read_bytes() != older[version]:
                        fall = "the run file has changed"
                    filling.unlink()
                    again = mammi(arguments) if not fall and ended.status else ended
                    fall = fall or (f"and once there is room: {again.err[-300:]}" if again.status else "")
                    yield (fall and f"{name} of version {version} with {size} kB free: {fall}") or None


def _content(run: Path) -> str:
    with RunReader(run) as reader:
        return reader.info.content_hash


# Verdicts and the state while the disk fills and is freed


def _verdicts(setting: Setting) -> Outcomes:
    """None is kept without being told so, none told as kept and lost, no half line."""
    chance, folder = setting.chance, setting.folder / "verdicts"
    folder.mkdir()
    run = small_run(folder)
    with small_disk(setting.folder / "disk", DISK) as disk:
        here = disk / "run.duckdb"
        here.write_bytes(run.read_bytes())
        log, other = VerdictLog(here, "content"), VerdictLog(here, "content")
        state = StateFile(disk / "state" / "run.json")
        kept: list[str] = []
        refused = 0
        for number in range(setting.count(60, 400)):
            if chance.random() < 0.2:
                fill(disk, chance.choice((0, 0, 4096, 8192)))
            elif chance.random() < 0.2:
                (disk / "filling").unlink(missing_ok=True)
            fall = ""
            try:
                line = judge(
                    chance.choice((log, other)), f"layer0:{number % 8}", "accept", ["w" * chance.randrange(2000)]
                )
                kept.append(line.identity)
            except MammiError as error:
                refused += 1
                if "not saved" not in str(error) or "full" not in str(error):
                    fall = f"said {error}"
            except Exception as error:  # noqa: BLE001 (what a disk leads to)
                fall = f"unexpected {type(error).__name__}: {error}"
            if number % 10 == 0:
                fall = fall or _state_fall(state)
            data = log.path.read_bytes() if log.path.exists() else b""
            lines = [each for each in data.split(b"\n") if each]
            if data and not data.endswith(b"\n"):
                fall = "a half line"
            elif len(lines) != len(kept):
                fall = f"{len(lines)} lines for {len(kept)} verdicts that were told as kept"
            yield (fall and f"verdict {number} of seed {setting.seed}: {fall}") or None
            if fall:
                return
        found = [entry.line.identity for entry in log.entries() if entry.line]
        yield None if found == kept and refused else f"{len(found)} of {len(kept)} kept, {refused} refused"


def _state_fall(state: StateFile) -> str:
    """What is wrong with the state file after a try to write it."""
    with suppress(MammiError):
        state.write(RunState(alpha=0.5))
    left = [path.name for path in state.path.parent.glob(".*")] if state.path.parent.exists() else []
    with suppress(FileNotFoundError):
        json.loads(state.path.read_bytes())
    return f"the state left {left}" if left else ""


# Who may read what


def _modes(setting: Setting) -> Outcomes:
    """Every file and folder that a run and the commands make, once it is made."""
    folder = setting.folder / "modes"
    folder.mkdir()
    source = folder / "source"
    (source / "films").mkdir(parents=True)
    project = tiny_project(source)
    for mode, out in (("0600", "private"), ("0640", "shared")):
        place = folder / out
        ended = mammi(
            ["run", project, "--set", f"run.out={place / 'run.duckdb'}", "--set", f"run.mode='{mode}'"],
            Outputs(prepared=[lambda: os.umask(0o022)]),
        )
        yield _fall(ended) or (f"run.mode {mode}: {ended.err}" if ended.status else None)
        run = place / "run.duckdb"
        for arguments in (
            ["export", run, "--what", "neurons", "--format", "parquet", "-o", place / "t.parquet"],
            ["report", run, "--all", "-o", place / "r.html"],
        ):
            yield _fall(mammi(arguments, Outputs(prepared=[lambda: os.umask(0o022)]))) or None
        wide = [
            f"{path.name} {stat.S_IMODE(path.stat().st_mode):04o}"
            for path in (place, *place.rglob("*"))
            if stat.S_IMODE(path.stat().st_mode) & 0o666 & ~int(mode, 8)
        ]
        yield f"run.mode {mode}: {wide}" if wide else None
