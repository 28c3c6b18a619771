"""MedCLIP's two encoders, and how their published checkpoint is read.

Wang et al., "MedCLIP: Contrastive Learning from Unpaired Medical Images and Text", EMNLP 2022. Architecture and keys
are those of RyanWangZf/MedCLIP, medclip/modeling_medclip.py, saved with transformers 4.24.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import torch
from torch import Tensor, nn
from torchvision.models import ResNet, resnet50
from transformers import BertModel, SwinConfig, SwinModel

from engine.errors import MammiError, first_line
from engine.vlms.models.bert import load_bert, shape_of
from engine.vlms.models.converted import load_converted, part
from engine.weights.checkpoint import read_weights
from engine.weights.fitting import load_strictly

KEY = "vlm.weights"
MEMBER = "pytorch_model.bin"
LARGEST = 2**31
"""Bytes that a zip's member may unpack to; the published ones have 0.55e9"""

IMAGE_SIDE = 224
SWIN_HEAD = 32
"""Width of one attention head, in every published Swin"""

_TRUNK = "vision_model.model."
_TEXT = "text_model.model."
_UNUSED = ("logit_scale",)
"""The temperature of the training loss"""
_BLOCK = re.compile(r"encoder\.layers\.(\d+)\.blocks\.(\d+)\.")
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError)


class MedCLIP(nn.Module):
    """Both encoders. Their embeddings are not yet of unit length.

    `trunk` takes images [n, 3, 224, 224]. `heads` holds the projections under their names in the checkpoint; ResNet's
    is the last layer of its trunk.
    """

    def __init__(self, trunk: nn.Module, bert: BertModel, heads: nn.ModuleDict) -> None:
        super().__init__()
        self.trunk = trunk
        self.bert = bert
        self.heads = heads

    def images(self, pixels: Tensor) -> Tensor:
        """Encodes grey inputs [n, 1, 224, 224] as [n, d]."""
        colour = pixels.expand(-1, 3, -1, -1)
        if not isinstance(self.trunk, SwinModel):
            return self.trunk(colour)  # type: ignore[no-any-return]
        pooled = self.trunk(pixel_values=colour).pooler_output
        return self.heads["vision_model"]["projection_head"](pooled)  # type: ignore[no-any-return, index]

    def texts(self, ids: Tensor) -> Tensor:
        """Encodes token ids [n, length] as [n, d], from the mean of hidden layers 1, 2 and last over every position."""
        hidden = self.bert(input_ids=ids, output_hidden_states=True).hidden_states
        layers = torch.stack([hidden[1], hidden[2], hidden[-1]], dim=1)  # [n, 3, length, width]
        pooled = layers.mean(dim=2).mean(dim=1)
        return self.heads["text_model"]["projection_head"](pooled)  # type: ignore[no-any-return, index]


def load_model(path: Path) -> tuple[MedCLIP, str]:
    """The model, of the size that the weights have, and the name of its image encoder, "ViT" or "ResNet".

    Raises ConfigError when there are no weights at `path`, and MammiError that lists the keys when they do not fit.
    """
    weights = read_checkpoint(path)
    trunk = part(weights, _TRUNK)
    sides: dict[str, int] = {}
    if any(_BLOCK.match(name) for name in trunk):
        vision, built = "ViT", _swin(trunk, path)
        sides["vision_model"] = built.config.hidden_size
    elif "conv1.weight" in trunk:
        vision, built = "ResNet", _resnet(weights, path)
    else:
        raise MammiError(f"{KEY}: {path} holds no MedCLIP: no {_TRUNK}encoder (ViT), no {_TRUNK}conv1 (ResNet).")
    bert = load_bert(part(weights, _TEXT), path, _TEXT)
    text_head = shape_of(weights, "text_model.projection_head.weight", 2, path)
    sides["text_model"] = bert.config.hidden_size
    heads = nn.ModuleDict(
        {
            side: nn.ModuleDict({"projection_head": nn.Linear(inputs, text_head[0], bias=False)})
            for side, inputs in sides.items()
        }
    )
    rest = {name: value for name, value in weights.items() if not name.startswith((_TRUNK, _TEXT))}
    load_strictly(heads, rest, path, _UNUSED)
    return MedCLIP(built, bert, heads).eval(), vision


def _swin(trunk: Mapping[str, Tensor], path: Path) -> SwinModel:
    """microsoft/swin-tiny-patch4-window7-224, or one of another width or depth."""
    embed = shape_of(trunk, "embeddings.patch_embeddings.projection.weight", 4, path, _TRUNK)[0]
    if embed % SWIN_HEAD:
        raise MammiError(f"{path} holds no Swin: its width {embed} is not a multiple of {SWIN_HEAD}.")
    blocks = {(int(match[1]), int(match[2])) for match in map(_BLOCK.match, trunk) if match}
    stages = range(len({stage for stage, _ in blocks}))
    config = SwinConfig(
        image_size=IMAGE_SIDE,
        patch_size=4,
        window_size=7,
        embed_dim=embed,
        depths=[sum(own == stage for own, _ in blocks) for stage in stages],
        num_heads=[embed * 2**stage // SWIN_HEAD for stage in stages],
    )
    return load_converted(SwinModel, config, trunk, path, _TRUNK, dropped=["*.relative_position_index"])


def _resnet(weights: Mapping[str, Tensor], path: Path) -> ResNet:
    """torchvision's ResNet50, its last layer the projection."""
    model: ResNet = resnet50()
    outputs = shape_of(weights, f"{_TRUNK}fc.weight", 2, path)[0]
    model.fc = nn.Linear(model.fc.in_features, outputs, bias=False)
    side = nn.ModuleDict({"vision_model": nn.ModuleDict({"model": model})})
    load_strictly(side, {name: value for name, value in weights.items() if name.startswith("vision_model.")}, path)
    return model


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The tensors of a file of weights, or of the published zip.

    Only the one member of a zip is read, into memory. Raises ConfigError when there is no file, MammiError when it is
    damaged.
    """
    if path.suffix != ".zip" or not path.is_file():
        return read_weights(path, KEY)
    try:
        with zipfile.ZipFile(path) as archive:
            content = archive.read(_member(archive, path))
    except _BROKEN_ZIP as error:
        raise MammiError(f"{KEY}: {path} is damaged, or not a zip ({first_line(error)}).") from error
    return read_weights(path / MEMBER, KEY, io.BytesIO(content))


def _member(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    found = [member for member in archive.infolist() if PurePosixPath(member.filename).name == MEMBER]
    if len(found) != 1:
        raise MammiError(f"{KEY}: {path} holds {len(found) or 'no'} {MEMBER}: one is needed.")
    if found[0].file_size > LARGEST:
        raise MammiError(f"{KEY}: {MEMBER} in {path} would unpack to {found[0].file_size:,} bytes: too many.")
    return found[0]
