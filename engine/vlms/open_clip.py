"""open_clip's models: OpenAI's CLIP, BiomedCLIP, CXR-RePaiR's fine-tuned CLIP, and any checkpoint of one's own.

They are built by open_clip (github.com/mlfoundations/open_clip) as its `create_model` does, from local files only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
import open_clip
import timm
import torch
from numpy.typing import NDArray
from open_clip.tokenizer import DEFAULT_CONTEXT_LENGTH, HFTokenizer, SimpleTokenizer
from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict
from PIL import Image as PILImage
from pydantic import BaseModel
from torch import Tensor
from torch.nn import functional
from transformers import AutoConfig, BertConfig, PreTrainedConfig

from engine.errors import ConfigError, MammiError
from engine.probing.base import Image
from engine.vlms import cxr_repair
from engine.vlms.hugging_face import LOCAL, check_tokenizer, digest_of_texts, reading
from engine.vlms.open_clip_source import Source, of_directory, of_model, read
from engine.weights.checkpoint import fingerprint, load_strictly

PUBMEDBERT = tuple(
    f"microsoft/BiomedNLP-{name}-base-uncased-abstract{texts}"
    for name in ("PubMedBERT", "BiomedBERT")
    for texts in ("", "-fulltext")
)
"""The names of BiomedCLIP's text tower. Its published configuration is what BertConfig has by default."""
NOT_IN_EMBEDDINGS = ("logit_scale", "logit_bias", "text.transformer.embeddings.position_ids")
"""The loss's temperature and bias, and a constant that transformers kept among the weights until 4.31."""
TOKENIZER_SETTINGS = {"clean", "strip_sep_token"}
"""What a folder's tokenizer_kwargs may hold: others are passed on to code that could fetch and run more."""
TEXTS_AT_ONCE = 32


class Options(BaseModel, extra="forbid", frozen=True):
    directory: Path | None = None
    """A folder as open_clip publishes models, BiomedCLIP among them: open_clip_config.json, the weights, and the
    tokenizer's files where the text tower is Hugging Face's."""
    model: str | None = None
    """In place of `directory`, an architecture by open_clip's name, such as "ViT-B-16". OpenAI's weights, and those
    fine-tuned from them, need one that ends in -quickgelu."""
    weights: Path | None = None
    """A .pt, .bin or .safetensors file: the weights of `model`, or others in place of the directory's."""
    tokenizer: Path | None = None
    """A folder with the tokenizer's files, and the text tower's config.json, where `directory` lacks them."""
    preprocessing: Literal["model", "cxr_repair"] = "model"
    """"model" is what the directory says, or open_clip for the architecture's first published weights."""


class OpenClipVLM:
    """An open_clip model behind the VLM protocol."""

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
        self._padding: int | None = (
            module.text.config.pad_token_id if "hf_model_name" in source.model["text_cfg"] else None
        )

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
            tokens = self._without_padding(self._tokenize(list(texts[start : start + TEXTS_AT_ONCE])))
            encoded = self._module.encode_text(tokens.to(self._device))
            vectors.append(functional.normalize(encoded.float(), dim=1).cpu().numpy())
        return np.concatenate(vectors)

    def _without_padding(self, tokens: Tensor) -> Tensor:
        """Without the columns at the end that are padding in every text, which a Hugging Face tower masks anyway."""
        if self._padding is None:
            return tokens
        return tokens[:, : int((tokens != self._padding).any(dim=0).nonzero().max()) + 1]


def load(options: Options, base: Path, device: torch.device) -> OpenClipVLM:
    """Builds the model and loads its weights. Raises MammiError when a file is missing or does not fit."""
    source = _source(options, base)
    weights = read(source)
    with reading("open_clip model", source.path, source.key):
        module = _build(source)
        prepare, pixels = _preparation(options, source, module.visual.image_size)
    load_strictly(module, weights, source.weights, NOT_IN_EMBEDDINGS)
    tokenize = _tokenizer(source, module.vocab_size)
    vocabulary = digest_of_texts(source.tokenizer) if isinstance(tokenize, HFTokenizer) and source.tokenizer else ""
    identity = fingerprint(module, pixels, source.model["text_cfg"], vocabulary)
    return OpenClipVLM(source, module, identity, prepare, tokenize, device)


