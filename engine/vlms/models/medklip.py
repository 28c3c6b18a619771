"""MedKLIP's image and text encoders behind the VLM protocol.

Wu et al., "MedKLIP: Medical Knowledge Enhanced Language-Image Pre-Training", ICCV 2023. Architecture, keys and
preprocessing are those of MediaBrain-SJTU/MedKLIP: PreTrain_MedKLIP/models/model_MedKLIP.py, train_MedKLIP.py and
dataset/dataset.py (mode "test").

MedKLIP has no embedding of a whole image: its decoder attends to the image's patches with texts as queries, and a
classifier reads the result. Patches and queries share a space of 256 dimensions, and the embeddings are taken there: an
image is the mean of its 14 × 14 projected patches (`image_encoder`), a text is its query (the first token of
Bio_ClinicalBERT's last layer, through `disease_embedding_layer`). This is our choice: the paper's Table 3 does not say
how it used MedKLIP, and its published code does not cover it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet50
from transformers import BertModel

from engine.errors import MammiError
from engine.probing.base import Image as ProbingImage
from engine.vlms.models.bert import encode_by_length, load_bert, load_tokenizer, read_folder, shape_of
from engine.weights.checkpoint import read_weights
from engine.weights.fitting import load_strictly

SIDE = 224
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""ImageNet's mean and standard deviation of grey levels scaled to [0, 1], for each of three equal channels"""
LONGEST = 128
"""The most tokens of a text in its training"""
PATCH_WIDTH = 1024
"""Channels of ResNet50's third stage, the last one used"""
UNUSED = ("decoder.*", "classifier.*", "cl_fc.*")
"""Parts that answer queries about one image: the decoder, its classifier, and the projection of the location loss"""


class Projections(nn.Module):
    """The parts of both encoders that the checkpoint holds, under its names."""

    def __init__(self, text_width: int, dimension: int) -> None:
        super().__init__()
        self.res_features = nn.Sequential(*list(resnet50().children())[:-3])
        self.res_l1 = nn.Linear(PATCH_WIDTH, PATCH_WIDTH)
        self.res_l2 = nn.Linear(PATCH_WIDTH, dimension)
        self.disease_embedding_layer = nn.Linear(text_width, dimension)

    def forward(self, pixels: Tensor) -> Tensor:
        """Encodes images [n, 3, 224, 224] as the mean of their patches, [n, dimension]."""
        patches = self.res_features(pixels).flatten(2).transpose(1, 2)  # [n, 196, 1024]
        return self.res_l2(functional.relu(self.res_l1(patches))).mean(dim=1)  # type: ignore[no-any-return]


class MedKLIPVLM:
    """MedKLIP's encoders behind the VLM protocol."""

    name = "MedKLIP"
    by_name = False

    def __init__(
        self, projections: Projections, bert: BertModel, tokenizer: Tokenizer, identity: str, device: torch.device
    ) -> None:
        self.dimension = projections.res_l2.out_features
        self.identity = identity
        nn.ModuleDict({"projections": projections, "bert": bert}).eval().to(device)
        self._projections = projections
        self._bert = bert
        self._tokenizer = tokenizer
        self._device = device

    def preprocess(self, film: NDArray[np.uint8], image: ProbingImage) -> Tensor:  # noqa: ARG002
        """float32 [3, 224, 224]: squeezed to a square, normalised."""
        small = np.array(Image.fromarray(film).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
        grey = torch.from_numpy(small).float().div(255).expand(3, -1, -1)
        mean, std = (torch.tensor(values).reshape(-1, 1, 1) for values in (MEAN, STD))
        return (grey - mean) / std

    @torch.inference_mode()
    def encode_images(self, batch: Tensor) -> Tensor:
        return functional.normalize(self._projections(batch).float(), dim=1)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return encode_by_length(texts, self._tokenizer, self.dimension, self._device, self._queries)

    def _queries(self, ids: Tensor) -> Tensor:
        first = self._bert(input_ids=ids).last_hidden_state[:, 0]
        return self._projections.disease_embedding_layer(first)  # type: ignore[no-any-return]


def load_vlm(path: Path, folder: Path, identity: str, device: torch.device) -> MedKLIPVLM:
    """The VLM from its checkpoint and the folder of Bio_ClinicalBERT.

    Raises MammiError when a file is missing or damaged, and one that lists the keys when the weights do not fit.
    """
    weights = read_weights(path, "vlm.weights")
    dimension, text_width = shape_of(weights, "disease_embedding_layer.weight", 2, path)
    projections = Projections(text_width, dimension)
    load_strictly(projections, weights, path, UNUSED)
    bert = load_bert(_bert_weights(folder), folder)
    if bert.config.hidden_size != text_width:
        raise MammiError(
            f"vlm.text_encoder: {folder} gives {bert.config.hidden_size} numbers a token; {path} was trained on "
            f"{text_width}: it needs Bio_ClinicalBERT."
        )
    tokenizer = load_tokenizer(folder, "vlm.text_encoder", bert.config.vocab_size, LONGEST)
    return MedKLIPVLM(projections, bert, tokenizer, identity, device)


def _bert_weights(folder: Path) -> dict[str, Tensor]:
    """Bio_ClinicalBERT's published weights without the heads of its pre-training."""
    weights = read_folder(folder, "vlm.text_encoder")
    return {name.removeprefix("bert."): value for name, value in weights.items() if not name.startswith("cls.")}
