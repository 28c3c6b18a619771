"""The demo's target model: a small DenseNet trained on phantom films for the 14 NIH findings."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from engine.keys import content_key
from engine.probing.findings import FINDINGS
from engine.targets.base import TargetModel
from engine.weights.digest import file_digest
from engine.weights.embedded import CLASSIFIER_WEIGHTS

VERSION = 1
"""Raise it when the same weights give other activations than before"""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[target]` of a configuration with kind = "demo"."""

    weights: Path | None = None
    """Weights made by `python -m engine.training.train`; the packaged ones by default"""


def identity(options: Options, base: Path) -> str:
    return content_key("demo", VERSION, file_digest(_weights(options, base), "target.weights"))


def load(options: Options, base: Path) -> TargetModel:
    """The classifier in evaluation mode. Raises MammiError when the weights cannot be read or belong to another
    model."""
    from engine.targets.models.demo import load_classifier
    from engine.weights.embedded.inputs import NetworkInput

    return TargetModel(
        module=load_classifier(_weights(options, base)),
        preprocess=NetworkInput(),
        classes=FINDINGS,
        identity=identity(options, base),
        name="demo DenseNet",
    )


def _weights(options: Options, base: Path) -> Path:
    return base / options.weights if options.weights else CLASSIFIER_WEIGHTS
