"""A small vision transformer, one of the study's classifiers."""

from __future__ import annotations

from torch import nn
from torchvision.models.vision_transformer import ConvStemConfig, VisionTransformer

from engine.probing.findings import FINDINGS
from engine.weights.embedded.inputs import INPUT_SIDE


class ViT(VisionTransformer):
    """torchvision's vision transformer for grey inputs [n, 1, 128, 128], of 64 patches, after four convolutions
    (Xiao et al., arXiv 2106.14881), which it needs with so few films."""

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
