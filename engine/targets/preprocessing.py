"""How a film becomes a target model's input: resize, centre crop, normalise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, BeforeValidator, Field, model_validator

if TYPE_CHECKING:
    from torch import Tensor


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


PerChannel = Annotated[tuple[float, ...], BeforeValidator(_as_tuple)]
"""One number for all channels, or one for each"""


MOST_CHANNELS = 16


class Preprocessing(BaseModel, extra="forbid", frozen=True):
    """The defaults are those published with the paper's target models."""

    size: int = Field(default=256, ge=1)
    """The film's shorter side after resizing, in pixels"""
    crop: int = Field(default=224, ge=1)
    """Side of the square cut from its centre"""
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    mean: PerChannel = (0.5056,)
    std: PerChannel = (0.252,)
    """`mean` and `std` are those of grey levels scaled to [0, 1]"""
    channels: int = Field(default=3, ge=1, le=MOST_CHANNELS)

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
        """Turns an 8-bit grey film [h, w] into float32 [channels, crop, crop]: its view, normalised."""
        from torch import from_numpy

        square = self.view(film).astype(np.float32) / 255
        mean, std = (np.array(values, np.float32).reshape(-1, 1, 1) for values in (self.mean, self.std))
        channels = np.broadcast_to((square - mean) / std, (self.channels, self.crop, self.crop))
        return from_numpy(np.array(channels, order="C"))

    @property
    def of_view(self) -> dict[str, Any]:
        """The keys that determine `view`, as JSON types."""
        return self.model_dump(mode="json", include={"size", "crop", "interpolation"})

    def view(self, film: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Resizes and crops an 8-bit grey film [h, w] to [crop, crop].

        Sizes and places are rounded as torchvision.transforms' Resize and CenterCrop round them.
        """
        picture = Image.fromarray(film)
        width, height = (int(self.size * side / min(picture.size)) for side in picture.size)
        resized = picture.resize((width, height), Image.Resampling[self.interpolation.upper()])
        left, top = (round((side - self.crop) / 2) for side in resized.size)
        return np.asarray(resized)[top : top + self.crop, left : left + self.crop]
