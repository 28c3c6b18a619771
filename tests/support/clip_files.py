"""Writes checkpoints of CLIP models with random weights in the layouts that their authors publish."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import open_clip
import torch
import transformers
from torch import Tensor, nn

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = ("a", "chest", "x", "-", "ray", "image", "of", "pneumonia", "effusion", "heart", "nodule", "mass", "lung")
PUBMEDBERT = "microsoft/BiomedNLP-PubMedBERT-base-uncased-abstract"

BIOMEDCLIP: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": 512,
        "vision_cfg": {
            "timm_model_name": "vit_base_patch16_224",
            "timm_model_pretrained": False,
            "timm_pool": "",
            "timm_proj": "linear",
            "image_size": 224,
        },
        "text_cfg": {
            "hf_model_name": PUBMEDBERT,
            "hf_tokenizer_name": PUBMEDBERT,
            "hf_proj_type": "mlp",
            "hf_pooler_type": "cls_last_hidden_state_pooler",
            "context_length": 256,
        },
    },
    "preprocess_cfg": {
        "mean": [0.48145466, 0.4578275, 0.40821073],
        "std": [0.26862954, 0.26130258, 0.27577711],
    },
}
"""open_clip_config.json of microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224"""

TINY: dict[str, Any] = json.loads(json.dumps(BIOMEDCLIP))
"""The same with a small image tower and an unpublished text tower"""
TINY["model_cfg"]["embed_dim"] = 32
TINY["model_cfg"]["vision_cfg"]["timm_model_name"] = "vit_tiny_patch16_224"
TINY["model_cfg"]["text_cfg"] |= {"hf_model_name": "tiny/bert", "hf_tokenizer_name": "tiny/bert", "context_length": 24}
TINY_CLIP: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": 24,
        "quick_gelu": True,
        "vision_cfg": {"image_size": 224, "layers": 2, "width": 64, "head_width": 16, "patch_size": 32},
        "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
    },
    "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.25] * 3, "interpolation": "bilinear", "resize_mode": "longest"},
}
TINY_TOWER = transformers.BertConfig(
    vocab_size=200, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96
)


def write_biomedclip(folder: Path, seed: int = 0) -> Path:
    """Writes BiomedCLIP at full size (about 780 MB), as in its repository on Hugging Face. Returns the folder."""
    return write_open_clip(folder, BIOMEDCLIP, transformers.BertConfig(), seed)


def write_tiny_biomedclip(folder: Path, seed: int = 0) -> Path:
    """Writes the same layout at 22 MB, with the text tower's config.json beside it."""
    write_open_clip(folder, TINY, TINY_TOWER, seed)
    TINY_TOWER.save_pretrained(folder)
    return folder


def write_tiny_clip(folder: Path, seed: int = 0) -> Path:
    """Writes an open_clip folder with CLIP's own text tower, at 7 MB."""
    return write_open_clip(folder, TINY_CLIP, None, seed)


def write_open_clip(folder: Path, config: Mapping[str, Any], tower: transformers.BertConfig | None, seed: int) -> Path:
    """An open_clip folder: open_clip_config.json, open_clip_pytorch_model.bin and, for `tower`, a BERT tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=4))
    weights = _open_clip(config["model_cfg"], tower, seed).state_dict()
    if tower:
        # The published file dates from when transformers kept these in a state dict.
        weights["text.transformer.embeddings.position_ids"] = torch.arange(tower.max_position_embeddings)[None]
        write_bert_tokenizer(folder, tower.vocab_size)
    torch.save(weights, folder / "open_clip_pytorch_model.bin")
    return folder


def _open_clip(config: Mapping[str, Any], tower: transformers.BertConfig | None, seed: int) -> nn.Module:
    """The model that open_clip makes from a model_cfg, with random weights and the text tower of `tower`."""
    if tower is None:
        return with_random_weights(open_clip.CLIP(**json.loads(json.dumps(config))), seed)
    with TemporaryDirectory() as named:
        tower.save_pretrained(named)
        text = {**config["text_cfg"], "hf_model_name": named, "hf_model_pretrained": False}
        return with_random_weights(open_clip.CustomTextCLIP(**{**config, "text_cfg": text}), seed)


def with_random_weights(module: nn.Module, seed: int) -> nn.Module:
    """Gives a model weights so large that texts and films differ as much as in a trained model."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=1.5 * parameter[0].numel() ** -0.5, generator=generator)
            elif parameter.ndim == 1 and name.endswith("bias"):
                parameter.normal_(std=0.1, generator=generator)
    return module.eval()


def write_bert_tokenizer(folder: Path, size: int, words: Sequence[str] = WORDS) -> Path:
    """vocab.txt, tokenizer_config.json and special_tokens_map.json of a lower-casing BERT tokenizer."""
    letters = [chr(code) for code in range(ord("!"), ord("~") + 1) if not chr(code).isupper()]
    tokens = list(dict.fromkeys([*SPECIAL, *words, *letters, *(f"##{letter}" for letter in letters)]))
    tokens += [f"[unused{index}]" for index in range(size - len(tokens))]
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n")
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    special = dict(zip(names, SPECIAL, strict=True))
    (folder / "special_tokens_map.json").write_text(json.dumps(special))
    settings = {"do_lower_case": True, "model_max_length": 10**30, "tokenizer_class": "BertTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(special | settings))
    return folder


def openai_state_dict(architecture: str = "ViT-B-32-quickgelu", seed: int = 0) -> dict[str, Tensor]:
    """Random weights of an OpenAI CLIP under the keys of the `clip` package, which are those of open_clip."""
    return dict(_open_clip(open_clip.get_model_config(architecture), None, seed).state_dict())


def write_cxr_repair(path: Path, seed: int = 0) -> Path:
    """CXR-RePaiR's fine-tuned CLIP at full size (605 MB): the state dict of `clip.load("ViT-B/32")`, and nothing else.

    Published as clip-imp-pretrained_128_6_after_4.pt (rajpurkarlab/CXR-RePaiR).
    """
    torch.save(openai_state_dict(seed=seed), path)
    return path
