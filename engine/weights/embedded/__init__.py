"""The weights that ship with the package: two small models trained on phantom films, for the demo and tests."""

from __future__ import annotations

from pathlib import Path

HOME = Path(__file__).resolve().parent
CLASSIFIER_WEIGHTS = HOME / "classifier.safetensors"
DUAL_ENCODER_WEIGHTS = HOME / "dual_encoder.safetensors"
MODEL_CARD = HOME / "MODEL_CARD.md"
