"""The verdict log: a JSON-lines file beside the run with one line for each act of a reader. It is only appended to."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from engine.errors import MammiError, why_not, writing
from engine.store.reader import RunReader
from mammi_tui.text import count
from mammi_tui.verdicts.act_order import in_order
from mammi_tui.verdicts.content import VerdictFile
from mammi_tui.verdicts.entries import START, Entry, entries_of
from mammi_tui.verdicts.files import locked, open_to_append, stamp_at, stamp_of
from mammi_tui.verdicts.heads import remember
from mammi_tui.verdicts.keeping import keep
from mammi_tui.verdicts.lines import LONGEST_LINE, Deed, Line, Seen
from mammi_tui.verdicts.standing import Standing, standing
from mammi_tui.verdicts.who import Reader, program_version, this_reader


def verdicts_path(run_path: Path) -> Path:
    return run_path.parent / f"{run_path.name.removesuffix('.duckdb')}.verdicts.jsonl"


def log_of(reader: RunReader) -> VerdictLog:
    """The verdicts on an open run."""

    def subject(layer: str) -> str:
        try:
            return reader.subject(layer)
        except MammiError:  # the file was written over; the content hash alone then tells whose a line is
            return ""

    return VerdictLog(reader.path, reader.info.content_hash, subject)


class VerdictLog:
    """The verdicts on one run, to which several readers may append at once. It notices when the run file changes."""

    def __init__(self, run_path: Path, content_hash: str, subject_of: Callable[[str], str] = lambda layer: "") -> None:  # noqa: ARG005
        """`subject_of` gives RunReader.subject of a layer; "" for a layer that the run lacks."""
        self.path = verdicts_path(run_path)
        self.run = content_hash
        self._subject_of = cache(subject_of)
        self._run_path = run_path
        self._opened = stamp_at(run_path)
        self._forget()
        self.when_replaced: Callable[[str], object] = lambda what: None  # noqa: ARG005
        """Called with what has happened to the run file, when it is noticed that it is no longer what was opened"""
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
        return stamp_of(found) != self._stamp

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
            descriptor = open_to_append(self.path, self._run_path)
            try:
                with locked(descriptor, exclusive=True):
                    self._catch_up(descriptor)
                    sealed = self._write(descriptor, lines() if callable(lines) else lines)
            finally:
                with suppress(OSError):  # the lines are on the disk: else an error was raised before
                    os.close(descriptor)
        remember(self.path, self._entries)
        self.look_at_run()
        return sealed

    def look_at_run(self) -> None:
        """Calls `when_replaced` once if the run file is not the one that was opened. Reads nothing."""
        if (found := stamp_at(self._run_path)) != self._opened:
            self._opened = found
            self.when_replaced("is gone" if found is None else "was replaced or written over")

    def _write(self, descriptor: int, lines: list[Line]) -> list[Line]:
        if not lines:
            return []
        size = os.fstat(descriptor).st_size
        ends_mid_line = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"  # another writer was cut off
        sealed: list[Line] = []
        previous = self._last.hash
        for number, line in enumerate(lines, self._last.number + 1):
            sealed.append(line.sealed(number, previous))
            previous = sealed[-1].hash
        data = b"\n" * ends_mid_line + b"".join(map(_written, sealed))
        try:
            if os.write(descriptor, data) != len(data):  # noqa: TID251 (a file)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        except OSError:
            self._cut(descriptor, size)
            raise
        self._catch_up(descriptor)
        return sealed

    def _cut(self, descriptor: int, size: int) -> None:
        """Takes back what could not be written whole."""
        try:
            os.ftruncate(descriptor, size)
        except OSError as error:
            if os.fstat(descriptor).st_size > size:
                raise MammiError(
                    f"{self.path}: its disk reports errors: what was given last may or may not be saved; "
                    "see what stands before you give it again"
                ) from error

    def read(self) -> VerdictFile:
        """Reads what is new, and counts the damaged lines. Raises MammiError if the file cannot be read."""
        self._read_file()
        return VerdictFile(self.path.name, tuple(self._ours), self._other_runs, self._damaged, self._last.hash)

    @property
    def known(self) -> Sequence[Entry]:
        """Every line that was read or written last."""
        return self._entries

    def entries(self) -> tuple[Entry, ...]:
        """Every line of the file. Raises MammiError if it cannot be read."""
        self._read_file()
        return tuple(self._entries)

    def _read_file(self) -> None:
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would wait for a writer
        except FileNotFoundError:
            self._tell_lost(self._forget(), "is no longer there")
            return
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "it is no regular file")
            with locked(descriptor, exclusive=False):
                self._catch_up(descriptor)
        except OSError as error:
            raise self._unreadable(error) from error
        finally:
            with suppress(OSError):
                os.close(descriptor)

    def _unreadable(self, error: OSError) -> MammiError:
        return MammiError(f"{self.path}: the verdicts cannot be read: {why_not(error)}")

    def is_ours(self, line: Line) -> bool:
        """Whether a line is about this run, or about the same target, layer and images."""
        if line.run == self.run:
            return True
        return bool(line.subject) and line.subject == self._subject_of(line.neuron.rpartition(":")[0])

    @property
    def _last(self) -> Entry:
        return self._entries[-1] if self._entries else START

    def _forget(self) -> list[Entry]:
        """Goes back to the state before anything was read. Returns what was read."""
        lost: list[Entry] = getattr(self, "_entries", [])
        self._entries: list[Entry] = []
        self._ours: list[Line] = []
        self._other_runs = self._damaged = 0
        self._read_to = 0
        self._stamp: tuple[int, ...] | None = None
        """Changes when the file does; None before it was read, and where there is none"""
        self.standing = Standing(self.run)
        """What stands of the lines that were read or written last"""
        return lost

    def _take(self, entries: Iterable[Entry]) -> None:
        """Takes the next lines of the file."""
        ours: list[Line] = []
        for entry in entries:
            self._entries.append(entry)
            if entry.line is None:
                self._damaged += 1
            elif self.is_ours(entry.line):
                ours.append(entry.line)
            else:
                self._other_runs += 1
        latest = [*self._ours[-1:], *ours]
        self._ours += ours
        if in_order(latest) == latest:
            for line in ours:
                self.standing.add(line)
        else:  # lines were imported that are older than some that were there
            self._ours = in_order(self._ours)
            self.standing = standing(self._ours, self.run)

    def _catch_up(self, descriptor: int) -> None:
        """Reads what was written since the last time; all of it where what was read is no longer there."""
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return  # a device may never end
        known = [] if self._goes_on(descriptor, found) else self._forget()
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            stream.seek(self._read_to)
            self._take(entries_of(stream.readline, self._last))
            self._read_to, self._stamp = stream.tell(), stamp_of(found)
        present = {entry.hash for entry in self._entries} if known else set()
        self._tell_lost([entry for entry in known if entry.hash not in present], "was replaced or cut off")

    def _goes_on(self, descriptor: int, found: os.stat_result) -> bool:
        """Whether the file is what was read, and perhaps more."""
        stamp, raw = stamp_of(found), self._last.raw
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


def _written(line: Line) -> bytes:
    """A line as it stands in the file. Raises MammiError for one that would be too long to be read again."""
    data = line.as_json().encode() + b"\n"
    if len(data) > LONGEST_LINE:
        raise MammiError(
            f"{line.neuron}: not saved, as its line would be longer than {LONGEST_LINE >> 10:,} KiB: "
            f"{count(len(line.seen.annotation), 'concept')} are annotated; a higher β leaves fewer"
        )
    return data
