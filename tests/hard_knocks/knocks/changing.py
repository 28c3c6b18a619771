"""Run files changed while open or upgraded by many at once; renames, locks and writes that a network folder refuses."""

from __future__ import annotations

import errno
import fcntl
import gzip
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engine.annotation.cuts import Cuts
from engine.errors import MammiError, RunFileError
from engine.requery import Requery
from engine.store.reader import RunReader
from mammi_tui.verdicts.log import VerdictLog, log_of
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.sandbox import fall_of
from tests.shared import ROOT
from tests.support.runs import small_run
from tests.support.verdicts import judge

CUTS = (Cuts(0.93, 0.95), Cuts(0.2, 0.5))
FREE = ("shutil.", "os.remove")
"""Audit events that say nothing here: folders of temporary files are removed by names relative to them"""
Change = Callable[[Path, Path], object]


def knock(setting: Setting) -> Outcomes:
    os.environ["XDG_STATE_HOME"] = str(setting.folder / "state")
    (setting.folder / "other").mkdir()
    run, other = small_run(setting.folder, images=700), small_run(setting.folder / "other", images=700, seed=1)
    yield from _changed(setting, run, other)
    yield from _upgraded(setting)
    yield from _refused(setting, run)


# A run file that changes while it is open


def _written_over(run: Path, other: Path) -> None:
    shutil.copyfile(other, run)


def _cut(run: Path, share: float) -> None:
    os.truncate(run, int(run.stat().st_size * share))


CHANGES: dict[str, Change] = {
    "replaced": lambda run, other: shutil.copyfile(other, run.with_name("new")) and run.with_name("new").replace(run),
    "written over": _written_over,
    "removed": lambda run, _other: run.unlink(),
    "cut to half": lambda run, _other: _cut(run, 0.5),
    "cut to nothing": lambda run, _other: _cut(run, 0),
    "grown": lambda run, other: run.open("ab").write(other.read_bytes()),
    "its folder renamed": lambda run, _other: run.parent.rename(run.parent.with_name(f"{run.parent.name}, renamed")),
}


def _changed(setting: Setting, run: Path, other: Path) -> Outcomes:
    """Each answer is that of the file that was opened, or an error that names the file; verdicts are kept."""
    names = list(CHANGES) if setting.full else ["replaced", "written over", "cut to half"]
    for name in names:
        for asked in range(setting.count(1, 3)):
            place = setting.folder / f"open {asked} {name}"
            place.mkdir()
            here = place / "run.duckdb"
            shutil.copyfile(run, here)
            fall = fall_of(
                lambda h=here, n=name, a=asked: _asks(h, run, other, CHANGES[n], a), setting.folder, allowed=FREE
            )
            yield fall and f"a run file {name} after {asked} answers: {fall}"


def _asks(here: Path, run: Path, other: Path, change: Change, asked: int) -> None:
    with RunReader(run) as right, RunReader(here) as reader:
        expected, found = Requery(right), Requery(reader)
        log = log_of(reader)
        questions = [(layer.name, unit, cuts) for layer in reader.layers for unit in (3, 5, 7) for cuts in CUTS]
        for place, (layer, unit, cuts) in enumerate(questions):
            if place == asked:
                change(here, other)
            try:
                answer = found.neuron(layer, unit, cuts)
            except RunFileError:
                continue
            if repr(answer) != repr(expected.neuron(layer, unit, cuts)):
                raise AssertionError(f"another answer for {layer}:{unit}")
        if here.parent.exists():
            try:
                judge(log, "layer0:3", "accept")
            except MammiError as error:
                raise AssertionError(f"no verdict can be given: {error}") from error
            if len(log.entries()) != 1:
                raise AssertionError("the verdict is lost")


# A run file of an older version that several explorers open at once

OLD = ROOT / "tests" / "engine" / "store" / "version_8.duckdb.gz"
OPENING = """
import sys
from pathlib import Path
from engine.store.reader import RunReader
from engine.store.verifying import damages
path = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
with RunReader(path) as reader:
    print(reader.info.schema_version, reader.info.content_hash, *reader.concepts, *damages(path))
"""
"""Opens a run file once it is told to, and says what it holds"""


def _upgraded(setting: Setting) -> Outcomes:
    """All read the same, one of them may be killed, and nothing is left beside the file."""
    alone = _opened_by(setting, 1, "alone")
    yield None if alone[0] and "Damage" not in alone[0] else f"an old run file opened alone: {alone}"
    for number in range(setting.count(1, 12)):
        killed = setting.chance.random() * 0.3 if number % 2 else None
        found = _opened_by(setting, 4, f"upgrade {number}", killed)
        fell = set(found) != set(alone)
        yield f"an old run file opened by 4 at once, one killed after {killed} s: {found}" if fell else None


