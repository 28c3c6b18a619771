"""Hostile texts through every place where texts come in and go out."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import chain
from pathlib import Path

from engine.store.reader import RunReader
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.texts import commands, computing, explorer
from tests.support.hostile import TEXTS
from tests.support.hostile_run import hostile_run

TOGETHER = 70
"""Texts in one run file"""
CALLS = 4
"""Commands that are tried with one text"""


def knock(setting: Setting) -> Outcomes:
    names = list(TEXTS)
    setting.chance.shuffle(names)
    groups = [names[start : start + TOGETHER] for start in range(0, len(names), TOGETHER)]
    runs = []
    for number, group in enumerate(groups[: setting.count(1, len(groups))]):
        folder = setting.folder / f"run-{number}"
        folder.mkdir()
        texts = [TEXTS[name] for name in group]
        runs.append(_called(hostile_run(folder, texts), next(filter(None, map(explorer.run_name, texts)))))
        size = explorer.SIZES[number % len(explorer.SIZES)]
        for fall in chain(
            of_a_run(runs[-1], runs[0], setting),
            in_explorer(runs[-1], texts, size, setting),
            computing.of_films(texts, setting),
            computing.of_errors(texts if setting.full else texts[:2], setting),
        ):
            yield fall and f"{fall} (a run of {', '.join(group)})"
    for name in names[: setting.count(2, len(names))]:
        for fall in of_a_text(TEXTS[name], runs[0], setting):
            yield fall and f"{fall} ({name})"


def _called(run: Path, name: str) -> Path:
    """Calls a run file and its log so."""
    for path in run.parent.glob(f"{run.stem}.*"):
        path.rename(path.with_name(f"{name}{path.name.removeprefix(run.stem)}"))
    return run.with_name(f"{name}{run.suffix}")


def of_a_run(run: Path, other: Path, setting: Setting) -> Outcomes:
    """Every command on a run file."""
    with RunReader(run) as reader:
        layers = [layer.name for layer in reader.layers]
        had = {
            "RUN": str(run), "OTHER": str(other), "LOG": str(run.with_suffix(".verdicts.jsonl")),
            "NAME": "\x1b[31m\u202ea",
            "NEURON": f"{layers[-1]}:3", "CONCEPT": reader.concepts[3], "FILM": next(iter(reader.paths())),
        }  # fmt: skip
    for command, calls in commands.OF_RUNS.items():
        for call in setting.chance.sample(calls, len(calls) if setting.full else 1):
            out = setting.folder / "out"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            yield commands.fall_of(worded(command, call, {**had, "OUT": str(out)}), setting.folder, files=out)


def in_explorer(run: Path, texts: Sequence[str], size: tuple[int, int], setting: Setting) -> Outcomes:
    """Every view and dialog of the explorer."""
    folder = setting.folder / "explorer"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    keys = [*explorer.VIEW_KEYS.values(), *explorer.OTHER_KEYS]
    if not setting.full:
        keys = setting.chance.sample(keys, 6)
    yield from asyncio.run(_listed(explorer.falls(run, folder, texts, size, keys)))


async def _listed(falls: AsyncIterator[str | None]) -> list[str | None]:
    return [fall async for fall in falls]


def of_a_text(text: str, run: Path, setting: Setting) -> Outcomes:
    """Every command with a text as its argument, in a configuration, in the file of keys and in the environment."""
    place = setting.folder / "text"
    shutil.rmtree(place, ignore_errors=True)
    (place / "mammi").mkdir(parents=True)
    quoted = json.dumps(text.encode(errors="replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")
    keys = f'[keys]\n{quoted} = "y"\n"verdict.accept" = {quoted}\n'
    (place / "mammi/keys.toml").write_text(keys, encoding="utf-8", errors="replace")
    config = place / "run.toml"
    config.write_text(f"[run]\nout = {quoted}\n[target]\nkind = {quoted}\n", encoding="utf-8")
    given = text.replace("\0", "")[:100_000]
    try:
        os.fsencode(given)
    except UnicodeEncodeError:  # no argument can be this
        given = given.encode(errors="replace").decode()
    names = ("MAMMI_READER", "MAMMI_ROLE", "USER", "LOGNAME", "TERM", "COLORTERM", "LANG")
    environment = dict.fromkeys(names, given) | {"XDG_CONFIG_HOME": str(place)}
    calls = [(command, call) for command, calls in commands.WITH_TEXT.items() for call in calls]
    for command, call in setting.chance.sample(calls, setting.count(3, CALLS)):
        words = worded(command, call, {"RUN": str(run), "NAME": given, "CONFIG": str(config)})
        yield commands.fall_of(words, place, environment)


def worded(command: str, call: str, values: dict[str, str]) -> Sequence[str]:
    return list(_words(f"{command} {call}", values))


def _words(call: str, values: dict[str, str]) -> Iterator[str]:
    for word in call.split():
        name, slash, rest = word.partition("/")
        yield values.get(name, name) + slash + rest
