"""Thumbnails of films as a run file holds them: small grey pictures in which a reader still recognises a film.

Pillow is imported when a film is needed, as the explorer's first frame has none.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from engine.errors import UnreadableImage

LONGEST_SIDE = 192
"""Pixels"""
_QUALITY, _EFFORT = 75, 2
"""WebP's settings. Real films come to 2.2 kB at 39 dB in 1 ms; JPEG takes 3.9 kB for 41 dB and 2.9 kB for 39 dB."""
_GAP = 2.0
"""Films are first halved by plain means, down to this multiple of the thumbnail. It saves half of the time, and 54 dB
to a thumbnail without it are far above WebP's 39 dB."""
_LARGEST_SIDE = 4096


def encode(film: NDArray[np.uint8], longest_side: int = LONGEST_SIDE) -> bytes:
    """An 8-bit grey film [h, w] as a WebP picture no longer than `longest_side`; smaller films keep their size."""
    from PIL import Image

    picture = Image.fromarray(film, mode="L")
    picture.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS, reducing_gap=_GAP)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=_QUALITY, method=_EFFORT)
    return buffer.getvalue()


def decode(thumbnail: bytes) -> NDArray[np.uint8]:
    """The grey pixels [h, w] of an encoded thumbnail. Raises UnreadableImage for anything else."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(thumbnail), formats=["WEBP"]) as picture:
            if max(picture.size) > _LARGEST_SIDE:
                raise UnreadableImage(f"the thumbnail claims {picture.width}×{picture.height} pixels")
            return np.asarray(picture.convert("L"))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise UnreadableImage(f"the thumbnail is damaged ({error})") from error
