"""A run on Ray: the same content as in one process, whatever becomes of the workers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.config.workers import RayAddress
from engine.errors import MammiError
from engine.run.workers.ray_cluster import connected
from engine.store.reader import RunReader
from tests.support.models import tiny_project
from tests.support.tiny_runs import compute

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install 'mammi-explorer[ray]'"),
]
RAY = ("workers.where=ray", "workers.number=2", "workers.cpus=1", "workers.batches=1")


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """One for all tests: a run uses the cluster that its process is part of."""
    with connected(RayAddress(""), 200):
        yield


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tiny_project(tmp_path)
    (tmp_path / "films" / "005.png").write_bytes(b"no film")
    return path


def content(project: Path, name: str) -> str:
    with RunReader(project.with_name(name)) as reader:
        return reader.info.content_hash


def named(project: Path, name: str) -> str:
    return f"run.out={project.with_name(name)}"


def deadly(folder: Path, times: int) -> tuple[str, ...]:
    return (
        "vlm.factory=tests.support.worker_models:deadly_vlm",
        f'vlm.arguments={{deaths="{folder / "deaths"}", times={times}, run={os.getpid()}}}',
    )


def test_two_workers_one_of_which_is_killed_give_the_content_of_one_process(project: Path, tmp_path: Path) -> None:
    dying = deadly(tmp_path, times=1)
    compute(project, named(project, "one.duckdb"), *dying)
    heard = compute(project, named(project, "ray.duckdb"), *dying, *RAY)
    assert (tmp_path / "deaths").read_bytes() == b"x"
    assert heard.computed["images"] == 14
    assert content(project, "ray.duckdb") == content(project, "one.duckdb")


def test_a_worker_that_dies_again_and_again_ends_the_run_which_goes_on_from_there(
    project: Path, tmp_path: Path
) -> None:
    with pytest.raises(MammiError, match="workers died 1 time over images"):
        compute(project, *deadly(tmp_path, times=100), *RAY, "workers.retries=0")
    (tmp_path / "deaths").write_bytes(b"x" * 100)
    assert compute(project, *deadly(tmp_path, times=100)).computed["images"] <= 14


def test_a_fault_of_the_users_is_told_as_in_one_process(project: Path) -> None:
    with pytest.raises(MammiError) as raised:
        compute(project, "vlm.factory=tests.support.worker_models:faulty_vlm", *RAY)
    assert str(raised.value) == "vlm: no weights for films."
