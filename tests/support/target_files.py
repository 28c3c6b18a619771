"""Checkpoints of target models at full size, in their published layouts, with made-up weights."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import Tensor, nn

NIH_FINDINGS = 14


def classifier(arch: str, outputs: int = NIH_FINDINGS, seed: int = 0) -> nn.Module:
    """torchvision's model in evaluation mode, its batch norms away from the identity, as after training."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module: nn.Module = torchvision.models.get_model(arch, weights=None, num_classes=outputs)
        settle(module)
    return module.eval()


def settle(module: nn.Module) -> None:
    """Makes up the statistics and scales of batch norms."""
    for child in module.modules():
        if isinstance(child, nn.BatchNorm2d) and child.running_mean is not None and child.running_var is not None:
            child.running_mean.normal_(0, 0.1)
            child.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(child.weight, 0.7, 1.3)
            nn.init.normal_(child.bias, 0, 0.1)


def write_mae_checkpoint(path: Path, arch: str = "densenet121", outputs: int = NIH_FINDINGS) -> nn.Module:
    """Writes one of the paper's target models, a CNN fine-tuned on ChestX-ray14, and returns it.

    The layout is that of `save_model` in util/misc.py of github.com/lambert-x/medical_mae.
    """
    module = classifier(arch, outputs)
    torch.save(
        {
            "model": module.state_dict(),
            "optimizer": _adamw_state(module),
            "epoch": 74,
            "scaler": {
                "scale": 65536.0,
                "growth_factor": 2.0,
                "backoff_factor": 0.5,
                "growth_interval": 2000,
                "_growth_tracker": 12,
            },
            "args": argparse.Namespace(
                model=arch, nb_classes=outputs, lr=0.001, min_lr=1e-05, output_dir=".", aa="rand-m6-mstd0.5-inc1",
                finetune=f"{arch}_CXR_0.3M_mocov2.pth", checkpoint_type=None, global_pool=True, distributed=True,
            ),
        },
        path,
    )  # fmt: skip
    return module


def _adamw_state(module: nn.Module) -> dict[str, Any]:
    """An optimizer's state after training; timm's add_weight_decay gives the first group no decay."""
    parameters = [value for _, value in module.named_parameters()]
    parameters.sort(key=lambda value: value.ndim > 1)
    undecayed = sum(value.ndim <= 1 for value in parameters)
    group = {"lr": 1e-5, "betas": (0.9, 0.999), "eps": 1e-08, "amsgrad": False}
    return {
        "state": {
            index: {"step": 65000, "exp_avg": torch.zeros_like(value), "exp_avg_sq": torch.zeros_like(value)}
            for index, value in enumerate(parameters)
        },
        "param_groups": [
            {**group, "weight_decay": 0.0, "params": list(range(undecayed))},
            {**group, "weight_decay": 0.05, "params": list(range(undecayed, len(parameters)))},
        ],
    }


def moco_weights(module: nn.Module, head: str) -> dict[str, Tensor]:
    """The state dict of MoCo v2's pre-training (main_moco.py in github.com/facebookresearch/moco) around a model whose
    final layer is named `head`: two encoders with a two-layer head each, and a queue of keys."""
    weights: dict[str, Tensor] = {}
    for encoder in ("encoder_q", "encoder_k"):
        for name, value in module.state_dict().items():
            if not name.startswith(head):
                weights[f"module.{encoder}.{name}"] = value.clone()
        for layer, (rows, columns) in {"0": (2048, 2048), "2": (128, 2048)}.items():
            weights[f"module.{encoder}.{head}.{layer}.weight"] = torch.zeros(rows, columns)
            weights[f"module.{encoder}.{head}.{layer}.bias"] = torch.zeros(rows)
    return weights | {"module.queue": torch.zeros(128, 65536), "module.queue_ptr": torch.zeros(1, dtype=torch.int64)}


def smp_encoder_weights(module: nn.Module) -> dict[str, Tensor]:
    """The state dict of models_mae_cnn.py in github.com/lambert-x/medical_mae: a torchvision encoder without classifier
    inside a U-Net of segmentation_models_pytorch."""
    encoder = {
        f"model.encoder.{name}": value for name, value in module.state_dict().items() if not name.startswith("classif")
    }
    decoder = {"model.decoder.blocks.0.conv1.0.weight": torch.zeros(256, 2048, 3, 3)}
    return encoder | decoder | {"model.segmentation_head.0.bias": torch.zeros(3)}


def old_densenet_weights(module: nn.Module) -> dict[str, Tensor]:
    """A DenseNet's state dict as torchvision published it in 2017: `norm.1` for `norm1`, and no count of batches."""
    names = {}
    for name in module.state_dict():
        if not name.endswith("num_batches_tracked"):
            layer, dot, rest = name.partition("denselayer")
            for kind in ("norm", "conv"):
                rest = rest.replace(f".{kind}1.", f".{kind}.1.").replace(f".{kind}2.", f".{kind}.2.")
            names[name] = layer + dot + rest
    return {old: module.state_dict()[name] for name, old in names.items()}


def save_before_torch_1_6(content: Mapping[str, Any] | nn.Module, path: Path) -> None:
    """Saves as torch did before version 1.6: not as a zip, and with the source code of modules."""
    torch.save(content, path, _use_new_zipfile_serialization=False)


def write_xrv_densenet(path: Path) -> nn.Module:
    """Writes a DenseNet as torchxrayvision publishes it, a whole module saved before torch 1.6, and returns it."""
    from torchxrayvision.models import DenseNet

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        module: nn.Module = DenseNet()
        settle(module)
    save_before_torch_1_6(module, path)
    return module.eval()


def write_xrv_resnet(path: Path) -> nn.Module:
    """Writes a ResNet as torchxrayvision publishes it, and returns it.

    It is the state dict of a torchvision ResNet50 for grey films and 18 findings.
    """
    module = classifier("resnet50", 18, seed=2)
    module.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
    torch.save(module.state_dict(), path)
    return module.eval()
