"""A terminal is asked once; its settings, the keys typed and its screen stay as they were, whatever it replies."""

from __future__ import annotations

import os
import pty
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mammi_tui.images.asked import asked
from mammi_tui.terminal.asking import PATIENCE, asking, cell_of
from mammi_tui.terminal.replies import QUESTIONS, QUESTIONS_IN_TMUX, Replies
from tests.support.runs import small_run
from tests.support.terminal import Terminal, mammi
from tests.support.terminal_modes import AS_FOUND, left

FOOT = "\x1bP>|foot(1.13.1)\x1b\\\x1b[6;14;7t\x1b[?62;4;22c"


class Pty:
    """A terminal whose other end is played by a test."""

    def __init__(self) -> None:
        self.terminal, self.program = pty.openpty()
        self.found = termios.tcgetattr(self.program)

    def plays(self, *said: str, pause: float = 0.0) -> None:
        """Replies piece by piece once the questions have come, from a thread."""

        def reply() -> None:
            received = b""
            with suppress(OSError):  # the test is over
                while b"\x1b[c" not in received:
                    received += os.read(self.terminal, 4096)
                for piece in said:
                    time.sleep(pause)
                    os.write(self.terminal, piece.encode())

        threading.Thread(target=reply, daemon=True).start()

    def asked(self) -> tuple[Replies, str, float]:
        """The replies, the keys, and the seconds that it took. The terminal is as it was after it."""
        start = time.monotonic()
        with asking(self.program, self.program) as question:
            assert question is not None
            assert termios.tcgetattr(self.program) != self.found
            replies = question.replies()
            took = time.monotonic() - start
        assert termios.tcgetattr(self.program) == self.found
        return replies, question.typed, took


@pytest.fixture
def terminal() -> Iterator[Pty]:
    found = Pty()
    yield found
    os.close(found.program)
    os.close(found.terminal)


def test_replies_end_the_wait(terminal: Pty) -> None:
    terminal.plays(FOOT)
    replies, typed, took = terminal.asked()
    assert replies == Replies("foot(1.13.1)", False, frozenset({62, 4, 22}), (7, 14), None, True)
    assert typed == ""
    assert took < PATIENCE


def test_keys_among_replies_in_pieces_are_kept(terminal: Pty) -> None:
    terminal.plays("j", FOOT[:5], FOOT[5:20], FOOT[20:23] + "", FOOT[23:] + "k", pause=0.01)
    replies, typed, _ = terminal.asked()
    assert replies.complete
    assert typed == "jk"


@pytest.mark.parametrize("said", ["", FOOT[:-1], "\x1bP>|endless" + "x" * 3000, "garbage\x07\xff\x00\x1b"])
def test_a_terminal_that_does_not_come_to_an_end_is_waited_for_no_longer_than_a_moment(
    terminal: Pty, said: str
) -> None:
    terminal.plays(said)
    replies, _, took = terminal.asked()
    assert not replies.complete
    assert took < PATIENCE + 0.15


def test_replies_that_came_while_the_program_did_other_things_are_read(terminal: Pty) -> None:
    terminal.plays(FOOT)
    with asking(terminal.program, terminal.program) as question:
        assert question is not None
        time.sleep(PATIENCE + 0.1)
        assert question.replies().sixel


def test_what_comes_late_but_before_the_explorer_takes_over_is_no_key(terminal: Pty) -> None:
    with asking(terminal.program, terminal.program) as question:
        assert question is not None
        assert not question.replies().complete
        os.write(terminal.terminal, f"a{FOOT}b".encode())
        question.end()
        assert question.typed == "ab"
        assert question.sorter.replies.sixel
    assert termios.tcgetattr(terminal.program) == terminal.found


def test_an_error_meanwhile_leaves_the_terminal_as_it_was(terminal: Pty) -> None:
    terminal.plays(FOOT)
    with pytest.raises(ZeroDivisionError), asking(terminal.program, terminal.program):
        raise ZeroDivisionError
    assert termios.tcgetattr(terminal.program) == terminal.found
    os.set_blocking(terminal.program, False)
    with pytest.raises(BlockingIOError):
        os.read(terminal.program, 1)


