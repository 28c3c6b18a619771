"""Lets tests import helpers from tests/support, keeps personal settings and the network away, takes the clock off
property tests, and shares out the processor."""

from __future__ import annotations

import os
import runpy
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGQUIT, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:  # as in the background of a script; what tests start inherits it
        signal.signal(number, usual)

if "PYTEST_XDIST_WORKER" in os.environ:
    # Each of several workers, and what it starts, computes with one thread: more would wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


OFFLINE = Path(__file__).parent / "support" / "offline"
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH")]))
offline = SimpleNamespace(**runpy.run_path(str(OFFLINE / "sitecustomize.py")))


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than processors: a part of each one's time goes by in waiting for terminals and processes."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names a case after the length of long bytes, not their content: an archive has the second of its making in it,
    and each worker makes its own."""
    return f"{len(val)} bytes of {argname}" if isinstance(val, bytes) and len(val) > 20 else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Opens loopback for a test that is marked `network`, and for what it starts."""
    if item.get_closest_marker("network"):
        os.environ[offline.LOOPBACK] = "1"
    try:
        return (yield)
    finally:
        os.environ.pop(offline.LOOPBACK, None)


@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    """Fails a test that has tried to reach the network, also where the code took the error for an answer."""
    offline.blocked.clear()
    yield
    assert not offline.blocked, offline.blocked


@pytest.fixture(autouse=True)
def recursion_limit() -> Iterator[None]:
    """Fails a test that leaves another limit behind, as a later test would fail in its place."""
    before = sys.getrecursionlimit()
    yield
    assert sys.getrecursionlimit() == before


@pytest.fixture(scope="session")
def state_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders that do not exist yet."""
    folder = tmp_path_factory.mktemp("state")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def state_home(state_folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps the state of the runs that a test opens, also in processes of their own, away from the real home."""
    monkeypatch.setenv("XDG_STATE_HOME", str(next(state_folders)))


@pytest.fixture(autouse=True)
def no_settings_of_mine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of whoever runs the tests, such as a file of keys, and limits of an earlier test have no effect."""
    monkeypatch.setattr("engine.limits._held", None)
    monkeypatch.delenv("MAMMI_LIMITS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no-settings"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the files with the most slow tests first, so that several workers end at about the same time."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])
