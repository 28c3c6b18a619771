"""Sentence encoders as sentence-transformers saves them (all-mpnet-base-v2, for example), run by transformers alone.

Source of layout and behaviour: UKPLab/sentence-transformers, sentence_transformers/models/Transformer.py and
Pooling.py. A text is stripped and cut after max_seq_length tokens; its last hidden states are pooled over its own
tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import AutoConfig, AutoTokenizer, BertModel, MPNetModel

from engine import parsing
from engine.errors import ConfigError, MammiError
from engine.vlms.hugging_face import LOCAL, check_growth, check_tokenizer, read_json, reading
from engine.vlms.models.bert import encode_by_length
from engine.vlms.models.converted import load_converted
from engine.weights.checkpoint import read_weights

POOLING = Path("1_Pooling", "config.json")
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
PARTS = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
"""The classes that modules.json may name. Without Normalize, the cosine normalises."""


class _Bert(BertModel):  # type: ignore[no-untyped-call]
    def __init__(self, config: Any) -> None:
        super().__init__(config, add_pooling_layer=False)


class _MPNet(MPNetModel):  # type: ignore[no-untyped-call]
    def __init__(self, config: Any) -> None:
        super().__init__(config, add_pooling_layer=False)


MODELS: dict[str, tuple[Any, int]] = {"bert": (_Bert, 0), "mpnet": (_MPNet, 2)}
"""By config.json's model_type: the model, and the number of its positions that no text can have"""


@dataclass(frozen=True, slots=True)
class SentenceEncoder:
    """A loaded sentence encoder, as a TextEncoder (engine.evaluation.labels)."""

    name: str
    module: Any
    tokenizer: Any
    pooling: Literal["mean", "cls"]
    lower: bool
    device: torch.device

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As TextEncoder.encode."""
        stripped = [text.strip().lower() if self.lower else text.strip() for text in texts]
        width = self.module.config.hidden_size
        return encode_by_length(stripped, self.tokenizer, width, self.device, self._pooled)

    def _pooled(self, ids: Tensor) -> Tensor:
        """Encodes token ids [n, length], without padding, as vectors [n, width]."""
        states: Tensor = self.module(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        return states[:, 0] if self.pooling == "cls" else states.mean(dim=1)


def load(name: str, folder: Path, key: str, device: torch.device) -> SentenceEncoder:
    """The encoder in a folder. Raises MammiError that names the file at fault and `key`, where the folder was named."""
    _check_parts(folder, key)
    pooling = _pooling(folder, key)
    with reading("configuration", folder / "config.json", key):
        config = AutoConfig.from_pretrained(folder, **LOCAL)
    architecture, unused = MODELS[config.model_type]
    weights = next((folder / file for file in WEIGHTS if (folder / file).is_file()), None)
    if weights is None:
        raise ConfigError(f"{key}: {folder} has no weights: it holds neither {' nor '.join(WEIGHTS)}.")
    settings = _optional(folder / "sentence_bert_config.json", key)
    longest = min(
        settings.get("max_seq_length") or config.max_position_embeddings, config.max_position_embeddings - unused
    )
    tokenizer = _tokenizer(folder, config.vocab_size, longest, key)
    dropped = ("pooler.*", "embeddings.position_ids")
    module = load_converted(architecture, config, read_weights(weights, key), weights, dropped=dropped).to(device)
    return SentenceEncoder(name, module, tokenizer, pooling, bool(settings.get("do_lower_case")), device)


def _optional(path: Path, key: str) -> dict[str, Any]:
    return read_json(path, key) if path.is_file() else {}


def _check_parts(folder: Path, key: str) -> None:
    """Raises MammiError unless modules.json is a list of parts that are supported, in their folders."""
    path = folder / "modules.json"
    try:
        parts = parsing.read_json(path)
        found = [str(part["type"]).rpartition(".")[2] for part in parts]
        first = parts[0]["path"]
    except OSError as error:
        raise ConfigError(f"{key}: cannot read {path}: {error.strerror}. A sentence encoder has it.") from None
    except (ValueError, LookupError, TypeError) as error:
        raise MammiError(f"{key}: {path} is not a list of modules ({type(error).__name__}).") from None
    if found not in PARTS or first != "" or parts[1]["path"] != POOLING.parent.name:
        raise MammiError(f"{key}: {path} asks for {', '.join(found)}; only {', '.join(PARTS[1])} are supported.")
    prompts = _optional(folder / "config_sentence_transformers.json", key)
    if prompts.get("default_prompt_name"):
        raise MammiError(f"{key}: {folder} puts a prompt before each text, which is not supported.")


def _pooling(folder: Path, key: str) -> Literal["mean", "cls"]:
    settings = read_json(folder / POOLING, key)
    modes = [mode for mode, chosen in settings.items() if mode.startswith("pooling_mode_") and chosen is True]
    mode = settings.get("pooling_mode", modes)
    if mode in ("mean", ["pooling_mode_mean_tokens"]):
        return "mean"
    if mode in ("cls", ["pooling_mode_cls_token"]):
        return "cls"
    raise MammiError(f"{key}: {folder / POOLING} pools by {mode or 'nothing'}; it must be mean or cls.")


def _tokenizer(folder: Path, tokens: int, longest: int, key: str) -> Any:
    """The folder's tokenizer, without padding. Raises MammiError when it has more tokens than the model."""
    check_tokenizer(folder, key)
    check_growth(folder, key)
    with reading("tokenizer", folder, key):
        tokenizer = AutoTokenizer.from_pretrained(folder, **LOCAL).backend_tokenizer
    if tokenizer.get_vocab_size() > tokens:
        raise MammiError(
            f"{key}: the tokenizer in {folder} has {tokenizer.get_vocab_size()} tokens, but the model has {tokens}: "
            "it is another model's."
        )
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return tokenizer
