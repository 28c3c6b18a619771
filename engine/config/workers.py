"""The [workers] table: which processes compute the images, and what each of them takes. It changes no result."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, field_validator

RAY = "ray"
LOCAL = ""
"""The address of a cluster that a run starts for itself on this machine, and stops"""
AUTO = "auto"
"""The address of the cluster that this machine is part of"""
_HOST = re.compile(r"(?P<host>[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class RayAddress:
    """Where a Ray cluster is: LOCAL, AUTO, or HOST:PORT of its head."""

    text: str

    @classmethod
    def parse(cls, text: str) -> RayAddress | None:
        """From `ray[:ADDRESS]`; None for "", which means this process. Raises ValueError for another text."""
        if not text:
            return None
        name, colon, address = text.partition(":")
        if name != RAY or (colon and not address):
            raise ValueError('write "ray", "ray:auto" or "ray:HOST:PORT"')
        if address in (LOCAL, AUTO):
            return cls(address)
        if "://" in address:
            raise ValueError(
                "a run must start on a machine of the cluster: write ray:auto, or ray:HOST:PORT of its head"
            )
        found = _HOST.fullmatch(address)
        if found is None or not 0 < int(found["port"]) <= _LAST_PORT:
            raise ValueError(f'{address!r} is no address: write "ray:auto" or "ray:HOST:PORT", as in ray:10.0.0.7:6379')
        return cls(address)

    @property
    def host_and_port(self) -> tuple[str, int] | None:
        """None for LOCAL and AUTO."""
        found = _HOST.fullmatch(self.text)
        return None if found is None else (found["host"].strip("[]"), int(found["port"]))


class WorkerSettings(BaseModel, extra="forbid", frozen=True):
    """The [workers] table. None stands for a number that follows from the cluster (engine.run.workers.sizes)."""

    where: str = ""
    """ "" for this process, or as RayAddress.parse"""
    number: tuple[int, int] | None = None
    """The least and the most workers; in TOML one number, or a pair"""
    cpus: float | None = Field(default=None, gt=0, le=1024, allow_inf_nan=False)
    """Processors of each worker, and the threads of its torch"""
    gpus: float | None = Field(default=None, ge=0, le=64, allow_inf_nan=False)
    """GPUs of each worker; below 1 several workers share one"""
    batches: int | None = Field(default=None, ge=1, le=1024)
    """Batches of images that are given to a worker together: what is computed again when a worker dies"""
    ahead: int = Field(default=2, ge=1, le=64)
    """Such tasks that a worker has or is given ahead"""
    waiting: int = Field(default=512, ge=16, le=1_000_000)
    """MB of results that may wait to be written, of all workers together"""
    retries: int = Field(default=3, ge=0, le=1000)
    """How often a task is tried again whose worker died"""

    @field_validator("where")
    @classmethod
    def _is_place(cls, where: str) -> str:
        RayAddress.parse(where)
        return where

    @field_validator("number", mode="before")
    @classmethod
    def _as_pair(cls, number: Any) -> Any:
        pair = (number, number) if type(number) is int else number
        if pair is None:
            return None
        if not (isinstance(pair, (list, tuple)) and len(pair) == 2 and all(type(each) is int for each in pair)):
            raise ValueError("write a number of workers, such as 4, or the least and the most, such as [2, 16]")
        if not 1 <= pair[0] <= pair[1]:
            raise ValueError("the least number of workers is 1, and the most is no smaller than the least")
        return tuple(pair)

    @field_validator("gpus")
    @classmethod
    def _is_share(cls, gpus: float | None) -> float | None:
        if gpus is not None and gpus > 1 and gpus != int(gpus):
            raise ValueError("above 1 Ray gives whole GPUs only")
        return gpus

    @property
    def address(self) -> RayAddress | None:
        """Where the cluster is; None for this process."""
        return RayAddress.parse(self.where)
