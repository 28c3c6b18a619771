"""A cluster that cannot be used is told in a line, and before anything is loaded."""

from __future__ import annotations

import socket
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from engine.config.workers import RayAddress
from engine.errors import MammiError
from engine.run.workers import ray_cluster
from engine.run.workers.ray_cluster import reachable
from tests.support.models import tiny_project
from tests.support.tiny_runs import compute

pytestmark = pytest.mark.network


def installed(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    monkeypatch.setattr(ray_cluster, "find_spec", lambda name: ModuleSpec(name, None) if name in packages else None)


def test_what_installs_ray_is_told_before_anything_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    with pytest.raises(MammiError) as raised:
        compute(tiny_project(tmp_path, films=1), "workers.where=ray", "vlm.factory=no.such:vlm")
    assert str(raised.value) == (
        "--workers ray needs the package 'ray', which is not installed: pip install 'mammi-explorer[ray]'."
    )


def test_an_address_where_nothing_answers_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "ray", "pyarrow")
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(MammiError, match=f"--workers ray:{place}: nothing answers at {place}"):
            reachable(RayAddress(place))
        server.listen()
        reachable(RayAddress(place))
