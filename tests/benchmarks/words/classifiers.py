"""The study's classifiers: a DenseNet, a ResNet and a vision transformer, all small. A run's factory loads them.

What a run keeps of a classifier depends on this file: how they are trained stands in training.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from engine.probing.findings import FINDINGS
from engine.targets.base import TargetModel
from engine.targets.models.demo import build_classifier
from engine.weights.digest import file_digest
from engine.weights.embedded.files import load_weights
from engine.weights.embedded.inputs import NetworkInput
from tests.benchmarks.words.resnet import ResNet
from tests.benchmarks.words.vit import ViT


@dataclass(frozen=True, slots=True)
class Architecture:
    """One of the classifiers."""

    name: str
    build: Callable[[], nn.Module]
    hidden: tuple[str, ...]
    """The hidden layers whose units are named"""
    final: str
    maps: bool = True
    """Whether its hidden layers give maps"""


ARCHITECTURES: Mapping[str, Architecture] = {
    each.name: each
    for each in (
        Architecture("densenet", build_classifier, ("features.denseblock3", "features.norm5"), "classifier"),
        Architecture("resnet", ResNet, ("layer3", "layer4"), "fc"),
        Architecture("vit", ViT, ("encoder.layers.encoder_layer_2", "encoder.ln"), "heads.head", maps=False),
    )
}


def weights_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.safetensors"


def classifier(name: str, weights: str) -> TargetModel:
    """What `[target]` names as its factory: a trained classifier in evaluation mode."""
    model = ARCHITECTURES[name].build()
    load_weights(model, Path(weights))
    digest = file_digest(Path(weights), "target.arguments.weights")
    return TargetModel(model.eval(), NetworkInput(), FINDINGS, f"{name} {digest}", f"the study's {name}")
