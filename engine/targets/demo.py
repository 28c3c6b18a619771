"""The demo's target model: a small DenseNet trained on phantom films for the 14 NIH findings."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel
from torch import nn
from torchvision.models import DenseNet

from engine.probing.findings import FINDINGS
from engine.targets.base import TargetModel
from engine.weights.embedded import CLASSIFIER_WEIGHTS
from engine.weights.embedded.files import load_weights
from engine.weights.embedded.inputs import INPUT_SIDE, network_input


class Options(BaseModel, extra="forbid"):
    kind: Literal["demo"]
    weights: Path | None = None
    """Weights made by `python -m engine.training.train`; the packaged ones by default."""


def build_classifier() -> DenseNet:
    """A DenseNet for grey inputs [n, 1, 128, 128], with one logit for each of FINDINGS."""
    width = 24
    model = DenseNet(growth_rate=12, block_config=(4, 6, 8, 6), num_init_features=width, num_classes=len(FINDINGS))
    model.features.conv0 = nn.Conv2d(1, width, kernel_size=7, stride=2, padding=3, bias=False)
    nn.init.kaiming_normal_(model.features.conv0.weight)
    return model


def load(options: Options, base: Path) -> TargetModel:
    """The classifier in evaluation mode. Raises MammiError when the weights cannot be read or are another model's."""
    model = build_classifier()
    digest = load_weights(model, base / options.weights if options.weights else CLASSIFIER_WEIGHTS)
    return TargetModel(
        module=model.eval().to(memory_format=torch.channels_last),
        preprocess=network_input,
        classes=FINDINGS,
        identity=f"demo densenet {INPUT_SIDE} {digest}",
        name="demo DenseNet",
    )
