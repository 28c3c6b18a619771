"""A small vision transformer, one of the study's classifiers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models.vision_transformer import ConvStemConfig, VisionTransformer

from engine.probing.findings import FINDINGS
from engine.weights.embedded.inputs import INPUT_SIDE


class ViT(VisionTransformer):
    """torchvision's vision transformer for grey inputs [n, 1, 128, 128], of 64 patches. With so few films it needs
    convolutions before it (Xiao et al., arXiv 2106.14881), and the mean of all tokens before its head."""

    STEM = (24, 48, 64, 96)

    def __init__(self) -> None:
        super().__init__(
            image_size=INPUT_SIDE,
            patch_size=16,
            num_layers=4,
            num_heads=4,
            hidden_dim=128,
            mlp_dim=256,
            num_classes=len(FINDINGS),
            conv_stem_configs=[ConvStemConfig(units, 3, 2) for units in self.STEM],
        )
        self.conv_proj[0][0] = nn.Conv2d(1, self.STEM[0], 3, 2, padding=1, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        patches = self._process_input(inputs)
        tokens = torch.cat([self.class_token.expand(len(patches), -1, -1), patches], dim=1)
        logits: Tensor = self.heads(self.encoder(tokens).mean(1))
        return logits
