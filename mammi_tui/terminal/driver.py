"""The explorer's hold on the terminal: taken once, given back once, and given back at once where that has to be.

It completes Textual's driver and uses its internals, hence the narrow pin.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import termios
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol, cast

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.geometry import Size

from mammi_tui.terminal.hang_up import HUNG_UP, in_foreground
from mammi_tui.terminal.replies import Sorter

LEAVE = (
    "\x1b[?2026l"  # a frame that was cut off is no longer held back
    "\x1b[?2004l\x1b[?7h\x1b[?2048l"  # pasted text unmarked, long lines wrapped, sizes not reported
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?1004l"  # no reports of mouse and focus
    "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m"  # the keys, the screen, the cursor and the colours from before
)
"""Undoes what the driver sets. The keys come before the screen, as each screen has its own."""
_OTHER_STOPS = (signal.SIGTTIN, signal.SIGTTOU)
_CANCEL = b"\x18"
"""Ends an escape sequence of which only the beginning has come through"""
_WITHIN = 0.3
"""Seconds to wait for room in a terminal that nobody reads"""
_SETTLED = 0.1
"""Seconds after which the terminal has the size of which a signal has told"""
_KEYS = 0.1
"""Seconds after which an Esc without more is the key"""


class Ends(Protocol):
    """What the driver needs of an app (mammi_tui/terminal/endings.py)."""

    sorter: Sorter
    typed_ahead: str

    @property
    def is_ending(self) -> bool: ...

    def end_soon(self, status: int) -> bool: ...

    def farewell(self) -> str: ...


class TerminalDriver(LinuxDriver):
    """Keeps the terminal's settings as they were found, whatever comes: stops, signals, strange bytes."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._ends = cast(Ends, app)
        self.in_use = False
        """Whether the terminal is set for the explorer, or about to be"""
        self._stopped = True
        """Whether all that gives the terminal back has been written, if not yet sent"""
        self._found: list[Any] | None = None
        """The terminal's attributes before and after it is in use, where `attrs_before` no longer holds them"""
        self._set: list[Any] | None = None
        """The terminal's attributes while it is in use"""
        self._stop_by: int | None = None
        """The signal that asks this process to stop"""
        self._is_continued = False
        """Whether this process has gone on after a stop, and has not yet seen to the terminal"""

        self._size = self._size or self._get_terminal_size()

    def _get_terminal_size(self) -> tuple[int, int]:
        """Columns and rows. The base class would believe the variable COLUMNS, which no resize changes."""
        try:
            columns, rows = os.get_terminal_size(self.fileno)
        except OSError:
            return super()._get_terminal_size()
        return (columns, rows) if columns and rows else super()._get_terminal_size()

    def start_application_mode(self) -> None:
        if self.in_use:
            return
        self.in_use = True
        self._stopped = False
        self._found = None
        super().start_application_mode()  # type: ignore[no-untyped-call]
        with suppress(termios.error):
            self._set = termios.tcgetattr(self.fileno)
        for number in _OTHER_STOPS:
            signal.signal(number, self._stopped_otherwise)
        signal.signal(signal.SIGWINCH, self._resized)
        self._look_again(self._get_terminal_size())

    def stop_application_mode(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        if farewell := self._ends.farewell():
            self.write(farewell)
        if self._mouse_pixels:
            self.write("\x1b[?1016l")
        self._found = self.attrs_before
        self.attrs_before = None  # the base class would set them whoever uses the terminal now
        super().stop_application_mode()
        self._set_as_found(self.fileno)

    def disable_input(self) -> None:
        if self.in_use:
            with _from_the_background():
                super().disable_input()

    def close(self) -> None:
        """Waits until the terminal has all that was written, and is given back."""
        self.stop_application_mode()
        super().close()
        self.in_use = False

    def write(self, data: str) -> None:
        """Writes, or drops what comes when the terminal is lost: there is nobody to read it."""
        if self._writer_thread is not None and self._writer_thread.is_alive():
            super().write(data)

    def restore_now(self, *, alone: bool) -> None:
        """Gives the terminal back at once, from any thread, whether or not what was written before has been sent.

        If the caller is not `alone`, what other threads still write goes nowhere: then end the process.
        """
        if not self.in_use:
            return
        with suppress(OSError):
            drawing = sys.__stderr__.fileno() if sys.__stderr__ else 2  # noqa: TID251 (to give the terminal back)
            terminal, keys = _opened_anew(drawing), os.dup(self.fileno)
            if not alone:
                nowhere = os.open(os.devnull, os.O_RDWR)
                for descriptor in {self.fileno, drawing}:
                    os.dup2(nowhere, descriptor)
                self._interrupt_writer()
            _write_within(terminal, (self._ends.farewell() + LEAVE).encode(), _WITHIN)
            self._set_as_found(keys)

    def _interrupt_writer(self) -> None:
        """Ends a write that waits for room: while it waits, it keeps others from the terminal."""
        if (writer := self._writer_thread) is not None and writer.ident is not None and writer.is_alive():
            signal.pthread_kill(writer.ident, signal.SIGCONT)  # any signal with a handler does

    def _set_as_found(self, terminal: int) -> None:
        """Sets the attributes that were found, unless another program, such as the shell, has set its own since."""
        found = self._found or self.attrs_before
        if found is None:
            return
        with suppress(termios.error), _from_the_background():
            if self._set is None or termios.tcgetattr(terminal) == self._set:
                termios.tcsetattr(terminal, termios.TCSANOW, found)
                termios.tcflush(terminal, termios.TCIFLUSH)  # answers and mouse reports are not for the shell

    def _resized(self, *_: object) -> None:
        self._in_turn(self._tell_size)

    def _tell_size(self) -> None:
        """Tells the app of the terminal's size, unless the terminal tells it itself."""
        if self.in_use and not self._in_band_window_resize:
            size = self._get_terminal_size()
            self._app.post_message(Resize(Size(*size), Size(*size)))
            self._look_again(size)

    def _look_again(self, told: tuple[int, int]) -> None:
        """Looks at the size once more a little later: the signal may come before the size is set."""

        def look() -> None:
            if self._get_terminal_size() != told:
                self._tell_size()

        asyncio.get_running_loop().call_later(_SETTLED, look)

    def _sigtstp_application(self, number: int, *_: object) -> None:
        self._stop_by = number
        self._in_turn(self._stop)

    def _sigcont_application(self, *_: object) -> None:
        self._is_continued = True
        self._in_turn(self._go_on)

    def _stopped_otherwise(self, number: int, *_: object) -> None:
        """Stops for a signal that the system sends to who uses the terminal from the background, or someone by hand."""
        if in_foreground(self.fileno):
            self._sigtstp_application(number)
        else:
            os.kill(os.getpid(), signal.SIGSTOP)

    def _in_turn(self, step: Callable[[], object]) -> None:
        """Takes a step after a signal once the app's loop comes to it: a signal that comes while the terminal is being
        taken or given back would do both at once."""
        with suppress(RuntimeError):  # no loop runs: the app has ended
            asyncio.get_running_loop().call_soon_threadsafe(step)

    def _stop(self) -> None:
        """Gives the terminal back and stops, unless there is no shell that could go on with this process later."""
        number, self._stop_by = self._stop_by, None
        if number is None or self._ends.is_ending:
            return
        if self._auto_restart and self.in_use:
            self.suspend_application_mode()
            self._must_signal_resume = True
        again = signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # the system ignores it where there is no such shell
        signal.signal(number, again)
        self._is_continued = True
        self._go_on()

    def _go_on(self) -> None:
        """Takes the terminal again after a stop, also one that came without warning (SIGSTOP)."""
        if not self._auto_restart or not self._is_continued:
            return
        while not self._ends.is_ending and not in_foreground(self.fileno):
            os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(0)  # signals that came meanwhile are heard here, and may end the app
        self._is_continued = False
        if self._ends.is_ending:
            return
        if self.in_use:
            self.suspend_application_mode()
            self._must_signal_resume = True
        self.resume_application_mode()

    def _run_input_thread(self) -> None:
        """Reads keys until the driver stops. A terminal that cannot be read any more ends the app."""
        with suppress(OSError):
            self.run_input_thread()
        if not self.exit_event.is_set():
            self._ends.end_soon(HUNG_UP)

    def run_input_thread(self) -> None:
        """Hands on the keys that the terminal sends. Bytes that are no UTF-8 become �."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        keys, self._ends.typed_ahead = self._ends.typed_ahead, ""
        while not self.exit_event.is_set():
            data = b""
            if select.select([self.fileno], [], [], _KEYS)[0] and not (data := os.read(self.fileno, 4096)):
                return
            keys += self._ends.sorter.keys(decode(data))
            for key in (*keys, ""):
                try:
                    for message in parser.feed(key) if key else parser.tick():
                        self.process_message(message)
                except (
                    ArithmeticError,
                    AttributeError,
                    LookupError,
                    TypeError,
                    ValueError,
                ):  # a terminal may send what Textual's parser cannot read: that much is left out
                    parser = XTermParser(self._debug)
            keys = ""


@contextmanager
def _from_the_background() -> Iterator[None]:
    """Lets the calling thread set a terminal's attributes without being stopped for it."""
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _opened_anew(terminal: int) -> int:
    """A descriptor of the same terminal on which no write waits; other programs' descriptors still wait."""
    try:
        return os.open(os.ttyname(terminal), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return os.dup(terminal)


def _write_within(terminal: int, data: bytes, seconds: float) -> None:
    """Writes as soon as the terminal has room. Halfway to giving up, drops what nobody has read."""
    start, dropped = time.monotonic(), False
    while data and (spent := time.monotonic() - start) < seconds:
        if spent > seconds / 2 and not dropped:
            with suppress(termios.error):
                termios.tcflush(terminal, termios.TCOFLUSH)
            data, dropped = _CANCEL + data, True
        with suppress(BlockingIOError):
            if select.select([], [terminal], [], seconds / 10)[1]:
                data = data[os.write(terminal, data) :]  # noqa: TID251 (to give the terminal back)
