"""How many workers fit on which machines, and what is said where none do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.config.settings import RunConfig, load_config
from engine.errors import ConfigError
from engine.run.workers.sizes import Node, Sizes, sizes, task_images, whole_batches
from tests.support.models import tiny_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path, films=1)


def asking(project: Path, *overrides: str) -> RunConfig:
    return load_config(project, ["run.device=auto", *overrides])


@pytest.mark.parametrize(
    ("overrides", "nodes", "found"),
    [
        ([], [Node(2, 0)], Sizes(2, 2, 1, 0)),
        ([], [Node(64, 0)], Sizes(16, 16, 4, 0)),
        ([], [Node(0, 0), Node(8, 0), Node(16, 0)], Sizes(12, 12, 2, 0)),
        ([], [Node(16, 4), Node(64, 8)], Sizes(12, 12, 4, 1)),
        (["workers.gpus=0.5"], [Node(16, 2)], Sizes(4, 4, 4, 0.5)),
        (["workers.gpus=0.4"], [Node(64, 2)], Sizes(4, 4, 12, 0.4)),
        (["run.device=cpu"], [Node(16, 2)], Sizes(4, 4, 4, 0)),
        (["workers.number=[1, 40]", "workers.cpus=1"], [Node(8, 0)], Sizes(1, 40, 1, 0)),
    ],
)
def test_what_follows_from_the_machines(project: Path, overrides: list[str], nodes: list[Node], found: Sizes) -> None:
    assert sizes(asking(project, *overrides), nodes, "this machine") == found


@pytest.mark.parametrize(
    ("overrides", "nodes", "told"),
    [
        (["workers.number=3"], [Node(2, 0)], "this machine has room for 2 workers of 1 CPUs each (2 CPUs and 0 GPUs"),
        (["workers.cpus=16"], [Node(8, 0), Node(8, 0)], "room for 0 workers of 16 CPUs each"),
        (["run.device=cuda"], [Node(8, 0)], 'run.device = "cuda": this machine has no GPU.'),
        (["run.device=cuda", "workers.gpus=0"], [Node(8, 1)], "[workers] gpus is 0"),
        (["run.device=cpu", "workers.gpus=1"], [Node(8, 1)], 'workers.gpus = 1 with run.device = "cpu"'),
        (["workers.gpus=1"], [Node(8, 0)], "workers.gpus = 1: this machine has no GPU."),
        (["workers.gpus=2"], [Node(8, 1), Node(8, 1)], "room for 0 workers"),
        ([], [Node(0, 0)], "room for 0 workers"),
    ],
)
def test_what_no_cluster_can_hold_is_told(project: Path, overrides: list[str], nodes: list[Node], told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        sizes(asking(project, *overrides), nodes, "this machine")
    assert told in str(raised.value)


def test_a_task_is_whole_batches_and_enough_tasks_are_there_for_all() -> None:
    assert task_images(112_120, batch=32, workers=8, batches=None) == 16 * 32
    assert task_images(1_200, batch=32, workers=2, batches=None) == 5 * 32
    assert task_images(3, batch=32, workers=2, batches=None) == 32
    assert task_images(1_200, batch=32, workers=2, batches=2) == 64


def test_what_was_damaged_is_computed_again_in_its_batches() -> None:
    lacking = np.array([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1], np.bool_)
    assert np.flatnonzero(whole_batches(lacking, 3)).tolist() == [3, 4, 5, 9, 10]
