"""The verdict log: a JSON-lines file beside the run with one line for each act of a reader. It is only appended to."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from engine.errors import MammiError, writing
from engine.store.reader import RunReader
from mammi_tui.text import count
from mammi_tui.verdicts.act_order import in_order
from mammi_tui.verdicts.entries import START, Entry, entries_of
from mammi_tui.verdicts.keeping import keep
from mammi_tui.verdicts.lines import LONGEST_LINE, Deed, Line, Seen
from mammi_tui.verdicts.who import Reader, this_reader


@dataclass(frozen=True, slots=True)
class VerdictFile:
    """The content of a verdict file: the lines on this run in the order of their acts, and the numbers of others."""

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
        self._entries: list[Entry] = []
        self._read_to = 0
        self._stamp: tuple[int, ...] | None = None
        """Changes when the file does; None before it was read, and where there is none"""
        self.when_replaced: Callable[[], object] = lambda: None
        """Called after the first verdict that is written since another file has replaced the run file"""
        self.when_lost: Callable[[str], object] = lambda message: None  # noqa: ARG005
        """Called with what to tell the reader when lines that were read are no longer in the file"""

    @property
    def reader(self) -> Reader:
        """Who signs."""
        return this_reader()

    @property
    def has_changed(self) -> bool:
        """Whether the file differs from what was read last: another process has written. Reads nothing."""
        try:
            found = self.path.stat()
        except OSError:
            return self._stamp is not None
        return _stamp_of(found) != self._stamp

    def append(self, neuron: str, deed: Deed, seen: Seen) -> Line:
        """Adds one line about a neuron, `layer:unit`, and waits until it is on the disk.

        Raises MammiError if it cannot be written; then the file is as it was.
        """
        reader = self.reader
        line = Line(
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
        return self.add([line])[0]

    def add(self, lines: list[Line]) -> list[Line]:
        """Adds lines, sealed in their new places, all or none. Raises as `append` does."""
        return self.add_after(lambda entries: lines)  # noqa: ARG005

    def add_after(self, choose: Callable[[Sequence[Entry]], list[Line]]) -> list[Line]:
        """As `add`, for lines that depend on those in the file; nobody else writes meanwhile."""
        with writing(self.path, "make room, and give it again", "the verdict was not saved"):
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                with _locked(descriptor, exclusive=True):
                    self._catch_up(descriptor)
                    sealed = self._write(descriptor, choose(tuple(self._entries)))
            finally:
                os.close(descriptor)
        if _identity(self._run_path) != self._opened:
            self._opened = _identity(self._run_path)
            self.when_replaced()
        return sealed

    def _write(self, descriptor: int, lines: list[Line]) -> list[Line]:
        size = os.fstat(descriptor).st_size
        ends_mid_line = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"  # another writer was cut off
        sealed: list[Line] = []
        previous = self._last.hash
        for number, line in enumerate(lines, self._last.number + 1):
            sealed.append(line.sealed(number, previous))
            previous = sealed[-1].hash
        data = b"\n" * ends_mid_line + b"".join(line.as_json().encode() + b"\n" for line in sealed)
        if not lines:
            return []
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
        entries = self.entries()
        lines = [entry.line for entry in entries if entry.line]
        ours = tuple(in_order([line for line in lines if self.is_ours(line)]))
        head = entries[-1].hash if entries else ""
        return VerdictFile(self.path.name, ours, len(lines) - len(ours), len(entries) - len(lines), head)

    def entries(self) -> tuple[Entry, ...]:
        """Every line of the file. Raises MammiError if it cannot be read."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would wait for a writer
        except FileNotFoundError:
            lost = self._forget()
            self._tell_lost(lost, "is no longer there")
            return ()
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
        return tuple(self._entries)

    def _unreadable(self, error: OSError) -> MammiError:
        return MammiError(f"{self.path}: the verdicts cannot be read: {error.strerror or error}")

    def is_ours(self, line: Line) -> bool:
        """Whether a line is about this run, or about the same target, layer and images."""
        if line.run == self.run:
            return True
        return bool(line.subject) and line.subject == self._subject_of(line.neuron.rpartition(":")[0])

    @property
    def _last(self) -> Entry:
        return self._entries[-1] if self._entries else START

    def _forget(self) -> list[Entry]:
        """Forgets what was read, and returns it."""
        lost, self._entries = self._entries, []
        self._read_to, self._stamp = 0, None
        return lost

    def _catch_up(self, descriptor: int) -> None:
        """Reads what was written since the last time; all of it where what was read is no longer there."""
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return  # a device may never end
        known = [] if self._goes_on(descriptor, found) else self._forget()
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            stream.seek(self._read_to)
            self._entries += entries_of(stream.readline, self._last)
            self._read_to, self._stamp = stream.tell(), _stamp_of(found)
        present = {entry.hash for entry in self._entries} if known else set()
        self._tell_lost([entry for entry in known if entry.hash not in present], "was replaced or cut off")

    def _goes_on(self, descriptor: int, found: os.stat_result) -> bool:
        """Whether the file is what was read, and perhaps more."""
        stamp, raw = _stamp_of(found), self._last.raw
        if self._stamp is None or stamp[:2] != self._stamp[:2] or found.st_size < self._read_to:
            return False
        if found.st_size == self._read_to:
            return stamp == self._stamp
        return os.pread(descriptor, len(raw), self._read_to - len(raw)) == raw or len(raw) > LONGEST_LINE

    def _tell_lost(self, lost: Sequence[Entry], what: str) -> None:
        """Keeps lines that were read and are no longer in the file, and says so."""
        if not lost:
            return
        kept = keep(self.path, lost)
        lines, are = count(len(lost), "line"), "is" if len(lost) == 1 else "are"
        where = (
            f"they are kept in {kept}, and `mammi verdicts import` brings them back"
            if kept
            else "they could not be kept: the folder cannot be written"
        )
        self.when_lost(f"{self.path.name} {what}: {lines} that it had {are} not in it; {where}")


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


def _stamp_of(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@cache
def program_version() -> str:
    """The version of this program; "" where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    with suppress(PackageNotFoundError):
        return version("mammi-explorer")
    return ""
