"""Tar files of small films, as WebDataset has them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

Files = Mapping[str, bytes]


@cache
def film(seed: int, side: int = 16) -> bytes:
    """The bytes of a PNG file of noise."""
    data = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8)).save(data, "PNG")
    return data.getvalue()


def tar(path: Path, files: Files) -> Path:
    """Writes a tar file of these files, in their order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path
