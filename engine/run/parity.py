"""What the VLM is given in place of a film when `run.parity = "published"`: the target model's view, saved as JPEG.

Source: ailab-kyunghee/MAMMI, example_selection.py. It saves the representative images as the target model sees them
(the shorter side at 256 pixels, the 224 in the centre; dataset/dataloader_med.py, "full_224") by torchvision's
save_image, and concept_matching.py reads them for the VLM by torchvision's ImageFolder. save_image writes JPEG as
Pillow does by default: quality 75, chroma at half the resolution. A grey film has no chroma, so that a grey JPEG of the
same quality has the same pixels.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.errors import ConfigError, MammiError
from engine.targets.base import TargetModel, Viewing

QUALITY = 75


def viewing(target: TargetModel) -> Viewing:
    """The preprocessing of a target model, which shows its view. Raises ConfigError when it cannot show one."""
    if not isinstance(target.preprocess, Viewing):
        raise ConfigError(
            f'run.parity = "published": the preprocessing of {target.name} has no method `view` that gives the film as '
            "the model sees it. Add one (docs/extending.md), or leave run.parity out."
        )
    return target.preprocess


def published_film(target: TargetModel, film: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The target model's view of a film [h, w], saved as JPEG and read again: 8-bit grey [h', w'].

    Raises ConfigError as `viewing` does, MammiError when the view is not 8-bit grey, and what the view raises.
    """
    view = viewing(target).view(film)
    if not isinstance(view, np.ndarray) or view.dtype != np.uint8 or view.ndim != 2:
        shown = f"{view.dtype} {list(view.shape)}" if isinstance(view, np.ndarray) else type(view).__name__
        raise MammiError(f"target: the view of {target.name} must be uint8 [h, w], not {shown}.")
    file = io.BytesIO()
    Image.fromarray(view).save(file, "JPEG", quality=QUALITY)
    return np.asarray(Image.open(file))
