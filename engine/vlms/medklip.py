"""MedKLIP's image and text encoders as a VLM, with their published weights."""

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
    """`[vlm]` of a configuration with kind = "medklip"."""

    weights: Path
    """The published checkpoint, checkpoint_final.pth"""
    text_encoder: Path
    """A folder with Bio_ClinicalBERT as published: pytorch_model.bin or model.safetensors, and its tokenizer. MedKLIP
    does not train it, so its checkpoint does not hold it."""


def identity(options: Options, base: Path) -> str:
    folder, key = base / options.text_encoder, "vlm.text_encoder"
    weights = file_digest(base / options.weights, "vlm.weights")
    bert = file_digest(weights_in(folder, key), key)
    return content_key("medklip", VERSION, weights, bert, tokenizer_digest(folder, key))


def load(options: Options, base: Path, device: torch.device) -> VLM:
    """The encoders with their published weights. Raises MammiError when weights or tokenizer are missing or damaged,
    and MammiError that lists the keys when the weights do not fit."""
    from engine.vlms.models.medklip import load_vlm

    return load_vlm(base / options.weights, base / options.text_encoder, identity(options, base), device)
