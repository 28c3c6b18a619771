"""open_clip's models behind the VLM protocol.

open_clip (github.com/mlfoundations/open_clip) builds them as its `create_model` does, from local files only.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Literal

import numpy as np
import open_clip
import timm
import torch
from numpy.typing import NDArray
from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model
from open_clip.tokenizer import DEFAULT_CONTEXT_LENGTH, HFTokenizer, SimpleTokenizer
from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict
from PIL import Image as PILImage
from torch import Tensor
from torch.nn import functional
from transformers import AutoConfig, BertConfig, PreTrainedConfig

from engine.errors import ConfigError, MammiError
from engine.likeness import closest
from engine.own_files import own_folder, temporary_folder
from engine.probing.base import Image
from engine.vlms.hugging_face import LOCAL, check_growth, cutting, reading
from engine.vlms.models import cxr_repair
from engine.vlms.open_clip_source import PUBMEDBERT, Source, text_folder
from engine.weights.checkpoint import read_weights
from engine.weights.fitting import load_strictly

NOT_IN_EMBEDDINGS = ("logit_scale", "logit_bias", "text.transformer.embeddings.position_ids")
"""The loss's temperature and bias, and a constant that transformers kept among the weights until 4.31"""
TOKENIZER_SETTINGS = {"clean", "strip_sep_token"}
"""What a folder's tokenizer_kwargs may hold: others would reach code that could fetch and run more"""
OPENAI_SIZES = ("input_resolution", "context_length", "vocab_size")
"""Numbers that OpenAI's archives hold among the weights"""
TEXTS_AT_ONCE = 32


class OpenClipVLM:
    """An open_clip model behind the VLM protocol."""

    by_name = False

    def __init__(
        self,
        source: Source,
        module: Any,
        identity: str,
        prepare: Callable[[NDArray[np.uint8]], Tensor],
        tokenize: Callable[[list[str]], Tensor],
        device: torch.device,
    ) -> None:
        self.name = source.name
        self.dimension: int = source.model["embed_dim"]
        self.identity = identity
        self._module = module.to(device)
        self._prepare = prepare
        self._tokenize = tokenize
        self._device = device
        self._padding: int | None = module.text.config.pad_token_id if source.text_tower else None

    def preprocess(self, film: NDArray[np.uint8], image: Image) -> Tensor:  # noqa: ARG002
        return self._prepare(film)

    @torch.inference_mode()
    def encode_images(self, batch: Tensor) -> Tensor:
        return functional.normalize(self._module.encode_image(batch).float(), dim=1)

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A text longer than the model's context is cut, as published."""
        vectors = []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            with cutting():
                tokens = self._without_padding(self._tokenize(list(texts[start : start + TEXTS_AT_ONCE])))
            encoded = self._module.encode_text(tokens.to(self._device))
            vectors.append(functional.normalize(encoded.float(), dim=1).cpu().numpy())
        return np.concatenate(vectors)

    def _without_padding(self, tokens: Tensor) -> Tensor:
        """Cuts the columns at the end that are padding in every text; a Hugging Face tower would mask them anyway."""
        if self._padding is None:
            return tokens
        return tokens[:, : int((tokens != self._padding).any(dim=0).nonzero().max()) + 1]


def load_vlm(
    source: Source, preprocessing: Literal["model", "cxr_repair"], identity: str, device: torch.device
) -> OpenClipVLM:
    """Builds the model and loads its weights. Raises MammiError when a file is missing or does not fit."""
    folder = text_folder(source)
    weights = _read(source)
    with reading("open_clip model", source.path, source.key):
        module = _build(source, folder)
        prepare = _preparation(preprocessing, source, module.visual.image_size)
    load_strictly(module, weights, source.weights, NOT_IN_EMBEDDINGS)
    tokenize = _tokenizer(source, folder, module.vocab_size)
    return OpenClipVLM(source, module, identity, prepare, tokenize, device)


