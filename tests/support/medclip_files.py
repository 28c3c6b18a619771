"""MedCLIP checkpoints and tokenizers in the layout of the medclip package, at any size, with made-up weights.

The names are those of transformers 4.24, under which MedCLIP was saved. Weights are drawn from a tensor's name, by the
recipe of ../shared/goldens/medclip, so the same name and shape always hold the same numbers.
"""

from __future__ import annotations

import math
import string
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch import Tensor

WEIGHTS_NAME = "pytorch_model.bin"
MODEL = "vision_model.model."
TEXT = "text_model.model."


@dataclass(frozen=True, slots=True)
class Size:
    """The sizes that the published architecture leaves open. The first three are those of Swin, the vision model."""

    embed: int = 96
    heads: tuple[int, ...] = (3, 6, 12, 24)
    depths: tuple[int, ...] = (2, 2, 6, 2)
    hidden: int = 768
    layers: int = 12
    vocabulary: int = 28996
    dimension: int = 512


FULL = Size()
"""Swin-T (28 million parameters) and Bio_ClinicalBERT (108 million): 545 MB"""
GOLDEN = Size(depths=(1, 1, 2, 1), layers=3, vocabulary=668)
"""The model of ../shared/goldens/medclip"""
TINY = Size(embed=32, heads=(1, 2, 4, 8), depths=(1, 1, 2, 1), hidden=64, layers=3, vocabulary=668, dimension=32)
"""For tests that load it often: 7 MB"""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    folder: Path
    weights: Path
    """The pytorch_model.bin in it"""
    tokenizer: Path
    """The folder of its vocab.txt"""


def write_medclip(folder: Path, vision: str = "vit", size: Size = FULL, words: Sequence[str] = ()) -> Checkpoint:
    """Writes the folder that the published zip unpacks to, and beside it a tokenizer with `words` as whole tokens."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / WEIGHTS_NAME
    torch.save(medclip_weights(vision, size), weights)
    return Checkpoint(folder, weights, write_vocabulary(folder / "tokenizer", size.vocabulary, words))


def write_zip(path: Path, files: Sequence[Path], compression: int = zipfile.ZIP_STORED) -> Path:
    """Writes the files at the top level of a zip, where medclip-vit-pretrained.zip holds its one file."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for file in files:
            archive.write(file, file.name)
    return path


def medclip_weights(vision: str = "vit", size: Size = FULL) -> dict[str, Tensor]:
    """Every tensor of a checkpoint by name, in the published order. `vision` is "vit" or "resnet"."""
    image_side = _swin(size) if vision == "vit" else _resnet(size)
    tensors = {"logit_scale": torch.tensor(math.log(1 / 0.07))}
    for name, shape in image_side:
        tensors[name] = made_up(name, shape)
    tensors[f"{TEXT}embeddings.position_ids"] = torch.arange(512)[None]
    for name, shape in bert_shapes(TEXT, size.hidden, size.layers, size.vocabulary):
        tensors[name] = made_up(name, shape)
    name = "text_model.projection_head.weight"
    return tensors | {name: made_up(name, (size.dimension, size.hidden))}


def made_up(name: str, shape: tuple[int, ...]) -> Tensor:
    """A tensor's numbers from its name."""
    if name.endswith("relative_position_index"):
        return _relative_position_index()
    if name.endswith("num_batches_tracked"):
        return torch.tensor(1)
    draws = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode()))).standard_normal(shape, dtype=np.float32)
    if name.endswith("running_var"):
        return torch.from_numpy(1 + 0.1 * np.abs(draws))
    if len(shape) == 4 and "patch_embeddings" not in name:  # ResNet's: 53 in a row must neither fade nor overflow
        return torch.from_numpy(draws * np.float32(1 / math.sqrt(math.prod(shape[1:]))))
    scaled = 0.05 * draws if len(shape) > 1 else 0.1 * draws
    return torch.from_numpy(scaled + 1 if len(shape) < 2 and name.endswith("weight") else scaled)


def _relative_position_index(window: int = 7) -> Tensor:
    """Row of the bias table for each pair of a window's positions, [window², window²], as Swin defines it."""
    place = np.stack(np.meshgrid(np.arange(window), np.arange(window), indexing="ij")).reshape(2, -1)
    apart = place[:, :, None] - place[:, None, :] + window - 1
    return torch.from_numpy(apart[0] * (2 * window - 1) + apart[1])


