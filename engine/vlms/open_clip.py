"""open_clip's models: OpenAI's CLIP, BiomedCLIP, CXR-RePaiR's fine-tuned CLIP, and any checkpoint of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, cast

from pydantic import BaseModel, model_validator

from engine.keys import content_key
from engine.vlms.base import VLM
from engine.vlms.hugging_face import folder_digest
from engine.vlms.open_clip_source import of_directory, text_folder
from engine.weights.digest import file_digest

if TYPE_CHECKING:
    import torch

NEEDS = ("open_clip", "timm", "transformers")
VERSION = 1
"""Raise it when the same files give other embeddings than before"""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[vlm]` of a configuration with kind = "open_clip"."""

    directory: Path | None = None
    """A folder as open_clip publishes models, BiomedCLIP among them: open_clip_config.json, the weights, and the
    tokenizer's files where the text tower is Hugging Face's"""
    model: str | None = None
    """In place of `directory`, an architecture by open_clip's name, such as "ViT-B-16". OpenAI's weights, and those
    fine-tuned from them, need one that ends in -quickgelu."""
    weights: Path | None = None
    """A .pt, .bin or .safetensors file: the weights of `model`, or others in place of the directory's"""
    tokenizer: Path | None = None
    """A folder with the tokenizer's files, and the text tower's config.json, where `directory` lacks them"""
    preprocessing: Literal["model", "cxr_repair"] = "model"
    """"model" is what the directory says, or open_clip for the architecture's first published weights"""

    @model_validator(mode="after")
    def _names_one_model(self) -> Self:
        if (self.directory is None) == (self.model is None):
            raise ValueError("name either directory, or model and weights")
        if self.directory is None and self.weights is None:
            raise ValueError("weights is missing: the file with the weights of model")
        return self


def identity(options: Options, base: Path) -> str:
    weights, tokenizer = _files(options, base)
    model: object = options.model
    if options.directory is not None:
        source = of_directory(base / options.directory, weights, tokenizer)
        model = [source.model, source.preprocessing]
        weights, tokenizer = source.weights, text_folder(source)
    return content_key(
        "open_clip",
        VERSION,
        model,
        None if weights is None else file_digest(weights, "vlm.weights"),
        None if tokenizer is None else folder_digest(tokenizer, "vlm.tokenizer"),
        options.preprocessing,
    )


def load(options: Options, base: Path, device: torch.device) -> VLM:
    """Builds the model and loads its weights. Raises MammiError when a file is missing or does not fit."""
    from engine.vlms.models.open_clip import load_vlm, of_model

    weights, tokenizer = _files(options, base)
    if options.directory is not None:
        source = of_directory(base / options.directory, weights, tokenizer)
    else:
        source = of_model(cast(str, options.model), cast(Path, weights), tokenizer)  # Options requires both
    return load_vlm(source, options.preprocessing, identity(options, base), device)


def _files(options: Options, base: Path) -> tuple[Path | None, Path | None]:
    """The paths of `weights` and `tokenizer`; None for one that is not given."""
    return (
        base / options.weights if options.weights else None,
        base / options.tokenizer if options.tokenizer else None,
    )
