"""The verdict log: a JSON-lines file beside the run with one line for each act of a reader. It is only appended to."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from engine.errors import MammiError, writing
from engine.store.reader import RunReader
from mammi_tui.verdicts.lines import LONGEST_LINE, Deed, Line, Seen, hash_of_bytes, parse_line
from mammi_tui.verdicts.standing import Standing
from mammi_tui.verdicts.who import Reader, this_reader


class Entry(NamedTuple):
    """One line of the file, which may be damaged."""

    number: int
    """From 1"""
    line: Line | None
    """None for a damaged line. The line's own hash is set also where the file has none."""
    hash: str


@dataclass(frozen=True, slots=True)
class VerdictFile:
    """The content of a verdict file: the lines on this run in order, and the numbers of other lines."""

    name: str
    lines: tuple[Line, ...]
    """Those of this run, and those of other runs of the same target, layer and images"""
    other_runs: int
    damaged: int
    head: str
    """The hash of the last line of the file; "" for an empty one"""

    @property
    def earlier(self) -> str:
        """A message about lines that belong to other versions of the run; "" if there are none."""
        if not self.other_runs:
            return ""
        verdicts, belong, are = ("verdict", "belongs", "is") if self.other_runs == 1 else ("verdicts", "belong", "are")
        return (
            f"{self.other_runs:,} {verdicts} in {self.name} {belong} to an earlier version of this run "
            f"and {are} not shown"
        )


def verdicts_path(run_path: Path) -> Path:
    return run_path.with_name(run_path.name.removesuffix(".duckdb") + ".verdicts.jsonl")


def log_of(reader: RunReader) -> VerdictLog:
    """The verdicts on an open run."""
    return VerdictLog(reader.path, reader.info.content_hash, reader.subject)


