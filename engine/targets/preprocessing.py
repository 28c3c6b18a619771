"""How a film becomes a target model's input: resize, centre crop, normalise."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, BeforeValidator, Field, model_validator
from torch import Tensor
from torchvision.transforms import InterpolationMode, functional


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


PerChannel = Annotated[tuple[float, ...], BeforeValidator(_as_tuple)]
"""One number for all channels, or one for each."""


class Preprocessing(BaseModel, extra="forbid", frozen=True):
    """The defaults are those published with the paper's target models."""

    size: int = Field(default=256, ge=1)
    """The film's shorter side after resizing, in pixels."""
    crop: int = Field(default=224, ge=1)
    """Side of the square cut from its centre."""
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    mean: PerChannel = (0.5056,)
    std: PerChannel = (0.252,)
    """Of grey levels scaled to [0, 1]."""
    channels: int = Field(default=3, ge=1, le=16)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.crop > self.size:
            raise ValueError(f"crop = {self.crop} is larger than size = {self.size}")
        if any(len(values) not in (1, self.channels) for values in (self.mean, self.std)):
            raise ValueError(f"mean and std need one number, or {self.channels} (channels)")
        if min(self.std) <= 0:
            raise ValueError("std must be above 0")
        return self

    def __call__(self, film: NDArray[np.uint8]) -> Tensor:
        """An 8-bit grey film [h, w] to float32 [channels, crop, crop]."""
        resized = functional.resize(Image.fromarray(film), [self.size], InterpolationMode(self.interpolation))
        square = np.asarray(functional.center_crop(resized, [self.crop]), dtype=np.float32) / 255
        mean, std = (torch.tensor(values).reshape(-1, 1, 1) for values in (self.mean, self.std))
        return ((torch.from_numpy(square) - mean) / std).expand(self.channels, -1, -1).contiguous()
