"""Pictures of every kind: changed in their bytes, chunks, segments and tags, and small ones of much work."""

from __future__ import annotations

from engine.limits import hold
from engine.probing.decoding import decode
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.pictures import bombs, mutant, pictures
from tests.hard_knocks.together import falls_of

SECONDS = 3
"""The limit on one film; a film of the largest size may take a little longer than one of a clinic"""


def knock(setting: Setting) -> Outcomes:
    hold(film_seconds=SECONDS)
    files = pictures()
    tries = [mutant(setting.chance, files) for _ in range(setting.count(100, 2000))]
    yield from falls_of([(f"mutant {number}", data) for number, data in enumerate(tries)], _decoded, setting)
    if setting.full:
        yield from falls_of(list(bombs()), _decoded, setting, at_once=1)


def _decoded(data: bytes) -> None:
    film = decode(data)
    assert film.ndim == 2
    assert film.dtype == "uint8"
