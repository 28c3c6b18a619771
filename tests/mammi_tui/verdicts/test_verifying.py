"""Any change to a log is found and named, but for an end that was cut off."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from mammi_tui.verdicts.heads import Head, remember, remembered
from mammi_tui.verdicts.lines import _hash_of
from mammi_tui.verdicts.log import VerdictLog
from mammi_tui.verdicts.verifying import faults, head_faults
from tests.support.verdicts import judge

LogAs = Callable[..., VerdictLog]
Lines = list[bytes]


@pytest.fixture
def log(log_as: LogAs) -> VerdictLog:
    """Six lines of two readers."""
    for unit in range(6):
        judge(log_as(f"r{unit % 2 + 1}"), f"a:{unit}", "accept")
    return log_as("r1")


def change(log: VerdictLog, by: Callable[[Lines], object]) -> list[tuple[int, str]]:
    """Changes the lines of the file, and tells what is wrong then."""
    lines = log.path.read_bytes().splitlines(keepends=True)
    by(lines)
    log.path.write_bytes(b"".join(lines))
    return [(fault.number, fault.what) for fault in faults(log.entries())]


def altered(raw: bytes, *, sealed: bool = False) -> bytes:
    fields = json.loads(raw) | {"verdict": "reject"}
    if sealed:
        del fields["hash"]
        fields["hash"] = _hash_of(fields)
    return json.dumps(fields).encode() + b"\n"


def test_an_untouched_log_has_no_faults(log: VerdictLog) -> None:
    assert change(log, lambda lines: None) == []


def test_an_altered_line_is_named(log: VerdictLog) -> None:
    def alter(lines: Lines) -> None:
        lines[2] = altered(lines[2])

    assert change(log, alter) == [(3, "was altered")]


def test_a_line_that_was_altered_with_a_hash_that_fits_is_found_by_the_next(log: VerdictLog) -> None:
    def alter(lines: Lines) -> None:
        lines[2] = altered(lines[2], sealed=True)

    ((number, what),) = change(log, alter)
    assert number == 4
    assert "was not written after line 3" in what


@pytest.mark.parametrize(
    ("dropped", "number", "what"),
    [
        (slice(2, 3), 3, "1 line before it was dropped"),
        (slice(2, 4), 3, "2 lines before it were dropped"),
        (slice(0, 1), 1, "1 line before it was dropped"),
    ],
    ids=["one", "two", "the first"],
)
def test_a_dropped_line_is_told_where_it_stood(log: VerdictLog, dropped: slice, number: int, what: str) -> None:
    def drop(lines: Lines) -> None:
        del lines[dropped]

    assert change(log, drop) == [(number, what)]


def test_moved_lines_are_named(log: VerdictLog) -> None:
    def swap(lines: Lines) -> None:
        lines[2], lines[3] = lines[3], lines[2]

    found = change(log, swap)
    assert [number for number, _ in found] == [3, 4, 5]
    assert all("moved" in what for _, what in found)


def test_a_line_that_was_put_in_twice_is_found(log: VerdictLog) -> None:
    found = change(log, lambda lines: lines.insert(4, lines[1]))
    assert [number for number, _ in found] == [5, 6]


def test_a_damaged_line_is_named(log: VerdictLog) -> None:
    def damage(lines: Lines) -> None:
        lines[2] = lines[2][:40] + b"\n"

    found = change(log, damage)
    assert found[0] == (3, "is damaged: it cannot be read")
    assert [number for number, _ in found] == [3, 4]


def test_what_a_killed_writer_left_is_damage_of_one_line(log: VerdictLog, log_as: LogAs) -> None:
    with log.path.open("ab") as file:
        file.write(b'{"number": 7, "ti')
    judge(log_as("r2"), "a:7", "accept")
    assert [(fault.number, fault.what) for fault in faults(log.entries())] == [(7, "is damaged: it cannot be read")]


def unsealed(raw: bytes) -> bytes:
    """A line as an earlier version wrote it."""
    known = ("time", "reader", "neuron", "verdict", "alpha", "beta", "annotation", "run")
    return json.dumps({name: value for name, value in json.loads(raw).items() if name in known}).encode() + b"\n"


@pytest.fixture
def old_log(log: VerdictLog, log_as: LogAs) -> VerdictLog:
    """Six lines of an earlier version, and two of this one."""
    log.path.write_bytes(b"".join(map(unsealed, log.path.read_bytes().splitlines())))
    for unit in (6, 7):
        judge(log_as("r2"), f"a:{unit}", "accept")
    return log_as("r1")


def test_lines_of_an_earlier_version_are_no_fault_until_one_of_them_changes(old_log: VerdictLog) -> None:
    assert change(old_log, lambda lines: None) == []

    def alter(lines: Lines) -> None:
        lines[2] = lines[2].replace(b"accept", b"reject")

    ((number, what),) = change(old_log, alter)
    assert number == 7
    assert "that line, or one before it, was altered" in what


def test_a_line_without_a_hash_after_lines_that_have_one_is_a_fault(old_log: VerdictLog) -> None:
    found = change(old_log, lambda lines: lines.append(unsealed(lines[-1])))
    assert found == [(9, "has no hash, but stands after lines that have one")]


def test_an_end_that_was_cut_off_is_found_by_the_head_seen_before(log: VerdictLog) -> None:
    remember(log.path, log.entries())
    seen = remembered(log.path)
    assert seen == Head(6, log.entries()[-1].hash)
    assert change(log, lambda lines: lines.pop()) == []
    (what,) = head_faults(log.entries(), None, seen)
    assert what.startswith(f"this machine has seen a line 6 with the hash {seen.hash[:12]}")
    remember(log.path, log.entries())
    assert remembered(log.path) == seen, "a head that is missing is not forgotten"


def test_a_head_that_came_back_by_an_import_is_there(log: VerdictLog, log_as: LogAs) -> None:
    lines = [entry.line for entry in log.entries() if entry.line]
    remember(log.path, log.entries())
    log.path.unlink()
    again = log_as("r1")
    again.add([replace(line, imported=line.hash) for line in lines])
    assert list(head_faults(again.entries(), None, Head(6, lines[-1].hash))) == []
    assert remembered(log.path) == Head(6, again.entries()[-1].hash)


def test_a_given_head_is_looked_for_by_its_first_digits(log: VerdictLog) -> None:
    entries = log.entries()
    assert list(head_faults(entries, entries[3].hash[:8], None)) == []
    assert list(head_faults(entries, entries[3].hash[:3], None)) == ["--head needs 8 digits or more"]
    (what,) = head_faults(entries, "0" * 64, None)
    assert "was cut off" in what


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"number": "6", "hash": 7}', b"[" * 9000, b"\xff"])
def test_a_damaged_memory_of_the_head_counts_as_none(log: VerdictLog, content: bytes) -> None:
    from mammi_tui.verdicts.heads import head_path

    remember(log.path, log.entries())
    head_path(log.path).write_bytes(content)
    assert remembered(log.path) is None
    remember(log.path, log.entries())
    assert remembered(log.path) is not None
