"""For each kind of target model and VLM: files with made-up weights in a folder, and the table that names them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.support.clip_files import write_tiny_clip
from tests.support.medclip_files import TINY, write_medclip
from tests.support.medklip_files import write_clinical_bert, write_medklip
from tests.support.target_files import classifier, write_xrv_densenet
from tests.support.transformers_files import write_clip

Table = dict[str, Any]

IMAGES = tuple(f"{index:03}.png" for index in range(6))
TEXTS = ("A chest x-ray image of a", "A chest x-ray image of a heart", "A chest x-ray image of a mass")
"""What the precomputed VLM has vectors of"""


def _torchvision(folder: Path) -> Table:
    torch.save(classifier("squeezenet1_1", 3).state_dict(), folder / "squeezenet.pth")
    return {"name": "squeezenet1_1", "weights": "squeezenet.pth"}


def _timm(folder: Path) -> Table:
    import timm

    torch.save(timm.create_model("test_vit", num_classes=3).state_dict(), folder / "vit.pth")
    return {"name": "test_vit", "weights": "vit.pth", "preprocessing": {"size": 160, "crop": 160}}


def _torchxrayvision(folder: Path) -> Table:
    write_xrv_densenet(folder / "model.pt")
    return {"name": "densenet121-res224-nih", "weights": "model.pt"}


def _medclip(folder: Path) -> Table:
    write_medclip(folder / "medclip", size=TINY)
    return {"weights": "medclip", "tokenizer": "medclip/tokenizer"}


def _medklip(folder: Path) -> Table:
    write_medklip(folder / "checkpoint_final.pth", 64)
    write_clinical_bert(folder / "bert", 64, 2, 400)
    return {"weights": "checkpoint_final.pth", "text_encoder": "bert"}


def _open_clip(folder: Path) -> Table:
    write_tiny_clip(folder / "open_clip")
    return {"directory": "open_clip"}


def _precomputed(folder: Path) -> Table:
    for name, names in (("images", IMAGES), ("texts", TEXTS)):
        np.save(folder / f"{name}.npy", np.random.default_rng(len(name)).standard_normal((len(names), 4)))
        (folder / f"{name}.txt").write_text("\n".join(names))
    return {"images": "images.npy", "image_names": "images.txt", "texts": "texts.npy", "text_names": "texts.txt"}


def _transformers(folder: Path) -> Table:
    write_clip(folder / "clip")
    return {"directory": "clip"}


TARGETS: dict[str, Callable[[Path], Table]] = {
    "demo": lambda _: {},
    "torchvision": _torchvision,
    "timm": _timm,
    "torchxrayvision": _torchxrayvision,
    "factory": lambda _: {
        "factory": "tests.support.models:tiny_target",
        "preprocessing": {"size": 32, "crop": 32, "channels": 1},
    },
}
VLMS: dict[str, Callable[[Path], Table]] = {
    "demo": lambda _: {},
    "factory": lambda _: {"factory": "tests.support.models:tiny_vlm"},
    "medclip": _medclip,
    "medklip": _medklip,
    "open_clip": _open_clip,
    "precomputed": _precomputed,
    "transformers": _transformers,
}
