"""MedKLIP checkpoints as its training script saves them, and Bio_ClinicalBERT as published, with made-up weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
import torchvision
from torch import Tensor

from tests.support.medclip_files import WEIGHTS_NAME, bert_shapes, made_up, write_vocabulary

WIDTH = 768
DIMENSION = 256
LAYERS = 12
VOCABULARY = 28996


def write_medklip(path: Path, text_width: int = WIDTH) -> Path:
    """Writes a checkpoint as training saves it: the model in nn.DataParallel, optimizer, scheduler, settings."""
    model = {f"module.{name}": value for name, value in medklip_weights(text_width).items()}
    content = {
        "model": model,
        "optimizer": {"state": {0: {"step": 1, "exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 1e-4}]},
        "lr_scheduler": {"base_values": [1e-4], "t_initial": 100},
        "config": {"d_model": DIMENSION, "res_base_model": "resnet50", "H": 4, "N": 4, "no_cl": False},
        "epoch": 99,
    }
    torch.save(content, path)
    return path


def medklip_weights(text_width: int = WIDTH) -> dict[str, Tensor]:
    return {name: made_up(name, shape) for name, shape in _shapes(text_width)}


def _shapes(text_width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from _linear("disease_embedding_layer", text_width, DIMENSION)
    yield from _linear("cl_fc", DIMENSION, text_width)
    with torch.device("meta"):
        trunk = torch.nn.Sequential(*list(torchvision.models.resnet50().children())[:-3])
    for name, tensor in trunk.state_dict().items():
        yield f"res_features.{name}", tuple(tensor.shape)
    yield from _linear("res_l1", 1024, 1024)
    yield from _linear("res_l2", 1024, DIMENSION)
    for index in range(4):
        layer = f"decoder.layers.{index}."
        for attention in ("self_attn", "multihead_attn"):
            yield f"{layer}{attention}.in_proj_weight", (3 * DIMENSION, DIMENSION)
            yield f"{layer}{attention}.in_proj_bias", (3 * DIMENSION,)
            yield from _linear(f"{layer}{attention}.out_proj", DIMENSION, DIMENSION)
        yield from _linear(f"{layer}linear1", DIMENSION, 1024)
        yield from _linear(f"{layer}linear2", 1024, DIMENSION)
        for norm in ("norm1", "norm2", "norm3"):
            yield f"{layer}{norm}.weight", (DIMENSION,)
            yield f"{layer}{norm}.bias", (DIMENSION,)
    yield "decoder.norm.weight", (DIMENSION,)
    yield "decoder.norm.bias", (DIMENSION,)
    yield from _linear("classifier", DIMENSION, 2)


def _linear(name: str, inputs: int, outputs: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (outputs, inputs)
    yield f"{name}.bias", (outputs,)


def write_clinical_bert(folder: Path, width: int = WIDTH, layers: int = LAYERS, vocabulary: int = VOCABULARY) -> Path:
    """Writes a folder with the weights of BertForPreTraining, heads included, and a vocab.txt."""
    write_vocabulary(folder, vocabulary, ["lung", "opacity", "pneumonia"])
    tensors = {name: made_up(name, shape) for name, shape in bert_shapes("bert.", width, layers, vocabulary)}
    head = "cls.predictions."
    for name, shape in {
        f"{head}bias": (vocabulary,),
        f"{head}transform.dense.weight": (width, width),
        f"{head}transform.dense.bias": (width,),
        f"{head}transform.LayerNorm.weight": (width,),
        f"{head}transform.LayerNorm.bias": (width,),
        "cls.seq_relationship.weight": (2, width),
        "cls.seq_relationship.bias": (2,),
    }.items():
        tensors[name] = made_up(name, shape)
    tensors[f"{head}decoder.weight"] = tensors["bert.embeddings.word_embeddings.weight"]
    torch.save(tensors, folder / WEIGHTS_NAME)
    return folder