def test_nobody_is_asked_where_there_is_no_terminal(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+") as file, asking(file.fileno(), file.fileno()) as question:
        assert question is None
        assert cell_of(file.fileno()) is None
    assert (tmp_path / "file").read_text() == ""


@pytest.mark.parametrize("images", ["quadrant", "halfblock", "ascii", "off"])
def test_nothing_is_sent_where_cells_were_asked_for(terminal: Pty, images: str) -> None:
    environment = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    with asked(images, environment, keys=terminal.program, screen=terminal.program) as question:
        assert question.fit().kind == images
    os.set_blocking(terminal.terminal, False)
    with pytest.raises(BlockingIOError):
        os.read(terminal.terminal, 1)


def test_tmux_that_does_not_reply_is_not_waited_for(terminal: Pty, tmp_path: Path) -> None:
    (tmp_path / "tmux").write_text("#!/bin/sh\nexec sleep 5\n")
    (tmp_path / "tmux").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    environment = {"TERM": "tmux-256color", "LANG": "C.UTF-8", "TMUX": "/nowhere,1,0", "PATH": path}
    terminal.plays("\x1bP>|tmux 3.3a\x1b\\\x1b[?1;2c")
    start = time.monotonic()
    with asked("auto", environment, keys=terminal.program, screen=terminal.program) as question:
        found = question.fit()
    assert time.monotonic() - start < PATIENCE + 0.3
    assert (found.kind, found.why) == ("quadrant", "tmux did not say what terminal it draws on")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("run"))


def was_asked(terminal: Terminal) -> None:
    end = time.monotonic() + 20
    while QUESTIONS.encode() not in terminal.received:
        assert time.monotonic() < end
        terminal.pump()


@pytest.mark.slow
def test_replies_that_come_late_press_no_keys_and_what_was_typed_before_is_not_lost(run: Path) -> None:
    """The second unit is gone to by keys that are typed while the terminal is asked."""
    with Terminal(mammi("open", str(run), "--fresh", "layer1:5"), columns=130, says="") as terminal:
        was_asked(terminal)
        terminal.send("j")
        terminal.wait_for("layer1:6")
        for piece in (FOOT[:9], FOOT[9:25], FOOT[25:]):
            terminal.send(piece)
            for _ in range(4):
                terminal.pump(0.05)
        terminal.send("j")
        terminal.wait_for("layer1:7")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert left(terminal.received) == AS_FOUND


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "status"),
    [
        (lambda terminal: terminal.send("\x03"), 130),
        (lambda terminal: terminal.process.send_signal(signal.SIGTERM), 143),
    ],
    ids=["Ctrl-C", "SIGTERM"],
)
def test_what_ends_it_meanwhile_leaves_the_terminal_as_it_was(
    run: Path, end: Callable[[Terminal], None], status: int
) -> None:
    with Terminal(mammi("open", str(run)), says="") as terminal:
        found = terminal.attributes()
        was_asked(terminal)
        end(terminal)
        terminal.send(FOOT)
        assert terminal.wait_for_end() == status
        assert terminal.attributes() == found
        assert terminal.text().strip() in ("", "^C")


ASKS = "import os; from mammi_tui.images.asked import asked\nwith asked('auto', os.environ) as it: print(it.fit())"


def test_nothing_that_is_asked_stays_on_the_screen() -> None:
    """This terminal does not know kitty's graphics, and writes what is asked for them."""
    with Terminal([sys.executable, "-c", ASKS]) as terminal:
        assert terminal.wait_for_end() == 0
        said = "quadrant blocks: the terminal has neither placeholders for kitty pictures nor sixel pictures"
        assert terminal.text().strip() == said


def test_tmux_is_not_given_what_it_takes_for_a_title(terminal: Pty) -> None:
    with asking(terminal.program, terminal.program, in_tmux=True):
        assert os.read(terminal.terminal, 4096) == QUESTIONS_IN_TMUX.encode()
    assert "\x1b_" not in QUESTIONS_IN_TMUX
    assert QUESTIONS_IN_TMUX.endswith("\x1b[c")
