"""A run of many films, stopped, killed, and robbed of films: in the end what a quiet run over them gives."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import numpy as np

from engine.store.reader import RunReader
from tests.hard_knocks.forked import Forked
from tests.hard_knocks.knock import Outcomes, Setting
from tests.support.models import tiny_project

ONLY_FULL = True
FILMS = 5_000
KILLS = 12
LOST = 4
"""Films that are deleted, and as many that are cut off within, between two kills"""
ROUNDED = 1e-6
FORTH = ("run", "tiny.toml", "--set", "run.out=knocked.duckdb")
QUIET = ("run", "tiny.toml", "--set", "run.out=quiet.duckdb")


def knock(setting: Setting) -> Outcomes:
    """Yields once for each kill, and once for each film of the finished run."""
    import engine.run.pipeline  # noqa: F401 (loaded once, before the forks)

    folder, chance = setting.folder, setting.chance
    tiny_project(folder, FILMS)
    cut: set[str] = set()
    for number in range(KILLS):
        command = Forked(FORTH, folder)
        command.read(chance.uniform(0.5, 4))
        if chance.random() < 0.5:
            command.send(signal.SIGSTOP)
            command.read(0.3)
            command.send(signal.SIGCONT)
        cut |= _rob(folder / "films", chance)
        command.read(chance.uniform(0, 1))
        command.send(signal.SIGKILL)
        command.end(5)
        command.close()
        bad = command.status != -signal.SIGKILL
        yield (
            f"seed {setting.seed}, start {number}: status {command.status}, {command.received[-400:]!r}"
            if bad
            else None
        )
    for arguments in (FORTH, QUIET):
        command = Forked(arguments, folder)
        in_time = command.end(400)
        command.close()
        if not in_time or command.status:
            yield f"seed {setting.seed}: {arguments[-1]}: status {command.status}, {command.received[-400:]!r}"
            return
    yield from _compared(folder, {name for name in cut if (folder / "films" / name).exists()})


def _rob(films: Path, chance: random.Random) -> set[str]:
    """Deletes films, and cuts some off; returns the names of these."""
    deleted, cut = (set(chance.sample(sorted(each.name for each in films.iterdir()), LOST)) for _ in range(2))
    for name in cut:
        content = (films / name).read_bytes()
        (films / name).write_bytes(content[: len(content) // 2])
    for name in deleted:
        (films / name).unlink()
    return cut - deleted


def _compared(folder: Path, cut: set[str]) -> Outcomes:
    left = {path.name for path in (folder / "films").iterdir()}
    with RunReader(folder / "knocked.duckdb") as knocked, RunReader(folder / "quiet.duckdb") as quiet:
        yield from _differences(knocked, quiet)
        aside = {Path(each.path).name: each.reason for each in knocked.set_aside()}
        wrong = [f"{name} was set aside, and is whole" for name in aside.keys() - cut]
        wrong += [f"{name} is cut off, and was not set aside" for name in cut - aside.keys()]
        wrong += [f"{name} was set aside without a reason" for name, reason in aside.items() if not reason]
        if knocked.image_count != len(left) - len(cut):
            wrong.append(f"{knocked.image_count} films of {len(left) - len(cut)}")
        yield from wrong
        yield from [None] * (knocked.image_count + len(aside) - len(wrong))


def _differences(knocked: RunReader, quiet: RunReader) -> Outcomes:
    """Other films come together in batches, and torch then rounds otherwise: hashes may differ, numbers hardly."""
    every = range(quiet.image_count)
    if knocked.images(every) != quiet.images(every) or knocked.set_aside() != quiet.set_aside():
        yield "other films than in a quiet run"
        return
    for layer in quiet.layers:
        both = (each.arrays.activations(layer) for each in (knocked, quiet))
        yield None if np.allclose(*both, atol=ROUNDED) else f"{layer.name}: other activations than in a quiet run"
    both = (each.arrays.image_embeddings() for each in (knocked, quiet))
    yield None if np.allclose(*both, atol=ROUNDED) else "other embeddings than in a quiet run"
