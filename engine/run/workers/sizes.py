"""How many workers a run starts on a cluster, and what each of them takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from engine.config.settings import RunConfig
from engine.errors import ConfigError

_CPUS_AT_MOST = 4
"""Threads above which a model on a CPU gains little"""
_TASK = 16
"""Batches of a task, at most: between tasks a worker has nothing read ahead"""
_TASKS_EACH = 4
"""Tasks of each worker, at least, so that all end at about the same time"""


@dataclass(frozen=True, slots=True)
class Node:
    """What a machine of the cluster has in all."""

    cpus: float
    gpus: float


@dataclass(frozen=True, slots=True)
class Sizes:
    """Workers of a run."""

    least: int
    most: int
    cpus: float
    """Of each worker; so for GPUs"""
    gpus: float


def sizes(config: RunConfig, nodes: Sequence[Node], cluster: str) -> Sizes:
    """The workers that [workers] asks for; what it leaves open follows from the cluster's machines.

    Raises ConfigError where the cluster can never hold the least number of them. `cluster` names it in the message.
    """
    asked, device = config.workers, config.run.device
    gpus = asked.gpus
    if gpus is None:
        gpus = 1.0 if device in ("auto", "cuda") and any(node.gpus for node in nodes) else 0.0
    if device == "cuda" and not gpus:
        why = "no worker has a GPU: [workers] gpus is 0" if asked.gpus == 0 else f"{cluster} has no GPU"
        raise ConfigError(f'run.device = "cuda": {why}. Give it one, or set run.device = "cpu".')
    if gpus and not any(node.gpus for node in nodes):
        raise ConfigError(f"workers.gpus = {gpus:g}: {cluster} has no GPU. Leave it out, or set it to 0.")
    if device == "cpu" and gpus:
        raise ConfigError(f'workers.gpus = {gpus:g} with run.device = "cpu": leave one of them out.')
    cpus = asked.cpus or _cpus(nodes, gpus)
    room = sum(_room(node, cpus, gpus) for node in nodes)
    least, most = asked.number or (room, room)
    if least > room or not room:
        each = f"{cpus:g} CPUs" + (f" and {gpus:g} GPUs" if gpus else "")
        has = f"{sum(node.cpus for node in nodes):g} CPUs and {sum(node.gpus for node in nodes):g} GPUs"
        raise ConfigError(
            f"workers.number = {least or 1}: {cluster} has room for {room} workers of {each} each "
            f"({has} on {len(nodes)} machines). Lower workers.number, cpus or gpus."
        )
    return Sizes(least, max(least, most), cpus, gpus)


def _cpus(nodes: Sequence[Node], gpus: float) -> float:
    """Of a machine with GPUs its processors by worker; without, a quarter of the smallest machine, at most 4."""
    if gpus:
        return max(1.0, min(floor(node.cpus * min(gpus, node.gpus) / node.gpus) for node in nodes if node.gpus))
    smallest = min((node.cpus for node in nodes if node.cpus >= 1), default=1.0)
    return float(min(max(smallest // 4, 1), _CPUS_AT_MOST))


def _room(node: Node, cpus: float, gpus: float) -> int:
    """The number of workers that a machine can hold. Several share a GPU, but none has parts of two."""
    by_cpu = floor(node.cpus / cpus)
    if not gpus:
        return by_cpu
    by_gpu = floor(node.gpus) * floor(1 / gpus) if gpus < 1 else floor(node.gpus / gpus)
    return min(by_cpu, by_gpu)


def whole_batches(lacking: NDArray[np.bool_], batch: int) -> NDArray[np.bool_]:
    """Which images are in a batch of a run from nothing with one that lacks something, [p], from which lack it, [p]."""
    starts = np.arange(0, len(lacking), batch)
    return np.logical_or.reduceat(lacking, starts).repeat(batch)[: len(lacking)] if len(starts) else lacking


def task_images(images: int, batch: int, workers: int, batches: int | None) -> int:
    """The number of images of a task: whole batches, so that the batches are those of one process."""
    if batches is None:
        batches = min(_TASK, max(1, ceil(images / (batch * workers * _TASKS_EACH))))
    return batches * batch
