"""What reports its progress to a terminal or a pipe goes on when nobody reads it any more."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import pytest

from mammi_tui.terminal.hang_up import WhileRead, gone
from tests.support.terminal import mammi


def test_a_pipe_whose_reader_has_gone() -> None:
    read, write = os.pipe()
    with os.fdopen(write, "w") as stream:
        kept = WhileRead(stream)
        kept.write("heard\n")
        kept.flush()
        assert not gone(stream)
        assert os.read(read, 100) == b"heard\n"
        os.close(read)
        assert gone(stream)
        for _ in range(3):
            kept.write("unheard\n")
            kept.flush()


def test_a_full_disk_is_not_taken_for_a_reader_that_has_gone() -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        WhileRead(Full()).write("x")


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
