"""Signals to a command: the first stops it, and says how to go on; a second one ends it whatever it is at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mammi_tui.console.compute import Stopped, stoppable
from mammi_tui.terminal.stopping import Stopping
from mammi_tui.terminal.watch import LETHAL, watching


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGXCPU])
def test_a_signal_stops_what_is_computed_and_says_how_to_go_on(number: int) -> None:
    before = signal.signal(number, signal.SIG_DFL)  # pytest may run where it is ignored
    try:
        with watching(Stopping()), pytest.raises(Stopped) as stopped:
            _computes(number)
    finally:
        signal.signal(number, before)
    assert str(stopped.value) == "Stopped. The next `mammi run` continues from here."
    assert stopped.value.exit_status == 128 + number


def _computes(number: int) -> None:
    with stoppable("mammi run"):
        os.kill(os.getpid(), number)
        time.sleep(5)


def test_an_error_that_no_signal_caused_is_left_alone() -> None:
    with watching(Stopping()), pytest.raises(RuntimeError, match="a bug"), stoppable("mammi run"):
        raise RuntimeError("a bug")


INTERRUPTED = """
import os
import sys
from mammi_tui import cli
from mammi_tui.commands import doctor

number = int(sys.argv[1])

def interrupted(*_given, **_options):
    try:
        os.kill(os.getpid(), number)
        raise AssertionError("the signal has not come")
    except KeyboardInterrupt:
        raise RuntimeError("Query interrupted") from None  # as DuckDB does

doctor.doctor.callback = interrupted
sys.argv = ["mammi", "doctor"]
cli.main()
"""


def test_an_error_that_a_library_makes_of_a_signal_is_no_error_of_ours() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        command = [sys.executable, "-c", INTERRUPTED, str(int(number))]
        ended = subprocess.run(command, capture_output=True, text=True)
        assert (ended.returncode, ended.stdout, ended.stderr) == (128 + number, "", "mammi: stopped\n")


def test_a_copy_of_the_process_ends_by_its_own_signals() -> None:
    begun, begins = os.pipe()
    with watching(Stopping()):
        child = os.fork()
        if not child:
            os.write(begins, b"1")
            time.sleep(30)
            os._exit(0)
        os.read(begun, 1)
        os.kill(child, signal.SIGTERM)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM


def test_every_signal_that_ends_a_process_is_seen() -> None:
    assert {signal.SIGTRAP, signal.SIGSYS, signal.SIGRTMIN, signal.SIGRTMAX, signal.SIGPWR} <= LETHAL
    assert not LETHAL & {signal.SIGCHLD, signal.SIGWINCH, signal.SIGCONT, signal.SIGTSTP, signal.SIGKILL}


BUSY = """
import threading
from hashlib import pbkdf2_hmac
from mammi_tui.terminal.stopping import Stopping
from mammi_tui.terminal.watch import watching
with watching(Stopping()):
    threading.Timer(0.5, print, ["busy"], {"flush": True}).start()
    pbkdf2_hmac("sha256", b"", b"", 10**9)  # one step of the main thread, as a product of large matrices is
"""


def test_a_second_signal_ends_what_does_not_hear_the_first() -> None:
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        time.sleep(0.4)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        ended = process.wait(30)
    assert ended == 128 + signal.SIGTERM


UNFINISHED = """
import time
from pathlib import Path
from engine.store.whole_file import written_beside, written_whole
from mammi_tui.terminal.stopping import Stopping
from mammi_tui.terminal.watch import watching
with watching(Stopping()), written_whole(Path("run.duckdb")) as first, written_beside(Path("report.html")) as second:
    first.write_text("half")
    second.write_text("half")
    try:
        print("ready", flush=True)
        time.sleep(30)
    except KeyboardInterrupt:
        time.sleep(30)  # tidies up slowly
"""


def test_a_second_signal_leaves_nothing_half_written(tmp_path: Path) -> None:
    command = [sys.executable, "-c", UNFINISHED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert len(list(tmp_path.iterdir())) == 2
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


LOST = """
import time
from mammi_tui.terminal.stopping import Stop, Stopping
from mammi_tui.terminal.watch import watching

class Swallows:
    def __del__(self):  # what it raises is lost, as in other callbacks
        print("ready", flush=True)
        time.sleep(30)

try:
    with watching(Stopping()):
        Swallows()
        time.sleep(30)
except Stop as stop:
    raise SystemExit(stop.status)
"""


def test_a_signal_whose_exception_was_lost_is_heard_again() -> None:
    with subprocess.Popen([sys.executable, "-c", LOST], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 128 + signal.SIGTERM


TIDYING = """
import time
from mammi_tui.terminal.stopping import Stopping
from mammi_tui.terminal.watch import watching

with watching(Stopping()):
    try:
        try:
            print("ready", flush=True)
            time.sleep(30)
        except KeyboardInterrupt:
            raised = RuntimeError("Query interrupted")  # as DuckDB does
        raise raised
    except RuntimeError:
        time.sleep(2.5)
        print("tidy", flush=True)
"""


def test_what_tidies_up_after_a_signal_is_not_stopped_halfway() -> None:
    with subprocess.Popen([sys.executable, "-c", TIDYING], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == b"tidy\n"
        assert process.wait(20) == 0
