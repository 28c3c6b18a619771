"""The verdict log: a JSON-lines file beside the run with one line for each judgement. It is only appended to."""

from __future__ import annotations

import errno
import getpass
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from engine.annotation.cuts import Cuts
from engine.errors import MammiError, writing

Verdict = Literal["accept", "reject", "unsure", "clear"]

VERDICTS: tuple[str, ...] = get_args(Verdict)

# No line that this program writes is nearly as long. A longer line is damaged and is not parsed.
LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """One judgement of one neuron's annotation."""

    time: str
    """UTC, ISO 8601"""
    reader: str
    neuron: str
    """`layer:unit`"""
    verdict: Verdict
    cuts: Cuts
    """The cuts at which the reader saw the annotation"""
    annotation: tuple[str, ...]
    """The concepts that the reader saw"""
    run: str
    """The run's content hash"""

    def as_json(self) -> str:
        """The line as it stands in the file, with the cuts as fields of their own."""
        fields = asdict(self)
        return json.dumps(fields | fields.pop("cuts"))


@dataclass(frozen=True, slots=True)
class VerdictFile:
    """The content of a verdict file: this run's lines in order, and the numbers of other lines."""

    name: str
    lines: tuple[VerdictLine, ...]
    other_runs: int
    damaged: int

    @property
    def earlier(self) -> str:
        """A message about lines that belong to earlier versions of the run; "" if there are none."""
        if not self.other_runs:
            return ""
        verdicts, belong, are = ("verdict", "belongs", "is") if self.other_runs == 1 else ("verdicts", "belong", "are")
        return (
            f"{self.other_runs:,} {verdicts} in {self.name} {belong} to an earlier version of this run "
            f"and {are} not shown"
        )


def verdicts_path(run_path: Path) -> Path:
    return run_path.with_name(run_path.name.removesuffix(".duckdb") + ".verdicts.jsonl")


class VerdictLog:
    """The verdicts on one run. It notices when another file replaces the run file.

    Several readers may append at once.
    """

    def __init__(self, run_path: Path, content_hash: str) -> None:
        self.path = verdicts_path(run_path)
        self._run = content_hash
        self._run_path = run_path
        self._opened = _identity(run_path)
        self.when_replaced: Callable[[], object] = lambda: None
        """Called after the first verdict that is written since another file has replaced the run file"""

    def append(self, neuron: str, verdict: Verdict, cuts: Cuts, annotation: Sequence[str]) -> VerdictLine:
        """Adds one line and waits until it is on the disk. Raises MammiError if it cannot be written."""
        line = VerdictLine(
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            reader=reader_name(),
            neuron=neuron,
            verdict=verdict,
            cuts=cuts,
            annotation=tuple(annotation),
            run=self._run,
        )
        # A single write to a file opened for appending, so the lines of several readers never mix.
        data = (line.as_json() + "\n").encode()
        with writing(self.path, "make room, and give it again", "the verdict was not saved"):
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                if _ends_mid_line(descriptor):
                    data = b"\n" + data
                if os.write(descriptor, data) != len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        if _identity(self._run_path) != self._opened:
            self._opened = _identity(self._run_path)
            self.when_replaced()
        return line

    def read(self) -> VerdictFile:
        """Reads every line and counts the damaged ones. Raises MammiError if the file cannot be read."""
        lines: list[VerdictLine] = []
        other_runs = damaged = 0
        for raw in self._raw_lines():
            line = parse_line(raw)
            if line is None:
                damaged += 1
            elif line.run != self._run:
                other_runs += 1
            else:
                lines.append(line)
        return VerdictFile(self.path.name, tuple(lines), other_runs, damaged)

    def latest(self) -> dict[str, VerdictLine]:
        """The standing verdict on each neuron: the last one, unless it was cleared."""
        return standing(self.read().lines)

    def _raw_lines(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as file:
                while raw := file.readline(LONGEST_LINE + 1):
                    whole = raw
                    while len(whole) > LONGEST_LINE and not whole.endswith(b"\n"):
                        whole = file.readline(LONGEST_LINE + 1) or b"\n"
                    if raw.strip():
                        yield raw
        except FileNotFoundError:
            return
        except OSError as error:
            raise MammiError(f"{self.path}: the verdicts cannot be read: {error.strerror or error}") from error


def _identity(path: Path) -> tuple[int, int] | None:
    """A file's device and inode, which change when a new file replaces it; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def standing(lines: Iterable[VerdictLine]) -> dict[str, VerdictLine]:
    """The last line on each neuron, without those that clear a verdict."""
    last: dict[str, VerdictLine] = {}
    for line in lines:
        last.pop(line.neuron, None)
        if line.verdict != "clear":
            last[line.neuron] = line
    return last


def parse_line(raw: bytes) -> VerdictLine | None:
    """The verdict in one line of the file; None where the line is damaged."""
    if len(raw) > LONGEST_LINE:
        return None
    try:
        found = json.loads(raw)
        # Refuses lone surrogates, which can be written neither to a file nor to a terminal.
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not _has_fields(found):
        return None
    return VerdictLine(
        found["time"],
        found["reader"],
        found["neuron"],
        found["verdict"],
        Cuts(float(found["alpha"]), float(found["beta"]), found.get("concept_set")),
        tuple(found["annotation"]),
        found["run"],
    )


def reader_name() -> str:
    """The name of the person who judges: $MAMMI_READER, or the login name."""
    try:
        name = os.environ.get("MAMMI_READER") or getpass.getuser()
    except (OSError, KeyError):
        name = f"uid {os.getuid()}"
    return name.encode(errors="replace").decode()


def _has_fields(found: dict[str, Any]) -> bool:
    texts = all(isinstance(found.get(key), str) for key in ("time", "reader", "neuron", "run"))
    fractions = all(isinstance(found.get(key), int | float) and 0 <= found[key] <= 1 for key in ("alpha", "beta"))
    annotation = found.get("annotation")
    concepts = isinstance(annotation, list) and all(isinstance(concept, str) for concept in annotation)
    concept_set = isinstance(found.get("concept_set"), str | None)
    return texts and fractions and concepts and concept_set and found.get("verdict") in VERDICTS


def _ends_mid_line(descriptor: int) -> bool:
    """Whether the last line lacks its end because another writer was cut off: our line must not be joined to it."""
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
