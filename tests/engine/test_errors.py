"""Errors that a user sees."""

from __future__ import annotations

import pickle

import pytest

from engine.errors import ConfigError, MammiError


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_a_name_from_outside_begins_no_line(end: str) -> None:
    error = MammiError(f"films/a{end}b.png is damaged.", f"Take{end}it out.")
    first, then = str(error).splitlines()
    assert first.startswith("films/a")
    assert first.endswith("b.png is damaged.")
    assert then.startswith("Take")


def test_an_error_comes_whole_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(ConfigError("run.out: no.", "Name another.")))  # noqa: S301 (our own)
    assert (type(error), str(error)) == (ConfigError, "run.out: no.\nName another.")
