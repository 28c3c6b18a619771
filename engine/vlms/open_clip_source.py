"""Where an open_clip model is from: a folder as open_clip publishes it, or an architecture's name and its weights."""

from __future__ import annotations

import difflib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model
from torch import Tensor

from engine.errors import ConfigError, MammiError
from engine.vlms.hugging_face import read_json
from engine.weights.checkpoint import read_weights

CONFIG = "open_clip_config.json"
WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
"""What the weights in a folder are called: the first that there is."""
OPENAI_SIZES = ("input_resolution", "context_length", "vocab_size")
"""Numbers that OpenAI's archives hold among the weights."""


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    key: str
    """The configuration's key that names the model, and where the model's own configuration is from, for errors."""
    path: Path | str
    weights: Path
    tokenizer: Path | None
    """A folder with what Hugging Face's libraries read, for the text towers that need it."""
    model: dict[str, Any]
    """open_clip's model_cfg."""
    preprocessing: dict[str, Any]
    """open_clip's preprocess_cfg: what of it differs from the default."""


def of_directory(directory: Path, weights: Path | None, tokenizer: Path | None) -> Source:
    """Raises MammiError when the folder lacks a file, or its configuration is none."""
    key = "vlm.directory"
    if not directory.is_dir():
        raise ConfigError(f"{key}: no folder at {directory}.")
    content = read_json(directory / CONFIG, key)
    model, preprocessing = content.get("model_cfg"), content.get("preprocess_cfg", {})
    if not isinstance(model, dict) or not isinstance(preprocessing, dict):
        raise MammiError(f"{key}: {directory / CONFIG} has no model_cfg: it is not open_clip's.")
    found = [directory / name for name in WEIGHTS if (directory / name).is_file()]
    if weights is None and not found:
        raise ConfigError(f"{key}: {directory} has no weights: none of {', '.join(WEIGHTS)}.")
    return Source(
        directory.name, key, directory / CONFIG, weights or found[0], tokenizer or directory, model, preprocessing
    )


def of_model(name: str, weights: Path, tokenizer: Path | None) -> Source:
    """The preprocessing is that of the architecture's first published weights. Raises ConfigError for another name."""
    name = name.replace("/", "-")
    model = open_clip.get_model_config(name) if ":" not in name else None  # a colon would ask a hub
    if model is None:
        close = difflib.get_close_matches(name, open_clip.list_models(), n=3, cutoff=0.4)
        raise ConfigError(f"vlm.model: open_clip has no architecture {name!r}. Close ones: {', '.join(close)}.")
    published = list_pretrained_tags_by_model(name)
    preprocessing = get_pretrained_cfg(name, published[0]) if published else {}
    return Source(f"{name} ({weights.name})", "vlm.model", name, weights, tokenizer, model, preprocessing)


def read(source: Source) -> dict[str, Tensor]:
    """The weights. Raises MammiError for a TorchScript archive, and OpenAI's for a model of other activations."""
    if _is_torchscript(source.weights):
        raise MammiError(
            f"vlm.weights: {source.weights} is a TorchScript archive: it holds code, and is not loaded.\n"
            "If you trust it, take its weights out with "
            f"torch.save(torch.jit.load('{source.weights.name}', 'cpu').state_dict(), 'weights.pt')"
        )
    weights = read_weights(source.weights, "vlm.weights")
    sizes = [name for name in OPENAI_SIZES if weights.pop(name, None) is not None]
    if sizes and not source.model.get("quick_gelu"):
        raise ConfigError(
            f"{source.key}: {source.weights} is OpenAI's: its model must have quick_gelu, as in ViT-B-32-quickgelu."
        )
    return weights


def _is_torchscript(path: Path) -> bool:
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.partition("/")[2].startswith("code/") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False
