"""Odd folders, names, links, pipes, limits and clocks."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from unittest.mock import patch

from engine.store.reader import RunReader
from mammi_tui.verdicts import log as verdict_log
from mammi_tui.verdicts.log import log_of
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.sandbox import fall_of
from tests.hard_knocks.shell import Outputs, load, mammi
from tests.support.runs import small_run
from tests.support.verdicts import judge


def knock(setting: Setting) -> Outcomes:
    load()
    os.environ["XDG_STATE_HOME"] = str(setting.folder / "state")
    run = small_run(setting.folder)
    yield from _places(setting, run)
    yield from _clocks(setting, run)


# Places and names


def _places(setting: Setting, run: Path) -> Outcomes:
    folder = setting.folder / "places"
    folder.mkdir()
    tries = list(_odd_inputs(folder, run)) + list(_odd_homes(folder, run))
    for name, arguments, prepared in tries if setting.full else setting.chance.sample(tries, 14):
        ended = mammi(arguments, Outputs(prepared=list(prepared)), seconds=120)
        fall = ended.fall(0, 1, 2)
        if not fall and ended.status and not ended.told:
            fall = f"silent: {ended.status}"
        yield (fall and f"{name}: {' '.join(map(str, arguments))[:150]}: {fall}") or None


def _odd_inputs(folder: Path, run: Path) -> Iterator[tuple[str, list[object], Sequence[Callable[[], object]]]]:
    """Runs, configurations and outputs that are no files, or have odd names."""
    pipe, there, loop, gone = (folder / name for name in ("pipe", "a folder", "loop", "gone"))
    os.mkfifo(pipe)
    there.mkdir()
    loop.symlink_to(loop)
    gone.symlink_to(folder / "nothing")
    served = socket.socket(socket.AF_UNIX)
    served.bind(os.fsencode(os.path.relpath(folder / "socket")))
    odd = [
        pipe,
        there,
        loop,
        gone,
        folder / "socket",
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "x" * 4000,
        "a/" * 2500,
        "",
    ]
    for path in odd:
        for arguments in (
            ["show", path, "layer0:3"],
            ["check", path],
            ["doctor", path],
            ["compare", run, path],
            ["verdicts", "import", run, path],
            ["run", path],
            ["layers", path],
            ["weights", path],
            ["concepts", path, "-o", "-"],
            ["export", run, "--what", "neurons", "--format", "csv", "-o", path, "--force"],
            ["report", run, "-o", path, "--force"],
        ):
            if str(path).startswith("/dev/") and "--force" in arguments:
                continue  # should it fall, it would put a file in the device's place
            yield "an odd file", [*arguments], ()
    for name in ("a\nb", "it's", 'a"b', "100%", "a b", "ü" * 60, os.fsdecode(b"\xff\xfe"), "-rf", "a;b", "\x1b[31m"):
        place = folder / name
        place.mkdir()
        shutil.copyfile(run, place / f"{name}.duckdb")
        here = place / f"{name}.duckdb"
        yield "an odd name", ["show", here, "layer0:3"], ()
        yield "an odd name", ["export", here, "--what", "neurons", "--format", "csv", "-o", place / f"{name}.csv"], ()
        yield "an odd name", ["report", here, "--all", "-o", place / f"{name}.html"], ()
    for beside in (pipe, there, loop, gone):
        place = Path(tempfile.mkdtemp(dir=folder))
        shutil.copyfile(run, place / "run.duckdb")
        for name in ("run.verdicts.jsonl", "run.duckdb.work", "run.duckdb.shards"):
            (place / name).symlink_to(beside)
        yield "odd verdicts", ["show", place / "run.duckdb", "layer0:3"], ()
        yield "odd verdicts", ["verdicts", "verify", place / "run.duckdb"], ()
        yield "odd verdicts", ["report", place / "run.duckdb", "-o", "-"], ()


def _odd_homes(folder: Path, run: Path) -> Iterator[tuple[str, list[object], Sequence[Callable[[], object]]]]:
    """Homes, folders of temporary files, current folders and limits."""
    file = folder / "file"
    file.write_text("x")
    gone = folder / "current"
    commands: list[list[object]] = [
        ["show", run, "layer0:3", "--evidence"],
        ["verdicts", "verify", run],
        ["keys"],
        ["doctor", run],
        ["export", run, "--what", "neurons", "--format", "csv", "-o", "-"],
        ["weights"],
    ]

    def environment(**values: str | None) -> Callable[[], object]:
        def change() -> None:
            tempfile.tempdir = None
            for name, value in values.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value

        return change

    def nowhere() -> None:
        gone.mkdir(exist_ok=True)
        os.chdir(gone)
        gone.rmdir()

    no_xdg = dict.fromkeys(("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"))
    prepared: dict[str, Callable[[], object]] = {
        "no HOME": environment(HOME=None, **no_xdg),
        "HOME does not exist": environment(HOME="/nothing/here", **no_xdg),
        "HOME is a file": environment(HOME=str(file), **no_xdg),
        "XDG names files": environment(**dict.fromkeys(no_xdg, str(file))),
        "TMPDIR does not exist": environment(TMPDIR="/nothing/here"),
        "no current folder": nowhere,
        "64 files": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
        "12 files": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12)),
    }
    for name, prepare in prepared.items():
        for arguments in commands:
            yield name, arguments, [prepare]
    for arguments in (
        ["show", "run.duckdb", "layer0:3"],
        ["run", "x.toml"],
        ["demo", "--no-open"],
        ["export", run, "--what", "neurons", "--format", "csv", "-o", "x.csv"],
    ):
        yield "no current folder", [*arguments], [nowhere]


# Clocks


def _clocks(setting: Setting, run: Path) -> Outcomes:
    """Verdicts stand in the order in which they were given, whatever the clock says."""
    for years in ((1970, 2026), (2026, 1970), (2106, 2026), (2026, 2106, 1970)):
        folder = setting.folder / "-".join(map(str, years))
        folder.mkdir()
        shutil.copyfile(run, folder / "run.duckdb")
        fall = fall_of(lambda f=folder, y=years: _judged_in(f / "run.duckdb", y), setting.folder)
        yield fall and f"verdicts in {years}: {fall}"


def _judged_in(run: Path, years: Sequence[int]) -> None:
    with RunReader(run) as reader:
        for year in years:

            class Clock(datetime):
                @classmethod
                def now(cls, tz: tzinfo | None = None, year: int = year) -> datetime:  # type: ignore[override]
                    return datetime(year, 6, 1, tzinfo=tz)

            with patch.object(verdict_log, "datetime", Clock):
                judge(log_of(reader), "layer0:3", "accept" if year == years[-1] else "reject")
        log = log_of(reader)
        log.read()
        standing = log.standing.judgements[log.reader.name]["layer0:3"].verdict
        if standing is None or standing.verdict != "accept":
            raise AssertionError(f"{standing and standing.verdict} stands")
