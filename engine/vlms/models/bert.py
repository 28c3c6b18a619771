"""BERT text encoders from weights and tokenizer files alone, for Bio_ClinicalBERT in MedCLIP and MedKLIP."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.implementations.bert_wordpiece import BertWordPieceTokenizer
from torch import Tensor
from transformers import BertConfig, BertModel

from engine.errors import MammiError
from engine.vlms.bert_files import SETTINGS, WHOLE, tokenizer_files, weights_in
from engine.vlms.hugging_face import check_growth, check_sizes, cutting, read_json, reading
from engine.vlms.models.converted import load_converted
from engine.weights.checkpoint import read_weights
from engine.weights.fitting import check_fit

HEAD = 64
"""Width of one attention head, in every published BERT"""
TOKENS_AT_ONCE = 2048
"""The most tokens in one batch, which bounds its memory"""

_SPECIAL = ("[UNK]", "[CLS]", "[SEP]")
_LAYER = re.compile(r"encoder\.layer\.(\d+)\.")


def read_folder(folder: Path, key: str) -> dict[str, Tensor]:
    """The tensors of a folder as transformers saves a model. Raises ConfigError when it has no weights."""
    return read_weights(weights_in(folder, key), key)


def load_bert(weights: Mapping[str, Tensor], path: Path, prefix: str = "") -> BertModel:
    """The model, of the size that the weights have. Raises MammiError that lists the keys when they do not fit.

    The names of `weights` have no prefix; `path` and `prefix` are for errors only.
    """
    sizes = {}
    for name in ("word_embeddings", "position_embeddings", "token_type_embeddings"):
        sizes[name] = shape_of(weights, f"embeddings.{name}.weight", 2, path, prefix)
    inner = shape_of(weights, "encoder.layer.0.intermediate.dense.weight", 2, path, prefix)
    vocabulary, width = sizes["word_embeddings"]
    if width % HEAD:
        raise MammiError(f"{path} holds no BERT: its width {width} is not a multiple of {HEAD}.")
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=len({match[1] for match in map(_LAYER.match, weights) if match}),
        num_attention_heads=width // HEAD,
        intermediate_size=inner[0],
        max_position_embeddings=sizes["position_embeddings"][0],
        type_vocab_size=sizes["token_type_embeddings"][0],
    )
    return load_converted(BertModel, config, weights, path, prefix, dropped=["embeddings.position_ids"])


def shape_of(weights: Mapping[str, Tensor], name: str, axes: int, path: Path, prefix: str = "") -> tuple[int, ...]:
    """A tensor's shape. Raises MammiError when it is missing or has another number of axes."""
    if name not in weights:
        check_fit(path, [prefix + name], [], {})
    shape = tuple(weights[name].shape)
    if len(shape) != axes or not all(shape):
        raise MammiError(f"{path} does not fit the model. {prefix}{name} has the shape {list(shape)}.")
    return shape


def load_tokenizer(folder: Path, key: str, tokens: int, longest: int) -> Tokenizer:
    """The tokenizer of a folder's tokenizer.json or vocab.txt; texts are cut after `longest` tokens.

    Beside a vocab.txt, tokenizer_config.json sets case and accents; without it text is lower-cased, as in transformers.
    Raises ConfigError when the files are missing, and MammiError when they are damaged or the number of tokens is not
    `tokens`, that of the weights. `key` is the configuration's key, for errors.
    """
    found, *settings = tokenizer_files(folder, key)
    check_sizes([found], key)
    if found.name == WHOLE:
        check_growth(folder, key)
    with reading("tokenizer", found, key):
        text = found.read_text(encoding="utf-8")
        if found.name == WHOLE:
            tokenizer = Tokenizer.from_str(text)
        else:
            tokenizer = _word_pieces(text, read_json(folder / SETTINGS, key) if settings else {})
    ids = tokenizer.get_vocab()
    if len(ids) != tokens or max(ids.values()) >= tokens:
        raise MammiError(f"{key}: {folder} has {len(ids)} tokens, the weights {tokens}: it is another model's.")
    absent = [token for token in _SPECIAL if token not in ids]
    if absent:
        raise MammiError(f"{key}: {folder} is not a BERT tokenizer: it has no {absent[0]}.")
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return tokenizer


def _word_pieces(vocabulary: str, settings: Mapping[str, Any]) -> Tokenizer:
    tokens = vocabulary.removesuffix("\n").split("\n")
    made = BertWordPieceTokenizer(
        {token: index for index, token in enumerate(tokens)},
        handle_chinese_chars=settings.get("tokenize_chinese_chars", True),
        strip_accents=settings.get("strip_accents"),
        lowercase=settings.get("do_lower_case", True),
    )
    return Tokenizer.from_str(made.to_str())


def encode_by_length(
    texts: Sequence[str],
    tokenizer: Tokenizer,
    dimension: int,
    device: torch.device,
    encode: Callable[[Tensor], Tensor],
) -> NDArray[np.float32]:
    """Unit vectors [texts, dimension] in the directions that `encode` gives for token ids [n, length].

    Only texts of equal length in tokens share a batch. Nothing is padded, so a text's vector does not depend on the
    others, except for the last bit, which the size of a batch may change.
    """
    with cutting():
        ids = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    vectors = np.empty((len(ids), dimension), dtype=np.float32)
    with torch.inference_mode():
        for rows in _batches([len(tokens) for tokens in ids]):
            encoded = encode(torch.tensor([ids[row] for row in rows], device=device)).float()
            vectors[rows] = torch.nn.functional.normalize(encoded, dim=1).cpu().numpy()
    return vectors


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of texts of equal length, a batch at a time."""
    for length in sorted(set(lengths)):
        rows = [row for row, own in enumerate(lengths) if own == length]
        size = max(1, TOKENS_AT_ONCE // length)
        for start in range(0, len(rows), size):
            yield rows[start : start + size]
