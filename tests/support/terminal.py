"""Drives a program in a real pseudo-terminal by keys. A terminal emulator keeps its screen."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pyte

_OF_OTHER_TERMINALS = {"NO_COLOR", "TEXTUAL", "TMUX", "COLORTERM", "COLUMNS", "LINES", "MAMMI_IMAGES"}
_NO_CELL = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


class _Screen(pyte.Screen):
    """Replies as terminals do. Takes sequences that were cut off and joined to others by their first numbers."""

    def __init__(self, columns: int, rows: int, reply: Callable[[str], object]) -> None:
        super().__init__(columns, rows)
        self.write_process_input = reply

    def draw(self, data: str) -> None:
        """Leaves out what takes no cell: the base class would leave out all that follows it too."""
        super().draw(_NO_CELL.sub("", data))

    def cursor_position(self, *numbers: int) -> None:
        super().cursor_position(*numbers[:2])


class Terminal:
    """Runs a command at a size in cells and shows what a person would see. A context manager: it ends the program."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        environment: Mapping[str, str] | None = None,
        prepare: Callable[[], None] | None = None,
        inherited: Sequence[int] = (),
        folder: Path | None = None,
        says: str = "\x1b[?6c",
    ) -> None:
        """`inherited` are descriptors that the program keeps; `folder` is the one that it runs in.

        `says` is what the terminal says of itself when it is asked for its attributes.
        """
        self._says = says
        self.screen = _Screen(columns, rows, self._reply)
        self._stream = pyte.ByteStream(self.screen)
        self.received = bytearray()
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        env = {
            **{name: value for name, value in os.environ.items() if name not in _OF_OTHER_TERMINALS},
            "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8",
            **(environment or {}),
        }

        def start() -> None:
            fcntl.ioctl(child, termios.TIOCSCTTY, 0)
            if prepare is not None:
                prepare()

        self.process = subprocess.Popen(  # a session of its own, with the pty as its controlling terminal
            command,
            stdin=child,
            stdout=child,
            stderr=child,
            env=env,
            cwd=folder,
            start_new_session=True,
            preexec_fn=start,
            pass_fds=inherited,
        )
        os.close(child)
        self._fd = parent

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.hang_up()

    def hang_up(self) -> None:
        """Takes the terminal away, as a connection that breaks does."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def _reply(self, reply: str) -> None:
        """Replies to the last question only, with all there is to say."""
        if reply.endswith("c") and self._says:
            self.send(self._says)

    def send(self, keys: str | bytes) -> None:
        """Types keys, as the bytes a terminal would send."""
        os.write(self._fd, keys.encode() if isinstance(keys, str) else keys)

    def resize(self, columns: int, rows: int) -> None:
        """Gives the terminal another size, and tells the program."""
        self.screen.resize(rows, columns)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def attributes(self) -> list[Any]:
        """The terminal's settings, such as whether it echoes what is typed."""
        return termios.tcgetattr(self._fd)

    def text(self) -> str:
        """The screen, one line a row."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def fd(self) -> int:
        """The terminal's end of the pseudo-terminal, for a caller that reads it itself and then calls `feed`."""
        return self._fd

    def feed(self, output: bytes) -> None:
        """Gives output of the program to the emulator."""
        self.received += output
        self._stream.feed(output)

    def pump(self, seconds: float = 0.05) -> bool:
        """Feeds the program's output to the emulator, waiting at most `seconds`. False when the program has ended."""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return self.process.poll() is None
        with contextlib.suppress(OSError):  # EIO: the other end is closed
            self.feed(os.read(self._fd, 65536))
            return True
        return False

    def wait_for(self, seen: str | Callable[[str], bool], seconds: float = 30.0) -> str:
        """Reads until the screen contains a text (or satisfies a predicate) and returns the screen.

        Raises AssertionError with the screen when it does not happen within `seconds`.
        """
        satisfied = (lambda text: seen in text) if isinstance(seen, str) else seen
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            alive = self.pump()
            if satisfied(self.text()):
                return self.text()
            if not alive:
                break
        state = "running" if self.process.poll() is None else f"ended with {self.process.returncode}"
        raise AssertionError(f"never seen: {seen!r} (program {state}); the screen was:\n{self.text()}")

    def wait_for_end(self, seconds: float = 15.0) -> int:
        """Reads until the program ends and returns its exit status. Raises AssertionError when it does not."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            self.pump()
        if self.process.poll() is None:
            raise AssertionError(f"has not ended in {seconds} s; the screen was:\n{self.text()}")
        while select.select([self._fd], [], [], 0.01)[0] and self.pump(0):
            pass
        return self.process.returncode


def mammi(*arguments: str) -> list[str]:
    """The command line of `mammi` in this environment, whether or not its script is on the path."""
    return [sys.executable, "-m", "mammi_tui", *arguments]
