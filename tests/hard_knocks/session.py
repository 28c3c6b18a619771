"""Random keys, clicks, pastes and resizes through the explorer in a pseudo-terminal.

After each batch of events the explorer must run on, and its screen must be what drawing everything anew shows. At the
end it must quit and leave the terminal as it was.
"""

from __future__ import annotations

import os
import random
import re
import resource
import select
import string
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.shared import ROOT
from tests.support.processes import Waiting
from tests.support.terminal import Terminal
from tests.support.terminal_modes import AS_FOUND, MODES, left
from tests.support.watched_explorer import ERROR, PATIENCE, QUIT, REDRAW, WHERE, rest_mark

SMALLEST, LARGEST = (20, 8), (250, 80)
USUAL = ((80, 24), (100, 30), (130, 42), (70, 20), (200, 55), (59, 20), (119, 36))
FOLLOWED = 2.5
"""Seconds after which a reader's lines are on every other's screen"""
TOLD = 60_000
"""Characters of what an explorer that is stuck tells"""
ENTER, ESCAPE = "\r", "\x1b[27u"  # as the kitty protocol sends Esc: nobody has to wait whether more follows
NAMED = (
    *(ENTER, ESCAPE, "\t", "\x1b[Z", "\x7f", " "),
    *("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "\x1b[5~", "\x1b[6~", "\x1b[3~"),
    *("\x1b[1;2A", "\x1b[1;2B", "\x1b[1;2C", "\x1b[1;2D", "\x1b[1;3C", "\x1b[1;3D", "\x1b[1;5A", "\x1b[1;5H"),
    *(
        "\x1bOP",
        "\x10",
        "\x04",
        "\x15",
        "\x06",
        "\x02",
        "\x0f",
        "\x17",
        "\x01",
        "\x05",
        "\x0b",
        "\x00",
        "\x1a",  # there is no shell to go to: it gives the terminal back, and takes it again
        "\x1bx",
        "\x1b\x1b",
    ),
)
TYPED = string.ascii_letters.replace("q", "") + string.digits + string.punctuation
OFTEN = "jkhl123emyxuczZoinN/[]{},.<>abrsSVDXEYfiI+-=?:gG"
PASTED = (
    "effusion",
    "q<0.05 trust:strong",
    "\x1b]52;c;aGk=\x07\x1b[2J",
    "a\nb\r\nc",
    "[bold red]x[/]",
    "\u202egnp.exe",
    "肺炎" * 40,
    "x" * 5000,
    "",
)
BYTES = (b"\xff\xfe", b"\x1b[1114112u", b"\x1b[99999999999u", b"\x1b[?1;2c", b"\x1b[<64;999;999M", b"\x1b[I", b"\x1b[O")

LOOKS = ("e", "m", "1", "2", "3\r", "?", "S", "]]", "[", "R", "/layer1\r", "r", "jj", "G", "g")
"""What a reader looks at between verdicts; Esc and `1` come back"""


class Fault(AssertionError):
    """Something that no event may do."""


class Over(Exception):
    """An event asked the explorer to quit: a click on Quit, or a `q` in what was pasted."""


@dataclass
class Session:
    """An explorer that gets random events."""

    seed: int
    run: Path
    size: tuple[int, int] = (130, 42)
    reader: str = "r1"
    events: list[bytes] = field(default_factory=list)
    """All so far, a resize as text"""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._asked = 0
        self.run.with_name(QUIT).unlink(missing_ok=True)
        requests, self._requests = os.pipe()
        self.terminal = Terminal(
            [sys.executable, "-m", "tests.support.watched_explorer", str(requests), "open", str(self.run)],
            columns=self.size[0],
            rows=self.size[1],
            environment={
                **dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(self.run.parent)),
                "MAMMI_READER": self.reader,
                "PYTHONPATH": str(ROOT),
            },
            inherited=[requests],
            folder=self.run.parent,
        )
        os.close(requests)
        self.found = self.terminal.attributes()
        self.kept = b""
        """What it has sent to set the terminal's modes"""

    # Events

    def some(self, count: int) -> None:
        """Sends that many events, most of them without waiting for what they lead to."""
        for _ in range(count):
            kind = self.chance.choices(
                (self._key, self._named, self._click, self._wheel, self._drag, self._paste, self._bytes, self._resize),
                (50, 14, 12, 8, 3, 3, 2, 8),
            )[0]
            kind()
            if self.chance.random() < 0.3:
                self.terminal.pump(self.chance.choice((0.0, 0.01, 0.05)))

    def _send(self, data: bytes) -> None:
        self.events.append(data)
        self.terminal.send(data)

    def _key(self) -> None:
        self._send(self.chance.choice(OFTEN if self.chance.random() < 0.8 else TYPED).encode())

    def _named(self) -> None:
        self._send(self.chance.choice(NAMED).encode())

    def _place(self) -> str:
        columns, rows = self.size
        return f"{self.chance.randint(1, columns)};{self.chance.randint(1, rows)}"

    def _click(self) -> None:
        place, button = self._place(), self.chance.choice((0, 0, 0, 1, 2))
        for _ in range(self.chance.choice((1, 1, 2, 3))):
            self._send(f"\x1b[<{button};{place}M\x1b[<{button};{place}m".encode())

    def _wheel(self) -> None:
        place, way = self._place(), self.chance.choice((64, 65, 66, 67))
        self._send(f"\x1b[<35;{place}M".encode())
        for _ in range(self.chance.choice((1, 3, 8))):
            self._send(f"\x1b[<{way};{place}M".encode())

    def _drag(self) -> None:
        start, *stops = (self._place() for _ in range(4))
        parts = [f"\x1b[<0;{start}M", *(f"\x1b[<32;{stop}M" for stop in stops), f"\x1b[<0;{stops[-1]}m"]
        self._send("".join(parts).encode())

    def _paste(self) -> None:
        self._send(f"\x1b[200~{self.chance.choice(PASTED)}\x1b[201~".encode())

    def _bytes(self) -> None:
        self._send(self.chance.choice(BYTES))

    def _resize(self) -> None:
        if self.chance.random() < 0.6:
            self.resize(*self.chance.choice(USUAL))
        else:
            (least, least_rows), (most, most_rows) = SMALLEST, LARGEST
            self.resize(self.chance.randint(least, most), self.chance.randint(least_rows, most_rows))

    def resize(self, columns: int, rows: int) -> None:
        self.size = columns, rows
        self.events.append(f"<{columns}×{rows}>".encode())
        self.terminal.resize(columns, rows)

    def look(self, look: str) -> None:
        """Looks elsewhere, and comes back."""
        self.terminal.send(f"{look}{ESCAPE}{ESCAPE}1n")
        self.check()

    def look_around(self) -> None:
        """Looks at every view once: what each loads at first stays in memory."""
        for look in LOOKS:
            self.look(look)

    # Checks

    def check(self) -> None:
        """Raises Fault where the explorer has ended, or drawing everything anew changes its screen."""
        self.rest()
        shown = self._cells()
        os.write(self._requests, bytes([REDRAW]))
        self.rest()
        if stale := [place for place, cell in self._cells().items() if shown.get(place) != cell]:
            rows = sorted({row for row, _ in stale})
            texts = self.terminal.screen.display
            lines = [
                f"{row:3} was {''.join(str(shown[row, c][0]) for c in range(self.size[0]))}\n    is  {texts[row]}"
                for row in rows[:4]
            ]
            raise Fault(
                f"{len(stale)} stale cells in rows {rows}, columns {sorted({c for _, c in stale})[:9]} …\n"
                + "\n".join(lines)
            )

    def rest(self) -> None:
        """Waits until all that was asked for is on screen."""
        self._asked = self._asked % 200 + 1
        try:
            os.write(self._requests, bytes([self._asked]))
        except OSError:
            raise self._over() from None
        mark, end = rest_mark(self._asked), time.monotonic() + 2 * PATIENCE
        waiting = Waiting(self.terminal.process.pid)
        while not (told := re.search(re.escape(mark) + rb"([^\x07]*)\x07", self.terminal.received)):
            if not self.terminal.pump() and self.terminal.process.poll() is not None:
                raise self._over()
            if time.monotonic() > end + waiting.seconds():
                self.terminal.received.clear()
                os.write(self._requests, bytes([WHERE]))
                while select.select([self.terminal.fd], [], [], 1)[0] and self.terminal.pump(0):
                    pass
                raise Fault(f"it is stuck: {self.terminal.received.decode(errors='replace')[:TOLD]}")
        if told[1]:
            raise Fault(f"it is never at rest: {told[1].decode()}")
        self.kept += b"".join(found.group() for found in MODES.finditer(self.terminal.received))
        self.terminal.received.clear()

    def follow(self) -> None:
        """Waits until the lines that others have written so far are on screen."""
        end = time.monotonic() + FOLLOWED
        while (left_over := end - time.monotonic()) > 0:
            self.terminal.pump(left_over)

    def _over(self) -> Fault | Over:
        """What has ended the explorer."""
        self.terminal.pump(1)
        error, asked = self.run.with_name(ERROR), self.run.with_name(QUIT)
        if asked.exists() and not error.exists() and self.terminal.process.wait(10) == 0:
            return Over()
        return Fault(self._ended(error))

    def _ended(self, error: Path) -> str:
        said = error.read_text() if error.exists() else self.terminal.received[-3000:].decode(errors="replace")
        error.unlink(missing_ok=True)
        return f"it ended with status {self.terminal.process.wait(10)}: {said}"

    def _cells(self) -> dict[tuple[int, int], tuple[object, ...]]:
        buffer, (columns, rows) = self.terminal.screen.buffer, self.size
        return {(y, x): tuple(buffer[y][x]) for y in range(rows) for x in range(columns)}

    def memory(self) -> int:
        """Its resident memory in bytes."""
        pages = Path(f"/proc/{self.terminal.process.pid}/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize()

    def quit(self) -> None:
        """Raises Fault where Ctrl-C, at most three times, does not end it with the terminal as it was."""
        self.terminal.send("\x03\x03\x03")
        status = self.terminal.wait_for_end(20)
        if status or left(self.kept + self.terminal.received) != AS_FOUND or self.terminal.attributes() != self.found:
            raise Fault(f"status {status}, left {left(self.kept + self.terminal.received)}")

    def close(self) -> None:
        self.terminal.__exit__(None, None, None)
        os.close(self._requests)

    def last(self, count: int = 60) -> str:
        return b" ".join(self.events[-count:]).decode(errors="backslashreplace").replace("\x1b", "␛")
