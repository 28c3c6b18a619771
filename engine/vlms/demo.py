"""The demo's VLM: a small image-text dual encoder trained contrastively on phantom films and reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from engine.keys import content_key
from engine.vlms.base import VLM
from engine.weights.digest import file_digest
from engine.weights.embedded import DUAL_ENCODER_WEIGHTS

if TYPE_CHECKING:
    import torch

VERSION = 1
"""Raise it when the same weights give other embeddings than before"""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[vlm]` of a configuration with kind = "demo"."""

    weights: Path | None = None
    """Weights made by `python -m engine.training.train`; the packaged ones by default"""


def identity(options: Options, base: Path) -> str:
    return content_key("demo", VERSION, file_digest(_weights(options, base), "vlm.weights"))


def load(options: Options, base: Path, device: torch.device) -> VLM:
    """The trained dual encoder. Raises MammiError when the weights cannot be read or belong to another model."""
    from engine.vlms.models.dual_encoder import load_vlm

    return load_vlm(_weights(options, base), identity(options, base), device)


def _weights(options: Options, base: Path) -> Path:
    return base / options.weights if options.weights else DUAL_ENCODER_WEIGHTS