class VerdictLog:
    """The verdicts on one run. It notices when another file replaces the run file.

    Several readers may append at once.
    """

    def __init__(self, run_path: Path, content_hash: str, subject_of: Callable[[str], str] = lambda layer: "") -> None:  # noqa: ARG005
        """`subject_of` gives RunReader.subject of a layer; "" for a layer that the run lacks."""
        self.path = verdicts_path(run_path)
        self.run = content_hash
        self._subject_of = cache(subject_of)
        self._run_path = run_path
        self._opened = _identity(run_path)
        self._forget()
        self.when_replaced: Callable[[], object] = lambda: None
        """Called after the first verdict that is written since another file has replaced the run file"""

    @property
    def reader(self) -> Reader:
        """Who signs."""
        return this_reader()

    @property
    def has_grown(self) -> bool:
        """Whether the file differs from what was read last: another process has written."""
        with suppress(OSError):
            return (_identity(self.path), self.path.stat().st_size) != (self._file, self._read_to)
        return self._file is not None

    def append(self, neuron: str, deed: Deed, seen: Seen) -> Line:
        """Adds one line about a neuron, `layer:unit`, and waits until it is on the disk.

        Raises MammiError if it cannot be written; then the file is as it was.
        """
        return self.add([self._line(neuron, deed, seen)])[0]

    def take_back(self, act: Literal["undo", "redo"]) -> Line | None:
        """Undoes the reader's last act, or does the one again that was undone last, and returns that act's line.

        None if there is no such act: then nothing is written. It is found while no other process writes, so that two
        processes of one reader take back two acts. Raises as `append` does.
        """
        found: list[Line] = []

        def taking_back() -> list[Line]:
            stand, name = self.standing, self.reader.name
            found[:] = filter(None, [stand.undoable(name) if act == "undo" else stand.redoable(name)])
            return [self._line(line.neuron, Deed(act, of=line.identity), line.seen) for line in found]

        self.add(taking_back)
        return found[0] if found else None

    def _line(self, neuron: str, deed: Deed, seen: Seen) -> Line:
        """A line that has no place in the log yet."""
        reader = self.reader
        return Line(
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            reader=reader.name,
            role=reader.role,
            neuron=neuron,
            deed=deed,
            seen=seen,
            run=self.run,
            subject=self._subject_of(neuron.rpartition(":")[0]),
            engine=program_version(),
        )

    def add(self, lines: list[Line] | Callable[[], list[Line]]) -> list[Line]:
        """Adds lines, sealed in their new places, all or none. Raises as `append` does.

        A function that makes the lines is called when all earlier lines are read and no other process can write.
        """
        with writing(self.path, "make room, and give it again", "the verdict was not saved"):
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                with _locked(descriptor, exclusive=True):
                    self._catch_up(descriptor)
                    sealed = self._write(descriptor, lines() if callable(lines) else lines)
            finally:
                os.close(descriptor)
        if _identity(self._run_path) != self._opened:
            self._opened = _identity(self._run_path)
            self.when_replaced()
        return sealed

    def _write(self, descriptor: int, lines: list[Line]) -> list[Line]:
        if not lines:
            return []
        size = os.fstat(descriptor).st_size
        ends_mid_line = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"  # another writer was cut off
        last = self._entries[-1] if self._entries else Entry(0, None, "")
        sealed: list[Line] = []
        for line in lines:
            sealed.append(line.sealed(last.number + 1, last.hash))
            last = Entry(last.number + 1, sealed[-1], sealed[-1].hash)
        data = b"\n" * ends_mid_line + b"".join(line.as_json().encode() + b"\n" for line in sealed)
        try:
            if os.write(descriptor, data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
        self._catch_up(descriptor)
        return sealed

    def read(self) -> VerdictFile:
        """Reads what is new, and counts the damaged lines. Raises MammiError if the file cannot be read."""
        self._read_file()
        head = self._entries[-1].hash if self._entries else ""
        return VerdictFile(self.path.name, tuple(self._ours), self._other_runs, self._damaged, head)

    def entries(self) -> tuple[Entry, ...]:
        """Every line of the file. Raises MammiError if it cannot be read."""
        self._read_file()
        return tuple(self._entries)

    def _read_file(self) -> None:
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would wait for a writer
        except FileNotFoundError:
            self._forget()
            return
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "it is no regular file")
            with _locked(descriptor, exclusive=False):
                self._catch_up(descriptor)
        except OSError as error:
            raise self._unreadable(error) from error
        finally:
            os.close(descriptor)

    def _unreadable(self, error: OSError) -> MammiError:
        return MammiError(f"{self.path}: the verdicts cannot be read: {error.strerror or error}")

    def _is_ours(self, line: Line) -> bool:
        if line.run == self.run:
            return True
        return bool(line.subject) and line.subject == self._subject_of(line.neuron.rpartition(":")[0])

    def _forget(self) -> None:
        """Goes back to the state before anything was read."""
        self._entries: list[Entry] = []
        self._ours: list[Line] = []
        self._other_runs = self._damaged = 0
        self._read_to = 0
        self._file: tuple[int, int] | None = None
        self.standing = Standing(self.run)
        """What stands of the lines that were read or written last"""

    def _note(self, entry: Entry) -> None:
        """Takes the next line of the file."""
        self._entries.append(entry)
        if entry.line is None:
            self._damaged += 1
        elif self._is_ours(entry.line):
            self._ours.append(entry.line)
            self.standing.add(entry.line)
        else:
            self._other_runs += 1

    def _catch_up(self, descriptor: int) -> None:
        """Reads what was written since the last time; all of it where the file is another, or shorter."""
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return  # a device may never end
        file = found.st_dev, found.st_ino
        if file != self._file or found.st_size < self._read_to:
            self._forget()
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            stream.seek(self._read_to)
            for raw in _raw_lines(stream.readline):
                last = self._entries[-1] if self._entries else Entry(0, None, "")
                self._note(_entry(last, raw))
            self._read_to, self._file = stream.tell(), file


def _entry(last: Entry, raw: bytes) -> Entry:
    """The line after `last`."""
    line, number = parse_line(raw), last.number + 1
    if line is None or line.state == "unsealed":
        found = hash_of_bytes(last.hash, raw)
        return Entry(number, replace(line, hash=found, number=number) if line else None, found)
    return Entry(number, line, line.hash)


def _raw_lines(readline: Callable[[int], bytes]) -> Iterator[bytes]:
    """The lines of a file that are not blank, none much longer than LONGEST_LINE."""
    while raw := readline(LONGEST_LINE + 1):
        whole = raw
        while len(whole) > LONGEST_LINE and not whole.endswith(b"\n"):
            whole = readline(LONGEST_LINE + 1) or b"\n"
        if raw.strip():
            yield raw


@contextmanager
def _locked(descriptor: int, *, exclusive: bool) -> Iterator[None]:
    """Keeps other processes from writing (and from reading while this one writes), where the file system can."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
    yield  # closing the descriptor unlocks


def _identity(path: Path) -> tuple[int, int] | None:
    """A file's device and inode, which change when a new file replaces it; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@cache
def program_version() -> str:
    """The version of this program; "" where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    with suppress(PackageNotFoundError):
        return version("mammi-explorer")
    return ""
