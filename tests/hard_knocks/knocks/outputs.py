"""Every command that prints, with outputs that are full, closed, not read, of another encoding, or limited."""

from __future__ import annotations

import os
import resource
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.hard_knocks.knock import Outcomes, Setting, Skipped
from tests.hard_knocks.shell import Outputs, load, mammi
from tests.hard_knocks.small_disk import fill, small_disk, unseen_mounts
from tests.support.models import tiny_project
from tests.support.runs import small_run
from tests.support.verdicts import judge

METHODS: dict[str, dict[str, object]] = {"www": {"count": 20}, "netdissect": {}, "tcav": {}}
SLOW = ("run", "layers", "merge", "doctor", "evaluate", "weights")
"""Commands that load what a run needs: not tried with --quick"""
SLOW_SHARE = 0.4
"""Of the outputs, those that each of them is tried with"""


def commands(folder: Path) -> list[list[str]]:
    """Each command that prints, in its forms, on files that are made here."""
    from engine.store.reader import RunReader
    from mammi_tui.verdicts.log import log_of

    run, other, project = folder / "run.duckdb", folder / "other.duckdb", folder / "tiny"
    small_run(folder, other_templates=2, captions=12, methods=METHODS, hostile=True)
    with RunReader(run) as reader:
        for unit in (3, 4, 5):
            judge(log_of(reader), f"layer1:{unit}", "accept")
    (folder / "second").mkdir()
    small_run(folder / "second", seed=1).replace(other)
    (project / "films").mkdir(parents=True)
    config = str(tiny_project(project))
    (folder / "notes.txt").write_text("There is a small effusion, and the heart is large.\n" * 5)
    (folder / "stranger.jsonl").write_text('{"nothing": 1}\n')
    here, there = str(run), str(other)
    exports = ("neurons", "concepts", "representatives", "evidence", "methods", "audit", "verdicts")
    return [
        ["--version"],
        ["--help"],
        ["show", here, "layer1:3"],
        ["export", here, "--what", "neurons", "--format", "csv", "-o", "-"],
        ["report", here, "-o", "-"],
        ["check", here],
        ["show", here, "layer9:3"],
        ["show", here, "layer1:3", "--json"],
        ["show", here, "layer1:3", "--evidence"],
        ["show", here, "layer1:3", "--methods"],
        ["show", here, "--concept", "concept 3"],
        ["report", here, "-o", "-", "--format", "md"],
        *(
            ["export", here, "--what", what, "--format", kind, "-o", "-"]
            for what in exports
            for kind in ("csv", "json")
        ),
        ["doctor"],
        ["doctor", here],
        ["compare", here, there],
        ["compare", here, there, "--json"],
        ["evaluate", here],
        ["audit", here],
        ["verdicts", "verify", here],
        ["verdicts", "export", here, "-o", "-"],
        ["verdicts", "import", here, str(folder / "stranger.jsonl")],
        ["agree", here],
        ["keys"],
        ["concepts", str(folder / "notes.txt"), "-o", "-"],
        ["weights"],
        ["weights", "list", "--json"],
        ["weights", config],
        ["layers", config],
        ["run", config],
        ["merge", config],
        ["open", here],
        ["nothing"],
        ["run"],
        *([name, "--help"] for name in ("run", "export", "weights")),
    ]


@contextmanager
def _opened(*places: str, **others: object) -> Iterator[Outputs]:
    """stdout and stderr at these paths; "pipe" is read, "" is closed."""
    ends: list[int | str | None] = [
        os.open(place, os.O_WRONLY | os.O_CREAT, 0o600) if place.startswith("/") else place or None for place in places
    ]
    try:
        yield Outputs(stdout=ends[0], stderr=ends[1], **others)  # type: ignore[arg-type]
    finally:
        for end in ends:
            if isinstance(end, int):
                os.close(end)


@contextmanager
def _not_read(both: bool = False) -> Iterator[Outputs]:
    read, write = os.pipe()
    os.close(read)
    try:
        yield Outputs(stdout=write, stderr=write if both else "pipe")
    finally:
        os.close(write)


@contextmanager
def _read_a_little() -> Iterator[Outputs]:
    """As `| head -c 100`: the pipe holds a page, and its reader goes after the first bytes."""
    import fcntl
    import threading

    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    reader = threading.Thread(target=lambda: (os.read(read, 100), os.close(read)))
    reader.start()
    try:
        yield Outputs(stdout=write)
    finally:
        os.close(write)
        reader.join()


@contextmanager
def _never_waits() -> Iterator[Outputs]:
    """A pipe that another program has made non-blocking, and that is full until its reader comes."""
    import threading

    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        while os.write(write, bytes(4096)):
            pass
    except BlockingIOError:
        pass
    reader = threading.Timer(0.05, lambda: deque(iter(lambda: os.read(read, 65536), b""), maxlen=0))
    reader.start()
    try:
        yield Outputs(stdout=write)
    finally:
        os.close(write)
        reader.join()
        os.close(read)


