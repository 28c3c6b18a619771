"""The explorer ends with its terminal; what reports its progress there goes on."""

from __future__ import annotations

import io
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mammi_tui.hang_up import WhileRead, gone
from tests.support.runs import small_run
from tests.support.terminal import Terminal, mammi


def _ignore_hang_up() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@pytest.mark.slow
@pytest.mark.parametrize("prepare", [_ignore_hang_up, None], ids=["SIGHUP ignored", "SIGHUP"])
def test_the_explorer_ends_when_its_terminal_goes_away(tmp_path: Path, prepare: Callable[[], None] | None) -> None:
    run = small_run(tmp_path)
    with Terminal(mammi("open", str(run), "layer1:5"), prepare=prepare) as terminal:
        terminal.wait_for("layer1:5")
        terminal.send("y")
        terminal.wait_for("1/20 decided")
        terminal.hang_up()
        assert terminal.process.wait(2) != 0
    assert len(run.with_name("run.verdicts.jsonl").read_text().splitlines()) == 1


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
