"""Runs of tests.support.models.tiny_project: their reports, and how often they call its models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.config.settings import load_config
from engine.progress import Silent
from engine.run import image_pass, layers, text_stage
from engine.run.pipeline import run
from tests.support import models


class Heard(Silent):
    """Keeps the reports of a run."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.computed: dict[str, int] = {}

    def stage(self, name: str, total: int) -> None:
        self._stage, self._total, self._done = name, total, 0
        self.computed[name] = 0

    def advance(self, steps: int, reused: int = 0) -> None:
        self._done += steps
        assert self._done <= self._total
        self.computed[self._stage] += steps - reused

    def note(self, text: str) -> None:
        self.notes.append(text)


def compute(project: Path, *overrides: str) -> Heard:
    heard = Heard()
    run(load_config(project, overrides), heard)
    return heard


def counted_calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """Counts the images and texts that each model gets, call by call, but not the film that goes through first, nor the
    image and the text that the VLM gets twice."""
    counted: dict[str, list[int]] = {"target": [], "images": [], "texts": []}
    looking: list[int] = []
    forward, images, texts = (
        models.TinyClassifier.forward,
        models.TinyVLM.encode_images,
        models.TinyVLM.encode_texts,
    )

    def counting_forward(self: models.TinyClassifier, films: torch.Tensor) -> torch.Tensor:
        (looking or counted["target"]).append(len(films))
        return forward(self, films)

    def counting_images(self: models.TinyVLM, batch: torch.Tensor) -> torch.Tensor:
        counted["images"].append(len(batch))
        return images(self, batch)

    def counting_texts(self: models.TinyVLM, given: Sequence[str]) -> NDArray[np.float32]:
        counted["texts"].append(len(given))
        return texts(self, given)

    def uncounted(look: Callable[..., Any]) -> Callable[..., Any]:
        def look_uncounted(*given: Any) -> Any:
            looking.append(0)
            try:
                return look(*given)
            finally:
                looking.clear()

        return look_uncounted

    for look in ("read_layers", "read_last_part"):
        monkeypatch.setattr(layers, look, uncounted(getattr(layers, look)))
    monkeypatch.setattr(image_pass, "embed_again", lambda *_: None)
    monkeypatch.setattr(text_stage, "encode_again", lambda *_: None)
    monkeypatch.setattr(models.TinyClassifier, "forward", counting_forward)
    monkeypatch.setattr(models.TinyVLM, "encode_images", counting_images)
    monkeypatch.setattr(models.TinyVLM, "encode_texts", counting_texts)
    return counted
