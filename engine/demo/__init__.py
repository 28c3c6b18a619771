"""The embedded default: two small models trained on phantom films, and the configuration of `mammi demo`."""

from __future__ import annotations

from pathlib import Path

HOME = Path(__file__).resolve().parent
CONFIG = HOME / "demo.toml"
CLASSIFIER_WEIGHTS = HOME / "classifier.safetensors"
DUAL_ENCODER_WEIGHTS = HOME / "dual_encoder.safetensors"
MODEL_CARD = HOME / "MODEL_CARD.md"
