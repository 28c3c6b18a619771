"""VLMs whose worker process comes to grief, or that tell what it does."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import torch
from torch import Tensor

from engine.errors import MammiError
from tests.support.models import TinyVLM


class Deadly(TinyVLM):
    """Kills its worker before it encodes a batch, as often as the file `deaths` has room for: a byte for each."""

    deaths: Path
    times: int
    run: int

    def encode_images(self, batch: Tensor) -> Tensor:
        died = self.deaths.stat().st_size if self.deaths.exists() else 0
        if os.getpid() != self.run and died < self.times:
            with self.deaths.open("ab") as file:
                file.write(b"x")
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_images(batch)


def deadly_vlm(device: torch.device, deaths: str, times: int, run: int) -> Deadly:
    vlm = Deadly(device)
    vlm.deaths, vlm.times, vlm.run = Path(deaths), times, run
    return vlm


class Faulty(TinyVLM):
    """It cannot embed films."""

    def encode_images(self, batch: Tensor) -> Tensor:
        raise MammiError("vlm: no weights for films.")


def faulty_vlm(device: torch.device) -> Faulty:
    return Faulty(device)


class Counted(TinyVLM):
    """Adds a byte to the file `batches` for each batch of images."""

    batches: Path

    def encode_images(self, batch: Tensor) -> Tensor:
        with self.batches.open("ab") as file:
            file.write(b"x")
        return super().encode_images(batch)


def counted_vlm(device: torch.device, batches: str) -> Counted:
    vlm = Counted(device)
    vlm.batches = Path(batches)
    return vlm
