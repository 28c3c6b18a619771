"""CLIP and SigLIP of the transformers package behind the VLM protocol. SigLIP 2 of a fixed resolution is a SigLIP."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as PILImage
from torch import Tensor
from torch.nn import functional
from transformers import AutoConfig, AutoImageProcessor, AutoTokenizer, CLIPModel, SiglipModel

from engine.errors import MammiError
from engine.extras import missing
from engine.probing.base import Image
from engine.vlms.base import VLM
from engine.vlms.hugging_face import LOCAL, check_growth, check_tokenizer, cutting, read_json, reading
from engine.vlms.models.converted import load_converted
from engine.weights.checkpoint import read_weights

MODELS: dict[str, Any] = {"clip": CLIPModel, "siglip": SiglipModel}
"""By config.json's model_type"""
CONSTANTS = ("text_model.embeddings.position_ids", "vision_model.embeddings.position_ids")
"""What transformers kept among the weights until 4.31"""
TEXTS_AT_ONCE = 32


class TransformersVLM:
    """A CLIP or SigLIP of transformers behind the VLM protocol."""

    by_name = False

    def __init__(
        self, name: str, identity: str, module: Any, processor: Any, tokenizer: Any, device: torch.device
    ) -> None:
        self.name = name
        self.identity = identity
        self._module = module.to(device)
        self._processor = processor
        self._tokenizer = tokenizer
        self._device = device
        self._context: int = module.config.text_config.max_position_embeddings
        self._siglip = isinstance(module, SiglipModel)
        self.dimension: int = self.encode_texts(["a"]).shape[1]

    def preprocess(self, film: NDArray[np.uint8], image: Image) -> Tensor:  # noqa: ARG002
        grey = PILImage.fromarray(film).convert("RGB")
        pixels: Tensor = self._processor(images=grey, return_tensors="pt")["pixel_values"]
        return pixels[0]

    @torch.inference_mode()
    def encode_images(self, batch: Tensor) -> Tensor:
        vectors = self._module.get_image_features(pixel_values=batch).pooler_output
        return functional.normalize(vectors.float(), dim=1)

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A text longer than the model's context is cut, as published."""
        vectors = []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            with cutting():
                tokens = self._tokens(texts[start : start + TEXTS_AT_ONCE]).to(self._device)
            encoded = self._module.get_text_features(**tokens).pooler_output
            vectors.append(functional.normalize(encoded.float(), dim=1).cpu().numpy())
        return np.concatenate(vectors)

    def _tokens(self, texts: Sequence[str]) -> Any:
        """SigLIP was trained on lower-case texts padded on the right to its whole context, and masks nothing.

        Source: huggingface/transformers, docs/source/en/model_doc/siglip.md and siglip2.md.
        """
        cut = {"truncation": True, "max_length": self._context, "return_tensors": "pt"}
        if not self._siglip:
            return self._tokenizer(list(texts), padding=True, **cut)
        lower = [text.lower() for text in texts]
        return self._tokenizer(lower, padding="max_length", padding_side="right", return_attention_mask=False, **cut)


def load_vlm(folder: Path, weights: Path, model_type: str, key: str, identity: str, device: torch.device) -> VLM:
    """Builds the folder's model and loads its weights. Raises MammiError when a file is missing or does not fit."""
    with reading("configuration", folder / "config.json", key):
        config = AutoConfig.from_pretrained(folder, **LOCAL)
    tokenizer = _tokenizer(folder, config.text_config.vocab_size, key)
    processor = _processor(folder, key)
    module = load_converted(MODELS[model_type], config, read_weights(weights, key), weights, dropped=CONSTANTS)
    return TransformersVLM(folder.name, identity, module, processor, tokenizer, device)


def _processor(folder: Path, key: str) -> Any:
    """The folder's image processor, resizing with Pillow as OpenAI and Google did: torchvision differs by a grey level
    here and there."""
    path = folder / "preprocessor_config.json"
    read_json(path, key)
    with reading("image processor", path, key):
        made: Any = AutoImageProcessor
        return made.from_pretrained(folder, backend="pil", **LOCAL)


def _tokenizer(folder: Path, tokens: int, key: str) -> Any:
    """The folder's tokenizer. Raises MammiError when it has more `tokens` than the model."""
    check_tokenizer(folder, key)
    check_growth(folder, key)
    try:
        with reading("tokenizer", folder, key):
            tokenizer = AutoTokenizer.from_pretrained(folder, **LOCAL)
    except MammiError as error:
        if isinstance(error.__cause__, ImportError):
            raise MammiError(f"{key}: SigLIP's tokenizer {missing('sentencepiece')}.") from error
        raise
    if len(tokenizer) > tokens:
        raise MammiError(
            f"{key}: the tokenizer in {folder} has {len(tokenizer)} tokens, the model {tokens}: it is another model's."
        )
    return tokenizer
