"""Calls code of the project on one hostile input, in a forked process that is watched and may be killed.

A refusal in the project's own words is as good as an answer. Everything else is a fall: another error, a message of
more than two lines or with control characters, a crash, too much time or memory, a file written outside the folder of
the try, a socket, another program, code that the input brought.
"""

from __future__ import annotations

import os
import resource
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from engine.errors import MammiError

MEMORY = 1_500
"""MB beyond what the process had before the try"""
SECONDS = 20.0
"""Of processor time"""
_WAITING = 6
"""How many times longer a try may take by the clock: a machine has other work"""

_EVENTS = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "socket.", "shutil.", "urllib.")
_CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def fall_of(
    call: Callable[[], object],
    folder: Path,
    *,
    seconds: float = SECONDS,
    memory: int = MEMORY,
    allowed: tuple[str, ...] = (),
) -> str | None:
    """None where the call answers or refuses as it should; else one line that says how it fell.

    `folder` is where the call may write. `allowed` are beginnings of names of audit events that it may cause, such as
    "subprocess." where the project itself reads in a child process: what that child does is then not seen here.
    """
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _child(call, folder, writing, allowed)
    os.close(writing)
    try:
        told, why = _watched(process, reading, seconds, memory)
    finally:
        os.close(reading)
    _, status = os.waitpid(process, 0)
    if why:
        return why
    if os.WIFSIGNALED(status):
        return f"crashed: signal {os.WTERMSIG(status)}"
    return told or None


def _watched(process: int, reading: int, seconds: float, memory: int) -> tuple[str, str]:
    """What the child says, and why it was killed."""
    end, told, before = time.monotonic() + _WAITING * seconds, b"", _resident(os.getpid())
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        while True:
            if selector.select(0.05):
                piece = os.read(reading, 65536)
                if not piece:
                    return told.decode(errors="replace"), ""
                told += piece
            late = time.monotonic() > end or _computed(process) > seconds
            why = f"took more than {seconds:g} s" if late else ""
            if (grown := _resident(process) - before) > memory:
                why = f"took {grown:,} MB"
            if why:
                os.kill(process, signal.SIGKILL)
                return "", why


def _computed(process: int) -> float:
    """Seconds of processor time that a process has taken, and 0 of one that has ended."""
    try:
        user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    except (OSError, ValueError):
        return 0
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _resident(process: int) -> int:
    """MB of a process, and 0 of one that has ended."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * resource.getpagesize() >> 20
    except (OSError, IndexError):
        return 0


def _child(call: Callable[[], object], folder: Path, writing: int, allowed: tuple[str, ...]) -> None:
    """Calls in this forked process, tells the parent of a fall, and ends."""
    seen: list[str] = []
    inside = str(folder.resolve())
    watching = True

    def look(event: str, arguments: tuple[object, ...]) -> None:
        if not watching or event.startswith(allowed or ("\0",)):
            return
        changed = event in _CHANGES or (event == "open" and _is_written(arguments))
        path = os.path.realpath(os.fsdecode(arguments[0])) if changed and isinstance(arguments[0], str | bytes) else ""
        if event.startswith(_EVENTS) and event not in ("socket.__new__", "shutil.which"):
            seen.append(f"{event}{arguments!r:.200}")
        elif path and not path.startswith((inside, "/dev/null")):
            seen.append(f"{event} of {path!r:.200}, outside its folder")

    said = ""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        sys.addaudithook(look)
        call()
    except MammiError as error:
        said = fault_of(str(error))
    except BaseException as error:  # noqa: BLE001 (whatever a hostile input leads to)
        place = traceback.extract_tb(error.__traceback__)[-1]
        said = f"unexpected {type(error).__name__}: {str(error)[:300]} ({Path(place.filename).name}:{place.lineno})"
    watching = False
    os.write(writing, "; ".join(filter(None, [said, *seen[:3]])).replace("\n", " ").encode(errors="replace")[:4000])
    os._exit(0)


def _is_written(arguments: tuple[object, ...]) -> bool:
    """Whether the arguments of the audit event `open` ask for writing."""
    _, mode, flags = arguments
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITING)


def fault_of(message: str) -> str:
    """What is wrong with an error's message; "" where nothing is."""
    lines = message.splitlines()
    if not 1 <= len(lines) <= 2:
        return f"an error of {len(lines)} lines: {message[:200]!r}"
    if len(message) > 2000:
        return f"an error of {len(message):,} characters: {message[:200]!r}"
    # Of models, by pydicom, by Python's codecs.
    for theirs in ("unexpected:", "Found unexpected tag", "unexpected end of data"):
        message = message.replace(theirs, "")
    if "unexpected" in message:
        return f"an error that is unexpected: {message[:300]}"
    return ""
