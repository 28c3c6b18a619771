"""The [workers] table, and what names a Ray cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.config.settings import config_again, load_config
from engine.config.workers import RayAddress
from engine.errors import ConfigError
from tests.support.models import tiny_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path, films=1)


@pytest.mark.parametrize(
    ("text", "address", "place"),
    [
        ("ray", "", None),
        ("ray:auto", "auto", None),
        ("ray:10.0.0.7:6379", "10.0.0.7:6379", ("10.0.0.7", 6379)),
        ("ray:[fe80::1]:6379", "[fe80::1]:6379", ("fe80::1", 6379)),
    ],
)
def test_where_a_cluster_is(text: str, address: str, place: tuple[str, int] | None) -> None:
    found = RayAddress.parse(text)
    assert found is not None
    assert (found.text, found.host_and_port) == (address, place)


@pytest.mark.parametrize(
    "text", ["dask", "ray:", "ray:head", "ray:head:0", "ray:head:99999", "ray:ray://head:10001", "ray:a b:1", "ray:-"]
)
def test_what_names_no_cluster(text: str) -> None:
    with pytest.raises(ValueError, match="ray:auto"):
        RayAddress.parse(text)


def test_a_run_is_computed_in_one_process_unless_workers_are_asked_for(project: Path) -> None:
    assert load_config(project).workers.address is None
    asked = load_config(project, ["workers.where=ray:auto", "workers.number=3", "workers.gpus=0.5"]).workers
    assert asked.address == RayAddress("auto")
    assert (asked.number, asked.gpus) == ((3, 3), 0.5)
    assert load_config(project, ["workers.number=[2, 16]"]).workers.number == (2, 16)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("workers.where=dask", 'workers.where = "dask" is not right: write "ray", "ray:auto" or "ray:HOST:PORT".'),
        ("workers.number=0", "the least number of workers is 1"),
        ("workers.number=[4, 2]", "the most is no smaller than the least"),
        ('workers.number="all"', "write a number of workers, such as 4"),
        ("workers.gpus=1.5", "workers.gpus = 1.5 is not right: above 1 Ray gives whole GPUs only."),
        ("workers.cpus=0", "is too small"),
        ("workers.nmber=2", "Did you mean workers.number?"),
    ],
)
def test_mistakes_in_the_table(project: Path, override: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(project, [override])
    assert told in str(raised.value)


def test_workers_change_nothing_that_a_run_file_keeps(project: Path) -> None:
    assert load_config(project, ["workers.number=2"]).as_dict() == load_config(project).as_dict()


def test_another_process_gets_the_same_configuration(project: Path, tmp_path: Path) -> None:
    config = load_config(project, ["run.alpha=0.8"])
    again = config_again(config.path, config.base, json.loads(json.dumps(config.given)))
    assert again == config
