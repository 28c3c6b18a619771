"""Writes small sentence encoders with random weights, in the layout of sentence-transformers on Hugging Face."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel

from tests.support.clip_files import WORDS, with_random_weights

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SIZES: dict[str, int] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 40,
}
PARTS = ("Transformer", "Pooling", "Normalize")


def write_mpnet(folder: Path, *, pooler: bool = True) -> Path:
    """As sentence-transformers/all-mpnet-base-v2: a fast tokenizer's file, pooling by mean, normalised."""
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *_pieces(), "[UNK]", "<mask>"]
    config = MPNetConfig(vocab_size=len(tokens), pad_token_id=1, **SIZES)
    _write_model(folder, MPNetModel(config, add_pooling_layer=pooler), config)
    ids = {token: index for index, token in enumerate(tokens)}
    made = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))  # noqa: S106
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    made.save(str(folder / "tokenizer.json"))
    names = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>"}
    others = {"pad_token": "<pad>", "unk_token": "[UNK]", "mask_token": "<mask>"}
    settings = {"do_lower_case": True, "model_max_length": 38, "tokenizer_class": "MPNetTokenizer"}
    _write(folder / "tokenizer_config.json", {**names, **others, **settings})
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", "utf-8")
    write_parts(folder)
    return folder


def write_bert(folder: Path, pooling: Literal["mean", "cls"] = "cls") -> Path:
    """As BAAI/bge-small-en: a vocabulary in a text file, pooling by the class token."""
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_pieces()]
    config = BertConfig(vocab_size=len(tokens), **SIZES)
    _write_model(folder, BertModel(config), config)
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", "utf-8")
    _write(folder / "tokenizer_config.json", {"do_lower_case": True, "tokenizer_class": "BertTokenizer"})
    write_parts(folder, pooling=pooling)
    return folder


def write_parts(folder: Path, parts: tuple[str, ...] = PARTS, pooling: str = "mean", module: str = "") -> None:
    """Writes what turns a model into an encoder: modules.json, the pooling's configuration and the longest text."""
    module = module or "sentence_transformers.models"
    paths = ["", *(f"{place}_{part}" for place, part in enumerate(parts) if place)]
    modules = [
        {"idx": place, "name": str(place), "path": path, "type": f"{module}.{part}"}
        for place, (path, part) in enumerate(zip(paths, parts, strict=True))
    ]
    _write(folder / "modules.json", modules)
    (folder / "1_Pooling").mkdir(exist_ok=True)
    modes = {"cls_token": "cls", "mean_tokens": "mean", "max_tokens": "max", "mean_sqrt_len_tokens": "sqrt"}
    chosen = {f"pooling_mode_{mode}": name == pooling for mode, name in modes.items()}
    _write(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 32, **chosen})
    _write(folder / "sentence_bert_config.json", {"max_seq_length": 12, "do_lower_case": False})
    _write(folder / "config_sentence_transformers.json", {"__version__": {"sentence_transformers": "2.0.0"}})


def _pieces() -> list[str]:
    return list(dict.fromkeys([*WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS)]))


def _write_model(folder: Path, model: Any, config: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    save_file(with_random_weights(model, 0).state_dict(), folder / "model.safetensors")


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), "utf-8")