def of_model(name: str, weights: Path, tokenizer: Path | None) -> Source:
    """An architecture of open_clip's with the preprocessing of its first published weights.

    Raises ConfigError for a name that open_clip does not have.
    """
    name = name.replace("/", "-")
    model = open_clip.get_model_config(name) if ":" not in name else None  # a colon would ask a hub
    if model is None:
        close = closest(name, open_clip.list_models(), n=3, cutoff=0.4)
        raise ConfigError(f"vlm.model: open_clip has no architecture {name!r}. Close ones: {', '.join(close)}.")
    published = list_pretrained_tags_by_model(name)
    preprocessing = get_pretrained_cfg(name, published[0]) if published else {}
    return Source(f"{name} ({weights.name})", "vlm.model", name, weights, tokenizer, model, preprocessing)


def _read(source: Source) -> dict[str, Tensor]:
    """The weights. Raises MammiError for a TorchScript archive, and for OpenAI's weights without quick_gelu."""
    if _is_torchscript(source.weights):
        raise MammiError(
            f"vlm.weights: {source.weights} is a TorchScript archive: it holds code, and is not loaded.",
            "If you trust it, take its weights out with "
            f"torch.save(torch.jit.load('{source.weights.name}', 'cpu').state_dict(), 'weights.pt')",
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


def _preparation(
    preprocessing: Literal["model", "cxr_repair"], source: Source, size: tuple[int, int]
) -> Callable[[NDArray[np.uint8]], Tensor]:
    """How a film becomes the model's input."""
    if preprocessing == "cxr_repair":
        if not source.model.get("quick_gelu") or set(size) != {cxr_repair.INPUT_SIDE}:
            raise ConfigError('vlm.preprocessing = "cxr_repair" goes with the model ViT-B-32-quickgelu.')
        return cxr_repair.prepare
    settings = merge_preprocess_dict(PreprocessCfg(), source.preprocessing) | {"size": size}
    transform = image_transform_v2(PreprocessCfg(**settings), is_train=False)
    return lambda film: transform(PILImage.fromarray(film))


def _build(source: Source, folder: Path | None) -> Any:
    """As open_clip.create_model builds it, with random weights and without its downloads."""
    config = deepcopy(source.model)
    image_tower = config["vision_cfg"].get("timm_model_name")
    if image_tower:
        if not timm.is_model(image_tower):  # other names would ask a hub
            raise MammiError(f"{source.key}: timm has no image tower {image_tower!r}.")
        config["vision_cfg"]["timm_model_pretrained"] = False
    custom = config.pop("custom_text", False)
    text_tower = _text_tower(source, folder)
    if text_tower is None:
        kind = open_clip.CustomTextCLIP if custom else open_clip.CLIP
        return kind(**config).float().eval()
    with own_folder(temporary_folder()) as written:
        named = str(written)
        text_tower.save_pretrained(named)
        config["text_cfg"] |= {"hf_model_name": named, "hf_model_pretrained": False}
        return open_clip.CustomTextCLIP(**config).float().eval()


def _text_tower(source: Source, folder: Path | None) -> PreTrainedConfig | None:
    """The configuration of a Hugging Face text tower."""
    if source.text_tower is None:
        return None
    if source.text_tower in PUBMEDBERT:
        return BertConfig()
    return AutoConfig.from_pretrained(str(folder), **LOCAL)  # type: ignore[no-any-return]


def _tokenizer(source: Source, folder: Path | None, vocabulary: int) -> Callable[[list[str]], Tensor]:
    """The tokenizer. Raises MammiError when it is another model's."""
    text = source.model["text_cfg"]
    settings = text.get("tokenizer_kwargs") or {}
    context = text.get("context_length", DEFAULT_CONTEXT_LENGTH)
    if unknown := settings.keys() - TOKENIZER_SETTINGS:
        raise MammiError(f"{source.key}: {source.path} has unsupported tokenizer_kwargs: {', '.join(unknown)}.")
    if folder is None or not source.tokenizer_name:
        return SimpleTokenizer(context_length=context, **settings)  # type: ignore[no-any-return]
    key = "vlm.tokenizer"
    check_growth(folder, key)
    with reading("tokenizer", folder, key):
        mode = text.get("tokenizer_mode")
        tokenizer = HFTokenizer(str(folder), context, tokenizer_mode=mode, **settings, **LOCAL)
    tokens = len(tokenizer.tokenizer)
    if tokens > vocabulary:
        raise MammiError(f"{key}: {folder} has {tokens} tokens, the model {vocabulary}: it is another model's.")
    return tokenizer  # type: ignore[no-any-return]