def _swin(size: Size) -> Iterator[tuple[str, tuple[int, ...]]]:
    width = size.embed
    yield f"{MODEL}embeddings.patch_embeddings.projection.weight", (width, 3, 4, 4)
    yield f"{MODEL}embeddings.patch_embeddings.projection.bias", (width,)
    yield from _norm(f"{MODEL}embeddings.norm", width)
    for stage, (depth, heads) in enumerate(zip(size.depths, size.heads, strict=True)):
        layer = f"{MODEL}encoder.layers.{stage}."
        for block in range(depth):
            yield from _swin_block(f"{layer}blocks.{block}.", width, heads)
        if stage + 1 < len(size.depths):
            yield f"{layer}downsample.reduction.weight", (2 * width, 4 * width)
            yield from _norm(f"{layer}downsample.norm", 4 * width)
            width *= 2
    yield from _norm(f"{MODEL}layernorm", width)
    yield "vision_model.projection_head.weight", (size.dimension, width)


def _swin_block(block: str, width: int, heads: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from _norm(f"{block}layernorm_before", width)
    yield f"{block}attention.self.relative_position_bias_table", (169, heads)
    yield f"{block}attention.self.relative_position_index", (49, 49)
    for part in ("query", "key", "value"):
        yield from _linear(f"{block}attention.self.{part}", width, width)
    yield from _linear(f"{block}attention.output.dense", width, width)
    yield from _norm(f"{block}layernorm_after", width)
    yield from _linear(f"{block}intermediate.dense", width, 4 * width)
    yield from _linear(f"{block}output.dense", 4 * width, width)


def _resnet(size: Size) -> Iterator[tuple[str, tuple[int, ...]]]:
    """torchvision's ResNet50 with the projection in place of its last layer."""
    with torch.device("meta"):
        trunk = torchvision.models.resnet50().state_dict()
    for name, tensor in trunk.items():
        if not name.startswith("fc."):
            yield f"{MODEL}{name}", tuple(tensor.shape)
    yield f"{MODEL}fc.weight", (size.dimension, 2048)


def bert_shapes(prefix: str, hidden: int, layers: int, vocabulary: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """A BertModel's tensors, without position_ids."""
    embeddings = f"{prefix}embeddings."
    for name, rows in {"word": vocabulary, "position": 512, "token_type": 2}.items():
        yield f"{embeddings}{name}_embeddings.weight", (rows, hidden)
    yield from _norm(f"{embeddings}LayerNorm", hidden)
    for index in range(layers):
        layer = f"{prefix}encoder.layer.{index}."
        for part in ("query", "key", "value"):
            yield from _linear(f"{layer}attention.self.{part}", hidden, hidden)
        yield from _linear(f"{layer}attention.output.dense", hidden, hidden)
        yield from _norm(f"{layer}attention.output.LayerNorm", hidden)
        yield from _linear(f"{layer}intermediate.dense", hidden, 4 * hidden)
        yield from _linear(f"{layer}output.dense", 4 * hidden, hidden)
        yield from _norm(f"{layer}output.LayerNorm", hidden)
    yield from _linear(f"{prefix}pooler.dense", hidden, hidden)


def _linear(name: str, inputs: int, outputs: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (outputs, inputs)
    yield f"{name}.bias", (outputs,)


def _norm(name: str, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (width,)
    yield f"{name}.bias", (width,)


def write_vocabulary(folder: Path, tokens: int = FULL.vocabulary, words: Sequence[str] = ()) -> Path:
    """Writes a folder with a vocab.txt in BERT's layout: special tokens in place, characters, whole words, fillers."""
    vocabulary = ["[PAD]", *(f"[unused{index}]" for index in range(1, 100)), "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary += [*string.punctuation, *string.digits, *string.ascii_letters]
    vocabulary += [f"##{character}" for character in string.digits + string.ascii_letters]
    present = set(vocabulary)
    wanted = dict.fromkeys(["chest", "ray", "image", "of", *words])
    vocabulary += [word for word in wanted if word not in present][: tokens - len(vocabulary)]
    vocabulary += [f"[filler{index}]" for index in range(tokens - len(vocabulary))]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    return folder
