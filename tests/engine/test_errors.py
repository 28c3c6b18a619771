"""Errors that a user sees."""

from __future__ import annotations

import copy
import errno
import os

import pytest

from engine.errors import ConfigError, MammiError, refusal


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_a_name_from_outside_begins_no_line(end: str) -> None:
    error = MammiError(f"films/a{end}b.png is damaged.", f"Take{end}it out.")
    first, then = str(error).splitlines()
    assert first.startswith("films/a")
    assert first.endswith("b.png is damaged.")
    assert then.startswith("Take")


def test_a_copy_of_an_error_as_another_process_is_sent_it_is_whole() -> None:
    error = copy.copy(ConfigError("run.out: no.", "Name another."))
    assert (type(error), str(error)) == (ConfigError, "run.out: no.\nName another.")


def test_no_more_threads_and_processes_are_told_by_what_can_be_done() -> None:
    for error in (RuntimeError("can't start new thread"), OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))):
        assert refusal(error).startswith("no more threads or processes can be started here: ")
    assert refusal(RuntimeError("a bug")) == ""
