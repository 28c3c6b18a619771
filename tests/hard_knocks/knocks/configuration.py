"""Configurations of random, nested, cut and foreign TOML."""

from __future__ import annotations

from engine.config.settings import load_config
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.sandbox import fall_of
from tests.shared import ROOT

PIECES = (
    b"[[",
    b"]",
    b"=",
    b'"',
    b"'''",
    b"\0",
    b"\xff",
    b"1e999",
    b"9" * 5000,
    b"[" * 3000,
    b"{a=" * 500,
    b"\\u",
    b"#",
)


def knock(setting: Setting) -> Outcomes:
    chance, samples = setting.chance, sorted((ROOT / "sample_configs").glob("*.toml"))
    for number in range(setting.count(30, 400)):
        sample = chance.choice(samples)
        data = bytearray(sample.read_bytes())
        for _ in range(chance.choice((1, 1, 2, 8))):
            place, kind = chance.randrange(len(data)), chance.choice(("insert", "cut", "change"))
            if kind == "insert":
                data[place:place] = chance.choice(PIECES)
            elif kind == "cut":
                del data[place : place + chance.randrange(1, 200)]
            else:
                data[place] = chance.randrange(256)
            data = data or bytearray(b"x")
        path = setting.folder / "run.toml"
        path.write_bytes(data)
        fall = fall_of(lambda path=path: load_config(path), setting.folder)
        yield fall and f"try {number} of seed {setting.seed} ({sample.name}): {fall}"
