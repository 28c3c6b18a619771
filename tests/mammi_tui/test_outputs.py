"""Outputs that are full, closed or not read: what fails is told as such, in one line."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mammi_tui.outputs import OutputFailed, _Errors, _Output
from tests.shared import ROOT
from tests.support.terminal import mammi

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")


@needs_full
@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ("--version >/dev/full", 1, "mammi: standard output: cannot be written: the disk of this file is full.\n"),
        ("--version </dev/null 1</dev/null", 1, "mammi: standard output: cannot be written: Bad file descriptor.\n"),
        ("show none.duckdb a:1 >/dev/full", 2, "mammi: none.duckdb: no such file."),
        ("--version >&-", 0, ""),
        ("--version >&- 2>&- <&-", 0, ""),
        ("nothing 2>/dev/full", 2, ""),
        ("--version >/dev/full 2>/dev/full", 1, ""),
    ],
)
def test_what_cannot_be_written_is_told(arguments: str, status: int, told: str) -> None:
    command = f"exec {shlex.quote(sys.executable)} -m mammi_tui {arguments}"
    ended = subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == status
    assert ended.stderr.startswith(told)
    assert len(ended.stderr.splitlines()) <= 1


def test_a_current_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    command = f'rmdir "$PWD"; exec {shlex.quote(sys.executable)} -m mammi_tui doctor'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        ["/bin/sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "mammi: the current folder is no longer there: change to another one.\n"


def test_a_pipe_that_never_waits_is_waited_for() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    data = os.urandom(1 << 20)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.extend(iter(lambda: os.read(read, 65536), b"")))
    reader.start()
    with _Output(write, "w") as stream:
        rest = memoryview(data)
        while rest:
            rest = rest[stream.write(rest) :]
    reader.join()
    os.close(read)
    assert b"".join(got) == data


@needs_full
@pytest.mark.parametrize("failing", [lambda: os.open(FULL, os.O_WRONLY), lambda: _without_reader()])
def test_errors_that_nobody_can_read_are_dropped(failing: Callable[[], int]) -> None:
    with _Errors(failing(), "w") as errors:
        assert errors.write(b"x") == 1
    with _Output(failing(), "w") as output, pytest.raises(OutputFailed):
        output.write(b"x")


def _without_reader() -> int:
    read, write = os.pipe()
    os.close(read)
    return write


@pytest.mark.slow
def test_a_run_goes_on_when_nobody_reads_its_progress(project: Path) -> None:
    with subprocess.Popen(mammi("run", str(project)), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        process.stderr.close()
        assert process.stdout.read().decode().strip() == str(project.with_name("tiny.duckdb"))
        assert process.wait(60) == 0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    from tests.support.models import tiny_project

    return tiny_project(tmp_path)