def _opened_by(setting: Setting, count: int, name: str, killed: float | None = None) -> list[str]:
    """What each process says of one old file, but for one that is killed so many seconds after all have begun; and the
    names of what is left beside the file."""
    folder = setting.folder / name
    folder.mkdir()
    path = folder / "run.duckdb"
    path.write_bytes(gzip.decompress(OLD.read_bytes()))
    command = [sys.executable, "-c", OPENING, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(count)]  # type: ignore[call-overload]
    for process in processes:
        process.stdout.readline()
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    if killed is not None:
        time.sleep(killed)
        processes.pop().kill()
    said = [process.communicate()[0].strip() for process in processes]
    return said + [each.name for each in folder.iterdir() if each != path]


# What a network file system refuses


def _raises(code: int, only: Callable[..., bool] = lambda *_: True) -> Callable[[Any], Any]:
    def wrap(real: Any) -> Any:
        def called(*given: Any, **named: Any) -> Any:
            if only(*given):
                raise OSError(code, os.strerror(code))
            return real(*given, **named)

        return called

    return wrap


def _done_but(code: int) -> Callable[[Any], Any]:
    def wrap(real: Any) -> Any:
        def called(*given: Any, **named: Any) -> Any:
            real(*given, **named)
            raise OSError(code, os.strerror(code))

        return called

    return wrap


def _is_folder(descriptor: int, *_: object) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


FAILURES: dict[str, tuple[Any, str, Callable[[Any], Any]]] = {
    **{
        f"rename: {errno.errorcode[code]}": (os, "replace", _raises(code))
        for code in (errno.EXDEV, errno.EBUSY, errno.ESTALE, errno.EACCES, errno.ENOENT, errno.EIO)
    },
    "rename is done, but ENOENT": (os, "replace", _done_but(errno.ENOENT)),
    **{
        f"rmdir: {errno.errorcode[code]}": (os, "rmdir", _raises(code))
        for code in (errno.EBUSY, errno.ENOTEMPTY, errno.EACCES)
    },
    "fsync: EIO": (os, "fsync", _raises(errno.EIO)),
    "fsync: EDQUOT": (os, "fsync", _raises(errno.EDQUOT)),
    "fsync of folders: EIO": (os, "fsync", _raises(errno.EIO, _is_folder)),
    "fsync of folders: EINVAL": (os, "fsync", _raises(errno.EINVAL, _is_folder)),
    "flock: ENOLCK": (fcntl, "flock", _raises(errno.ENOLCK)),
    "unlink: EBUSY": (os, "unlink", _raises(errno.EBUSY)),
    "truncate: EIO, fsync: EIO": (os, "ftruncate", _raises(errno.EIO)),
    "mkdir: EROFS": (os, "mkdir", _raises(errno.EROFS)),
}


def _refused(setting: Setting, run: Path) -> Outcomes:
    """Everything that writes does so whole, or says in one line that it has not."""
    writers: dict[str, Callable[[Path], object]] = {"a run file": small_run, "a verdict": _judges, "a table": _exports}
    for name, (module, function, wrap) in FAILURES.items():
        for what, write in writers.items():
            if not setting.full and setting.chance.random() > 0.4:
                continue
            folder = setting.folder / f"{what} {name}".replace(" ", "-").replace(":", "")
            folder.mkdir()
            shutil.copyfile(run, folder / "run.duckdb")

            def try_it(f: Path = folder, w: Any = write, m: Any = module, n: str = function, k: Any = wrap) -> None:
                with ExitStack() as stack:
                    stack.enter_context(patch.object(m, n, k(getattr(m, n))))
                    if n == "ftruncate":
                        stack.enter_context(patch.object(os, "fsync", _raises(errno.EIO)(os.fsync)))
                    w(f)

            fall = fall_of(try_it, setting.folder, allowed=FREE)
            if not fall:
                fall = fall_of(lambda f=folder: RunReader(f / "run.duckdb").close(), setting.folder)
            left = [path.name for path in folder.iterdir() if path.suffix in (".partial", ".wal")]
            left *= "unlink" not in name
            yield f"{what}, {name}: {fall or left}" if fall or left else None


def _judges(folder: Path) -> None:
    log = VerdictLog(folder / "run.duckdb", "content")
    kept, told = 0, ""
    for unit in range(3):
        try:
            judge(log, f"layer0:{unit}", "accept")
            kept += 1
        except MammiError as error:
            told = str(error)
    lines = log.path.read_bytes().splitlines() if log.path.exists() else []
    if len(lines) != kept and "may or may not" not in told:
        raise AssertionError(f"{len(lines)} lines, {kept} were told as kept; else: {told}")
    if told:
        raise MammiError(told)


def _exports(folder: Path) -> None:
    from engine.store.tables import write_table
    from mammi_tui.console.table_file import put_table

    output = folder / "t.csv"
    output.write_text("earlier\n")
    try:
        put_table(output, "csv", lambda path: write_table(path, "csv", {"name": "VARCHAR"}, [("x",)] * 100))
    except MammiError:
        if output.read_text() != "earlier\n":
            raise AssertionError("the earlier table is lost") from None
        raise
