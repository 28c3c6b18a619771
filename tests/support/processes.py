"""What Linux says of processes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

PROCESSES = Path("/proc")


def state(process: int) -> str:
    """R running, S asleep, T stopped, "" gone."""
    return _stat(process)[0].replace("Z", "")


def parent(process: int) -> int:
    return int(_stat(process)[1])


def of_session(session: int) -> list[int]:
    """The processes of a session that have not ended."""
    return [each for each in _all() if _stat(each)[3] == str(session) and state(each)]


def with_argument(argument: str) -> int:
    """The process of whose command line a text is an argument; 0 for none."""
    for process in _all():
        with suppress(OSError):
            if argument.encode() in (PROCESSES / str(process) / "cmdline").read_bytes().split(b"\0"):
                return process
    return 0


class Waiting:
    """Seconds, since this was made, that a process was ready to run while the processors worked for others: over all
    its threads, as far as `seconds` was asked while they ran."""

    def __init__(self, process: int) -> None:
        self._process, self._last = process, _delays(process)
        self._sum = 0

    def seconds(self) -> float:
        found = _delays(self._process)
        self._sum += sum(delay - self._last.get(thread, 0) for thread, delay in found.items())
        self._last |= found
        return self._sum / 1e9


def _delays(process: int) -> dict[str, int]:
    """In nanoseconds, by thread; empty for a process that has ended."""
    found = {}
    with suppress(OSError):
        for task in (PROCESSES / str(process) / "task").iterdir():
            with suppress(OSError):
                found[task.name] = int((task / "schedstat").read_text().split()[1])
    return found


def _all() -> list[int]:
    return [int(folder.name) for folder in PROCESSES.iterdir() if folder.name.isdecimal()]


def _stat(process: int) -> list[str]:
    """From the state on."""
    try:
        return (PROCESSES / str(process) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["", "0", "0", "0"]