@contextmanager
def _cannot_be_written() -> Iterator[Outputs]:
    descriptor = os.open(os.devnull, os.O_RDONLY)
    try:
        yield Outputs(stdout=descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _limited(folder: Path) -> Iterator[Outputs]:
    limit = [lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))]
    with _opened(str(folder / "limited.txt"), "pipe", prepared=limit) as outputs:
        yield outputs


@contextmanager
def _small_disk(folder: Path) -> Iterator[Outputs]:
    with small_disk(folder / "small", 64 << 10) as disk:
        fill(disk)
        with _opened(str(disk / "out.txt"), "pipe") as outputs:
            yield outputs


@contextmanager
def _full_temporary(folder: Path) -> Iterator[Outputs]:
    """stdout is read, but the folder of temporary files is full."""
    import tempfile

    with small_disk(folder / "temporary", 64 << 10) as disk:
        fill(disk)
        yield Outputs(prepared=[lambda: setattr(tempfile, "tempdir", str(disk))])


def kinds(folder: Path) -> dict[str, tuple[Callable[[], object], str]]:
    """Name -> outputs, and what they must lead to: "told" (one line, status 1), "silent" (no line), "same" (status and
    output as ever)."""
    return {
        "full": (lambda: _opened("/dev/full", "pipe"), "told"),
        "not read": (_not_read, "silent"),
        "ASCII": (lambda: _opened("pipe", "pipe", encoding="ascii"), "same"),
        "closed": (lambda: _opened("", "pipe"), "same status"),
        "read a little": (_read_a_little, "may be silent"),
        "Windows-1252": (lambda: _opened("pipe", "pipe", encoding="cp1252"), "same"),
        "UTF-16": (lambda: _opened("pipe", "pipe", encoding="utf-16"), "same"),
        "surrogateescape": (lambda: _opened("pipe", "pipe", errors="surrogateescape"), "same"),
        "both full": (lambda: _opened("/dev/full", "/dev/full"), "told"),
        "errors full": (lambda: _opened("pipe", "/dev/full"), "same"),
        "neither read": (lambda: _not_read(both=True), "silent"),
        "errors closed": (lambda: _opened("pipe", ""), "same"),
        "all closed": (lambda: _opened("", "", stdin=None), "same status"),
        "stdin closed": (lambda: _opened("pipe", "pipe", stdin=None), "same"),
        "stdin and stdout closed": (lambda: _opened("", "pipe", stdin=None), "same status"),
        "opened for reading": (_cannot_be_written, "told"),
        "never waits": (_never_waits, "same status"),
        "limit on files": (lambda: _limited(folder), "told"),
        "file on a full disk": (lambda: _small_disk(folder), "told"),
        "temporary files full": (lambda: _full_temporary(folder), "any"),
    }


def knock(setting: Setting) -> Outcomes:
    try:
        unseen_mounts()
        mounted = True
    except Skipped:
        mounted = False
    load()
    tried = commands(setting.folder)
    chosen = tried if setting.full else setting.chance.sample([each for each in tried if each[0] not in SLOW], 7)
    for arguments in chosen:
        usual = mammi(arguments)
        before = _state(setting.folder)
        share = 0.3 if not setting.full else SLOW_SHARE if arguments[0] in SLOW else 1.0
        name = " ".join(Path(each).name if each.startswith("/") else each for each in arguments)
        yield ((fall := usual.fall()) and f"{name}: {fall}") or None
        for kind, (outputs, must) in kinds(setting.folder).items():
            if kind in ("file on a full disk", "temporary files full") and not mounted:
                continue
            if setting.chance.random() > share:
                continue
            with outputs() as given:  # type: ignore[attr-defined]
                found = mammi(arguments, given)
            fall = found.fall(*_statuses(must, usual.status, bool(usual.out)))
            if not fall and must == "told" and usual.out and kind != "both full" and not found.told:
                fall = f"nothing is told: {found.err[-200:]!r}"
            if not fall and must == "same" and len(found.out) < 0.5 * len(usual.out):
                fall = "printed nothing"
            allowed = usual.told if must == "may be silent" else []  # it may have written all before its reader went
            if not fall and "silent" in must and usual.out and any(line not in allowed for line in found.told):
                fall = f"told {found.told}"
            if not fall and _state(setting.folder) != before:
                fall = f"left {_state(setting.folder) ^ before}"
                shutil.rmtree(setting.folder / "left", ignore_errors=True)
            yield f"{name} [{kind}]: {fall}" if fall else None


def _statuses(must: str, usual: int, prints: bool) -> tuple[int, ...]:
    """The statuses that a command may end with."""
    if must == "any":
        return ()
    if must == "may be silent":
        return usual, 1
    return (usual,) if must.startswith("same") or not prints else (1,)


def _state(folder: Path) -> set[str]:
    """The files that are there, but for those that the outputs need."""
    return {str(path) for path in folder.rglob("*") if path.name not in ("small", "temporary", "limited.txt")}
