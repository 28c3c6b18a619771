"""Writes small CLIP and SigLIP folders with random weights, in their layout on Hugging Face."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from open_clip.tokenizer import SimpleTokenizer
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import CLIPConfig, CLIPModel, SiglipConfig, SiglipModel

from tests.support.clip_files import WORDS, with_random_weights

TOWER = {"num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96}
CLIP = CLIPConfig(
    text_config={**TOWER, "hidden_size": 32, "eos_token_id": 2},  # wrong, as published
    vision_config={**TOWER, "hidden_size": 48, "image_size": 64, "patch_size": 16},
    projection_dim=24,
)
PIECES = 120
"""Number of the SigLIPs' tokens"""
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def siglip() -> SiglipConfig:
    special = {"pad_token_id": 1, "bos_token_id": None, "eos_token_id": 1}
    return SiglipConfig(
        text_config={**TOWER, **special, "hidden_size": 32, "vocab_size": PIECES},
        vision_config={**TOWER, "hidden_size": 32, "image_size": 64, "patch_size": 16},
    )


def write_clip(folder: Path, seed: int = 0) -> Path:
    """As openai/clip-vit-base-patch32: pytorch_model.bin with constants of old versions, the real vocabulary."""
    folder.mkdir(parents=True, exist_ok=True)
    CLIP.save_pretrained(folder)
    weights = with_random_weights(CLIPModel(CLIP), seed).state_dict()
    weights["text_model.embeddings.position_ids"] = torch.arange(77)[None]
    weights["vision_model.embeddings.position_ids"] = torch.arange(17)[None]
    torch.save(weights, folder / "pytorch_model.bin")
    _write(
        folder / "preprocessor_config.json",
        {
            "crop_size": 64,
            "do_center_crop": True,
            "do_normalize": True,
            "do_resize": True,
            "feature_extractor_type": "CLIPFeatureExtractor",
            "image_mean": [0.48145466, 0.4578275, 0.40821073],
            "image_std": [0.26862954, 0.26130258, 0.27577711],
            "resample": 3,
            "size": 64,
        },
    )
    _write_clip_vocabulary(folder)
    return folder


def _write_clip_vocabulary(folder: Path) -> None:
    own = SimpleTokenizer()
    special = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    _write(folder / "vocab.json", {special.get(token, token): index for token, index in own.encoder.items()})
    merges = "\n".join(" ".join(pair) for pair in own.bpe_ranks)
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}\n", encoding="utf-8")
    start, end = special.values()
    names = {"bos_token": start, "eos_token": end, "pad_token": end, "unk_token": end}
    _write(folder / "special_tokens_map.json", names)
    settings = {"model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}
    _write(folder / "tokenizer_config.json", names | settings)


def write_siglip(folder: Path, seed: int = 0) -> Path:
    """As google/siglip-base-patch16-224: model.safetensors and a SentencePiece vocabulary."""
    from sentencepiece import SentencePieceTrainer

    _write_siglip_model(folder, seed)
    with (folder / "spiece.model").open("wb") as vocabulary:
        SentencePieceTrainer.train(
            sentence_iterator=iter([" ".join(WORDS), *(f"{word} {letter}" for word in WORDS for letter in LETTERS)]),
            model_writer=vocabulary,
            vocab_size=PIECES,
            hard_vocab_limit=False,
            character_coverage=1.0,
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            minloglevel=2,
        )
    names = {"eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"}
    _write(
        folder / "tokenizer_config.json",
        {
            **names,
            "do_lower_case": True,
            "model_input_names": ["input_ids"],
            "model_max_length": 64,
            "tokenizer_class": "SiglipTokenizer",
        },
    )
    return folder


def write_siglip2(folder: Path, seed: int = 0) -> Path:
    """As google/siglip2-base-patch16-224: a SigLIP with Gemma's kind of tokenizer, which keeps capitals apart."""
    _write_siglip_model(folder, seed)
    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", "▁", *LETTERS, *LETTERS.upper(), "-"]
    made = Tokenizer(models.BPE({token: index for index, token in enumerate(tokens)}, [], unk_token=tokens[3]))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    made.save(str(folder / "tokenizer.json"))
    names = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    _write(
        folder / "tokenizer_config.json",
        {
            **names,
            "add_bos_token": False,
            "add_eos_token": True,
            "model_input_names": ["input_ids"],
            "model_max_length": 64,
            "padding_side": "right",
            "tokenizer_class": "GemmaTokenizer",
        },
    )
    return folder


def _write_siglip_model(folder: Path, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    config = siglip()
    config.save_pretrained(folder)
    save_file(with_random_weights(SiglipModel(config), seed).state_dict(), folder / "model.safetensors")
    _write(
        folder / "preprocessor_config.json",
        {
            "do_normalize": True,
            "do_rescale": True,
            "do_resize": True,
            "image_mean": [0.5, 0.5, 0.5],
            "image_processor_type": "SiglipImageProcessor",
            "image_std": [0.5, 0.5, 0.5],
            "processor_class": "SiglipProcessor",
            "resample": 3,
            "rescale_factor": 1 / 255,
            "size": {"height": 64, "width": 64},
        },
    )


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
