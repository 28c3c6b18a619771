"""MedCLIP, the paper's VLM, with its published weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from engine.keys import content_key
from engine.vlms.base import VLM
from engine.vlms.bert_files import tokenizer_digest, weights_in
from engine.weights.digest import file_digest

if TYPE_CHECKING:
    import torch

NEEDS = ("transformers", "tokenizers")
VERSION = 1
"""Raise it when the same files give other embeddings than before"""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[vlm]` of a configuration with kind = "medclip"."""

    weights: Path
    """The published zip (medclip-vit-pretrained.zip, or medclip-pretrained.zip with ResNet), the folder that it unpacks
    to, or the file of weights in it. The names of the weights say which of the two image encoders they are for."""
    tokenizer: Path
    """A folder with Bio_ClinicalBERT's vocab.txt or tokenizer.json"""


def identity(options: Options, base: Path) -> str:
    weights = _weights(base / options.weights)
    tokenizer = tokenizer_digest(base / options.tokenizer, "vlm.tokenizer")
    return content_key("medclip", VERSION, file_digest(weights, "vlm.weights"), tokenizer)


def load(options: Options, base: Path, device: torch.device) -> VLM:
    """The model with its published weights. Raises MammiError when weights or tokenizer are missing or damaged, and
    MammiError that lists the keys when the weights do not fit."""
    from engine.vlms.models.medclip import load_vlm

    weights = _weights(base / options.weights)
    return load_vlm(weights, base / options.tokenizer, identity(options, base), device)


def _weights(path: Path) -> Path:
    return weights_in(path, "vlm.weights") if path.is_dir() else path
