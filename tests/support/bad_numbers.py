"""Tiny models that give what is no number, or a huge, tiny or constant one, for chosen units and films."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from engine.probing.base import Image as ProbingImage
from tests.support.models import TinyVLM, tiny_project, tiny_target

CORNER = 24
"""Side of the square whose grey level is 8 times the film's number"""
Bad = Mapping[str, float]
""" "3" -> what unit 3 gives for every film; "3 5" -> what it gives for film 5; TOML knows nan and inf"""

CONFIG = """
[run]
out = "{folder}/tiny.duckdb"
device = "cpu"
batch_size = 4
[probing]
kind = "folder"
folder = "films"
[target]
kind = "factory"
factory = "tests.support.bad_numbers:target"
layers = ["side", "penultimate", "logits"]
classes = ["effusion", "mass", "hernia"]
preprocessing = {{ size = 48, crop = 48, channels = 1, mean = [0.0], std = [1.0] }}
[target.arguments]
side = {side}
logits = {logits}
[vlm]
kind = "factory"
factory = "tests.support.bad_numbers:vlm"
[vlm.arguments]
bad = {vlm}
[concepts]
kind = "word_list"
path = "concepts.txt"
"""


def numbers_of(films: Tensor) -> list[int]:
    """The number of each film [n, 1, h, w], from its corner; -1 for one without such a corner, such as those of noise
    and of a ramp that models are asked about before a run."""
    corners = films[:, 0, 2:6, 2:6].flatten(1) * 255 / 8
    flat = corners.amax(1) - corners.amin(1) < 0.1
    return torch.where(flat, corners[:, 0].round(), -1).long().tolist()


class Spoilt(nn.Module):
    """Gives its input with chosen numbers in place of others. It is told the films' numbers."""

    def __init__(self, bad: Bad) -> None:
        super().__init__()
        self._bad = {tuple(map(int, key.split())): value for key, value in bad.items()}
        self.films: list[int] = []

    def forward(self, values: Tensor) -> Tensor:
        spoilt = values.clone()
        for (unit, *films), value in self._bad.items():
            rows = [row for row, film in enumerate(self.films) if not films or film in films]
            spoilt[rows, unit] = value
        return spoilt


class SpoiltClassifier(nn.Module):
    """A tiny classifier with a layer `side` that leads nowhere, and outputs that may be spoilt too."""

    def __init__(self, side: Bad, logits: Bad) -> None:
        super().__init__()
        self.body = tiny_target()
        self.mix = nn.Linear(3, 8)
        self.side = Spoilt(side)
        self.last = Spoilt(logits)

    def forward(self, films: Tensor) -> Tensor:
        outputs = self.body(films)
        self.side.films = self.last.films = numbers_of(films)
        self.side(self.mix(outputs))
        given: Tensor = self.last(outputs)
        return given


def target(side: Bad, logits: Bad) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return SpoiltClassifier(side, logits)


class SpoiltVLM(TinyVLM):
    """Spoils the embeddings of chosen films: "5" -> its value in place of each number."""

    def __init__(self, device: torch.device, bad: Bad) -> None:
        super().__init__(device)
        self.identity, self.by_name = f"spoilt {dict(bad)}", True
        self._bad = bad

    def preprocess(self, film: NDArray[np.uint8], image: ProbingImage) -> Tensor:
        made = super().preprocess(film, image)
        value = self._bad.get(str(int(Path(image.path).stem)))
        return made if value is None else torch.full_like(made, value)

    def encode_images(self, batch: Tensor) -> Tensor:
        spoilt = batch[:, 0, :1, 0]
        return torch.where((spoilt == batch.flatten(1)).all(1, keepdim=True), spoilt, super().encode_images(batch))


def vlm(device: torch.device, bad: Bad) -> TinyVLM:
    return SpoiltVLM(device, bad)


def spoilt_project(folder: Path, side: Bad, logits: Bad, embeddings: Bad, films: int = 14) -> Path:
    """A configuration whose models give these. Returns the path of its TOML file."""
    config = tiny_project(folder, films)
    for number in range(films):
        path = folder / "films" / f"{number:03}.png"
        pixels = np.asarray(Image.open(path)).copy()
        pixels[:CORNER, :CORNER] = 8 * number
        Image.fromarray(pixels).save(path)
    tables: dict[str, Any] = {"side": side, "logits": logits, "vlm": embeddings}
    written = {name: _toml(table) for name, table in tables.items()}
    config.write_text(CONFIG.format(folder=folder.as_posix(), **written))
    return config


def _toml(table: Bad) -> str:
    return "{" + ", ".join(f'"{key}" = {value!r}' for key, value in table.items()) + "}"
