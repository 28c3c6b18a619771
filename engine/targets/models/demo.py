"""The network of the demo's target model."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torchvision.models import DenseNet

from engine.probing.findings import FINDINGS
from engine.weights.embedded.files import load_weights


def build_classifier() -> DenseNet:
    """A DenseNet for grey inputs [n, 1, 128, 128], with one logit for each of FINDINGS."""
    width = 24
    model = DenseNet(growth_rate=12, block_config=(4, 6, 8, 6), num_init_features=width, num_classes=len(FINDINGS))
    model.features.conv0 = nn.Conv2d(1, width, kernel_size=7, stride=2, padding=3, bias=False)
    nn.init.kaiming_normal_(model.features.conv0.weight)
    return model


def load_classifier(weights: Path) -> nn.Module:
    """The network in evaluation mode. Raises MammiError when the weights cannot be read or belong to another model."""
    model: nn.Module = build_classifier()
    load_weights(model, weights)
    return model.eval().to(memory_format=torch.channels_last)
