"""A small residual network, one of the study's classifiers."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from engine.probing.findings import FINDINGS


class Residual(nn.Module):
    """Two convolutions beside a shortcut (He et al., arXiv 1512.03385)."""

    def __init__(self, before: int, units: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, units, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(units)
        self.conv2 = nn.Conv2d(units, units, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(units)
        self.shortcut = nn.Sequential(nn.Conv2d(before, units, 1, stride, bias=False), nn.BatchNorm2d(units))

    def forward(self, maps: Tensor) -> Tensor:
        within = functional.relu(self.bn1(self.conv1(maps)))
        return functional.relu(self.bn2(self.conv2(within)) + self.shortcut(maps))


class ResNet(nn.Module):
    """Five residual blocks for grey inputs [n, 1, 128, 128], with one logit for each of FINDINGS."""

    WIDTHS = (24, 48, 96, 128)

    def __init__(self) -> None:
        super().__init__()
        first = self.WIDTHS[0]
        self.stem = nn.Sequential(nn.Conv2d(1, first, 5, 2, padding=2, bias=False), nn.BatchNorm2d(first), nn.ReLU())
        blocks, before = [], first
        for units in self.WIDTHS:
            blocks.append(Residual(before, units, 2))
            before = units
        self.layer1, self.layer2, self.layer3, self.layer4 = blocks
        self.fc = nn.Linear(before, len(FINDINGS))

    def forward(self, inputs: Tensor) -> Tensor:
        maps = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(inputs)))))
        logits: Tensor = self.fc(maps.mean((2, 3)))
        return logits
