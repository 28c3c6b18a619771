"""Signals to commands that compute: ended in time, terminal as found, nothing left, the same content in the end."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.store.reader import RunReader
from tests.hard_knocks.forked import Forked
from tests.hard_knocks.knock import Outcomes, Setting
from tests.support.models import tiny_project
from tests.support.terminal_modes import AS_FOUND, left

FILMS = 60
ONCE, TWICE = 5.0, 1.0
"""Seconds in which one signal ends a command, once it has done what it is at; and a second one"""
SIGNALS = (signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1)
COMMANDS = {
    "run": ("run", "tiny.toml", "--set", "run.out=alone.duckdb"),
    "shard": ("run", "tiny.toml", "--shard", "1/1"),
    "merge": ("merge", "tiny.toml"),
    "evaluate": ("evaluate", "whole.duckdb", "--json"),
    "report": ("report", "whole.duckdb", "-o", "page.html", "--all", "--force"),
    "export": ("export", "whole.duckdb", "-o", "all.csv", "--what", "neurons", "--format", "csv", "--force"),
}
MADE = {"run": "alone.duckdb", "merge": "tiny.duckdb"}
TOLD = b"continues from here.", b"mammi: stopped"
"""What it says once it has begun, and before"""


def knock(setting: Setting) -> Outcomes:
    """Stops a command up to four times, lets it end, and compares what it has made."""
    import engine.run.merging
    import engine.run.shards  # noqa: F401 (loaded once, before the forks)

    folder, chance = setting.folder, setting.chance
    tiny_project(folder, FILMS)
    commands = list(COMMANDS)[: setting.count(3, len(COMMANDS))]
    lasts = _whole(folder, commands)
    content = _content(folder / "whole.duckdb")
    tried, wanted = 0, setting.count(5, 40)
    while tried < wanted:
        name = chance.choices(commands, (8, 2, 3, 1, 1, 1)[: len(commands)])[0]
        stops = [chance.uniform(0, lasts[name]) for _ in range(chance.randrange(1, 4))]
        for stop in stops:
            first, second = chance.choice(SIGNALS), chance.choice([0, 0, chance.choice(SIGNALS)])
            wrong = [*_stopped(folder, name, stop, first, second), *_leftovers(folder)]
            told = f"{' '.join(COMMANDS[name])}, {first.name} after {stop:.2f} s{' and another' if second else ''}"
            tried += 1
            yield f"seed {setting.seed}, {told}: {'; '.join(wrong)}" if wrong else None
        if name in MADE:
            _ended_well(folder, name)
            same = _content(folder / MADE[name]) == content
            yield None if same else f"seed {setting.seed}, {name} stopped after {stops}: other content"
            (folder / MADE[name]).unlink()
        if name == "merge":
            _ended_well(folder, "shard")


def _whole(folder: Path, commands: Sequence[str]) -> dict[str, float]:
    """Runs each command to its end. Returns how many seconds each takes."""
    lasts = {"run": _ended_well(folder, "run")}
    (folder / MADE["run"]).rename(folder / "whole.duckdb")
    for name in commands[1:]:
        lasts[name] = _ended_well(folder, name)
    (folder / MADE["merge"]).unlink()
    _ended_well(folder, "shard")
    return lasts


def _ended_well(folder: Path, name: str) -> float:
    start, command = time.monotonic(), Forked(COMMANDS[name], folder)
    if not command.end(120) or command.status:
        raise AssertionError(f"{name}: status {command.status}: {command.received.decode(errors='replace')[-2000:]}")
    command.close()
    return time.monotonic() - start


def _stopped(folder: Path, name: str, after: float, first: int, second: int) -> Iterator[str]:
    """What is wrong with its end."""
    command = Forked(COMMANDS[name], folder)
    command.read(after)
    if command.status is not None:
        command.close()
        return
    command.send(first)
    if second:
        command.read(0.3)
        command.send(second)
    in_time = command.end(20)
    took, status, said = command.took(), command.status, command.received
    if not in_time:
        yield "runs on after 20 s"
    elif took > (TWICE if second else ONCE):
        yield f"took {took:.1f} s"
    if left(said) != AS_FOUND or command.attributes() != command.found:
        yield f"left {left(said)}"
    if status not in (0, 128 + first, -first, *((128 + second, -second) if second else ())):
        yield f"status {status}"
    if b"Traceback" in said or b"unexpected" in said:
        yield f"said {said[-600:]!r}"
    if (
        name in ("run", "shard", "merge")
        and status == 128 + first
        and not second
        and not any(each in said for each in TOLD)
    ):
        yield f"does not say how to go on: {said[-300:]!r}"
    command.close()


def _leftovers(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.name.startswith(".mammi-") or path.suffix in (".partial", ".tmp", ".wal"):
            yield f"left {path.name}"
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _content(run: Path) -> str:
    with RunReader(run) as reader:
        return reader.info.content_hash
