"""Tables, reports, lists, JSON, XML, TOML and verdicts, damaged at random, through every reader of text."""

from __future__ import annotations

from pathlib import Path

from engine.errors import MammiError
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.mutated import mutated
from tests.hard_knocks.sandbox import fall_of
from tests.hard_knocks.text_readers import Reader, prepare, readers


def knock(setting: Setting) -> Outcomes:
    chance, every, folder = setting.chance, readers(), setting.folder
    prepare(folder)
    for name, reader in every.items():
        fall = fall_of(lambda reader=reader: _accepted(reader, folder), folder)
        yield fall and f"the sound sample of {name}: {fall}"
    for number in range(setting.count(3, 40)):
        for name, reader in every.items():
            reader.write(folder, mutated(reader.sample.encode(), chance))
            fall = fall_of(lambda reader=reader: reader.read(folder), folder)
            reader.write(folder)
            yield fall and f"try {number} of seed {setting.seed}, {name}: {fall}"


def _accepted(reader: Reader, folder: Path) -> None:
    try:
        reader.read(folder)
    except MammiError as error:
        raise AssertionError(str(error)) from error
