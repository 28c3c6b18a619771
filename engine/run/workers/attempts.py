"""Counts how often each task has been begun. Ray itself tries again without end: it cannot tell a lost machine, which
the task has not to do with, from films that kill every worker."""

from __future__ import annotations

from collections import Counter
from typing import Any


class Attempts:
    """Lives in a process of its own, on the machine of the run."""

    def __init__(self) -> None:
        self._of: Counter[int] = Counter()

    def begin(self, task: int) -> int:
        """Counts an attempt at this task, and returns the number of attempts."""
        self._of[task] += 1
        return self._of[task]


def started() -> Any:
    """A handle of a new counter. Only in a block of engine.run.workers.ray_cluster.connected."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(num_cpus=0)(Attempts).options(scheduling_strategy=here).remote()
