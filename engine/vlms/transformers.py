"""CLIP and SigLIP as transformers saves them, from a local folder. SigLIP 2 of a fixed resolution is a SigLIP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from engine.errors import ConfigError
from engine.keys import content_key
from engine.vlms.base import VLM
from engine.vlms.hugging_face import check_tokenizer, folder_digest, read_json
from engine.weights.digest import file_digest

if TYPE_CHECKING:
    import torch

NEEDS = ("transformers",)
VERSION = 1
"""Raise it when the same files give other embeddings than before"""

MODEL_TYPES = ("clip", "siglip")
"""In config.json"""
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""The names of weights in a folder; the first that exists is read"""
KEY = "vlm.directory"


class Options(BaseModel, extra="forbid", frozen=True):
    """`[vlm]` of a configuration with kind = "transformers"."""

    directory: Path
    """A folder as save_pretrained writes it and a hub offers it: config.json, model.safetensors or pytorch_model.bin,
    preprocessor_config.json and the tokenizer's files"""


def identity(options: Options, base: Path) -> str:
    return folder_identity(base / options.directory, KEY)


def load(options: Options, base: Path, device: torch.device) -> VLM:
    """Builds the model and loads its weights. Raises MammiError when a file is missing or does not fit."""
    return load_folder(base / options.directory, KEY, device)


def folder_identity(folder: Path, key: str) -> str:
    """The identity of the VLM that `load_folder` gives. Raises what it raises for a missing file."""
    _model_type(folder, key)
    check_tokenizer(folder, key)
    return content_key("transformers", VERSION, file_digest(_weights(folder, key), key), folder_digest(folder, key))


def load_folder(folder: Path, key: str, device: torch.device) -> VLM:
    """The VLM in a folder. `key` says in errors where the folder was named, in a configuration or elsewhere."""
    model_type = _model_type(folder, key)
    weights = _weights(folder, key)

    from engine.vlms.models.transformers import load_vlm

    return load_vlm(folder, weights, model_type, key, folder_identity(folder, key), device)


def _model_type(folder: Path, key: str) -> str:
    if not folder.is_dir():
        raise ConfigError(f"{key}: no folder at {folder}.")
    found = read_json(folder / "config.json", key).get("model_type")
    if found not in MODEL_TYPES:
        supported = " or ".join(MODEL_TYPES)
        raise ConfigError(f"{key}: {folder / 'config.json'} is of the model_type {found!r}, not {supported}.")
    return str(found)


def _weights(folder: Path, key: str) -> Path:
    for name in WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    raise ConfigError(f"{key}: {folder} has no weights: neither {' nor '.join(WEIGHTS)}.")