def _source(options: Options, base: Path) -> Source:
    if (options.directory is None) == (options.model is None):
        raise ConfigError("vlm: name either directory, or model and weights.")
    weights = base / options.weights if options.weights else None
    tokenizer = base / options.tokenizer if options.tokenizer else None
    if options.directory is not None:
        return of_directory(base / options.directory, weights, tokenizer)
    if weights is None:
        raise ConfigError("vlm.weights is missing: the file with the weights of vlm.model.")
    return of_model(str(options.model), weights, tokenizer)


def _preparation(
    options: Options, source: Source, size: tuple[int, int]
) -> tuple[Callable[[NDArray[np.uint8]], Tensor], str]:
    """How a film becomes the model's input, and all that determines it."""
    if options.preprocessing == "cxr_repair":
        if not source.model.get("quick_gelu") or set(size) != {cxr_repair.INPUT_SIDE}:
            raise ConfigError('vlm.preprocessing = "cxr_repair" goes with the model ViT-B-32-quickgelu.')
        return cxr_repair.prepare, options.preprocessing
    settings = merge_preprocess_dict(PreprocessCfg(), source.preprocessing) | {"size": size}
    transform = image_transform_v2(PreprocessCfg(**settings), is_train=False)
    return lambda film: transform(PILImage.fromarray(film)), repr(sorted(settings.items()))


def _build(source: Source) -> Any:
    """As open_clip.create_model builds it, with random weights and without its downloads."""
    config = deepcopy(source.model)
    image_tower = config["vision_cfg"].get("timm_model_name")
    if image_tower:
        if not timm.is_model(image_tower):  # other names would ask a hub
            raise MammiError(f"{source.key}: timm has no image tower {image_tower!r}.")
        config["vision_cfg"]["timm_model_pretrained"] = False
    custom = config.pop("custom_text", False)
    text_tower = _text_tower(source)
    if text_tower is None:
        kind = open_clip.CustomTextCLIP if custom else open_clip.CLIP
        return kind(**config).float().eval()
    with TemporaryDirectory() as named:
        text_tower.save_pretrained(named)
        config["text_cfg"] |= {"hf_model_name": named, "hf_model_pretrained": False}
        return open_clip.CustomTextCLIP(**config).float().eval()


def _text_tower(source: Source) -> PreTrainedConfig | None:
    """The configuration of a Hugging Face text tower. Raises ConfigError when it is nowhere."""
    name = source.model["text_cfg"].get("hf_model_name")
    if not name:
        return None
    if name in PUBMEDBERT:
        return BertConfig()
    if source.tokenizer is None or not (source.tokenizer / "config.json").is_file():
        raise ConfigError(
            f"{source.key}: the text tower {name} needs its config.json: name its folder in vlm.tokenizer."
        )
    return AutoConfig.from_pretrained(source.tokenizer, **LOCAL)  # type: ignore[no-any-return]


def _tokenizer(source: Source, vocabulary: int) -> Callable[[list[str]], Tensor]:
    """Raises MammiError when there is none, or it is one of another model."""
    text = source.model["text_cfg"]
    settings = text.get("tokenizer_kwargs") or {}
    context = text.get("context_length", DEFAULT_CONTEXT_LENGTH)
    if unknown := settings.keys() - TOKENIZER_SETTINGS:
        raise MammiError(f"{source.key}: {source.path} has tokenizer_kwargs that are not known: {', '.join(unknown)}.")
    if not text.get("hf_tokenizer_name"):
        return SimpleTokenizer(context_length=context, **settings)  # type: ignore[no-any-return]
    if source.tokenizer is None:
        raise ConfigError(f"vlm.tokenizer is missing: the folder with the tokenizer of {text['hf_tokenizer_name']}.")
    key = "vlm.tokenizer"
    check_tokenizer(source.tokenizer, key)
    with reading("tokenizer", source.tokenizer, key):
        mode = text.get("tokenizer_mode")
        tokenizer = HFTokenizer(str(source.tokenizer), context, tokenizer_mode=mode, **settings, **LOCAL)
    tokens = len(tokenizer.tokenizer)
    if tokens > vocabulary:
        raise MammiError(
            f"{key}: {source.tokenizer} has {tokens} tokens, the model {vocabulary}: it is another model's."
        )
    return tokenizer  # type: ignore[no-any-return]
