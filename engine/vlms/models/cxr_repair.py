"""How films were prepared for CXR-RePaiR's fine-tuned CLIP.

Source: rajpurkarlab/CXR-RePaiR, data_preprocessing/mimic_data_preprocess.py (`preprocess`) and run_test.py (`main`, run
with torchvision 0.9, which resizes a tensor without antialiasing).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

STORED_SIDE = 320
INPUT_SIDE = 224
MEAN = 101.48761
STD = 83.43944
"""Mean and standard deviation of grey levels 0 to 255 in MIMIC-CXR"""


def prepare(film: NDArray[np.uint8]) -> Tensor:
    """Turns an 8-bit grey film [h, w] into float32 [3, 224, 224]: put in a black square of 320 pixels, normalised, then
    resized."""
    picture = Image.fromarray(film)
    ratio = STORED_SIDE / max(picture.size)
    width, height = (max(1, int(side * ratio)) for side in picture.size)
    square = Image.new("L", (STORED_SIDE, STORED_SIDE))
    resized = picture.resize((width, height), Image.Resampling.LANCZOS)
    square.paste(resized, ((STORED_SIDE - width) // 2, (STORED_SIDE - height) // 2))
    normalised = (torch.from_numpy(np.asarray(square, dtype=np.float32)) - MEAN) / STD
    channel = functional.interpolate(normalised[None, None], size=(INPUT_SIDE, INPUT_SIDE), mode="bicubic")[0]
    return channel.expand(3, -1, -1).contiguous()
