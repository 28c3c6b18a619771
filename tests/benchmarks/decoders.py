"""Milliseconds of a core that decoders take for real films, as PNG and as JPEG, at equal pixels.

python -m tests.benchmarks.decoders [FOLDER of films; ../shared/data/xray by default]

Decoders that are not installed are left out: pip install opencv-python-headless pyspng pyvips-binary pyvips imagecodecs
simplejpeg. One whose pixels differ from Pillow's is named, and not timed. The last rows say what JPEG's own shortcuts
change: to decode a film stored in colour to its luminance at once, and to decode at half the size.
"""

from __future__ import annotations

import argparse
import importlib
import io
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torchvision.io import ImageReadMode, decode_jpeg, decode_png

from engine.probing.decoding import decode
from tests.shared import SHARED

Decoder = Callable[[bytes], NDArray[np.uint8]]
TURNS = 3


def pillow(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("L"))


def luminance(data: bytes, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """Pillow's draft mode: a JPEG decoder gives the luminance alone, at a size from `size` up."""
    with Image.open(io.BytesIO(data)) as image:
        image.draft("L", size)
        return np.asarray(image)


def torchvision(data: bytes) -> NDArray[np.uint8]:
    given = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    read = decode_png if data.startswith(b"\x89PNG") else decode_jpeg
    film: NDArray[np.uint8] = read(given, ImageReadMode.GRAY)[0].numpy()
    return film


def others() -> dict[str, Decoder]:
    """The decoders that are installed beside Pillow, ours and torchvision's."""
    made: dict[str, Callable[[Any], Decoder]] = {
        "cv2": lambda cv2: lambda data: cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE),
        "pyspng": lambda pyspng: pyspng.load,
        "pyvips": lambda vips: lambda data: vips.Image.new_from_buffer(data, "", access="sequential").numpy(),
        "imagecodecs": lambda codecs: (
            lambda data: codecs.png_decode(data) if data[:1] == b"\x89" else codecs.jpeg8_decode(data)
        ),
        "simplejpeg": lambda jpeg: lambda data: jpeg.decode_jpeg(data, "GRAY")[..., 0],
    }
    found: dict[str, Decoder] = {}
    for name, make in made.items():
        try:
            found[name] = make(importlib.import_module(name))
        except ImportError:
            continue
    return found


def table(title: str, films: Sequence[bytes], decoders: dict[str, Decoder]) -> None:
    print(f"{title}: {len(films)} films of {sum(map(len, films)) / len(films) / 1e3:.0f} kB")
    expected = [pillow(film) for film in films]
    times: dict[str, list[float]] = {}
    for name, read in decoders.items():
        try:
            apart = max(
                int(np.abs(read(film).astype(int) - right).max()) for film, right in zip(films, expected, strict=True)
            )
        except Exception as error:  # noqa: BLE001 - a decoder that does not take this kind of file may raise anything
            print(f"    {name:20} does not take them: {type(error).__name__}")
            continue
        if apart:
            print(f"    {name:20} other pixels, by up to {apart} levels")
        else:
            times[name] = []
    for _ in range(TURNS):
        for name, taken in times.items():
            started = time.process_time()
            for film in films:
                decoders[name](film)
            taken.append(1e3 * (time.process_time() - started) / len(films))
    for name, taken in times.items():
        ratio = statistics.median(a / b for a, b in zip(times["Pillow"], taken, strict=True))
        print(f"    {name:20} {statistics.median(taken):6.2f} ms of a core, {ratio:.2f} × as fast as Pillow")


def jpeg(film: NDArray[np.uint8], mode: str, tint: int = 0) -> bytes:
    picture = Image.fromarray(film).convert(mode)
    if tint:
        tinted = np.asarray(picture).astype(int) + np.array([0, -tint, tint])
        picture = Image.fromarray(tinted.clip(0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=SHARED / "data" / "xray")
    parser.add_argument("--films", type=int)
    torch.set_num_threads(1)
    given = parser.parse_args()
    files = [path.read_bytes() for path in sorted(given.folder.rglob("*.png"))]
    grey = [data for data in files if data[24:26] == b"\x08\x00"][: given.films]  # 8 bits, grey
    found = others()
    decoders: dict[str, Decoder] = {"Pillow": pillow, "mammi": decode, "torchvision": torchvision, **found}
    table("8-bit grey PNG", grey, decoders)
    films = [pillow(data) for data in grey]
    table("grey JPEG", [jpeg(film, "L") for film in films], decoders)
    drafts = {**decoders, "Pillow, luminance": luminance}
    table("grey films as colour JPEG", [jpeg(film, "RGB") for film in films], drafts)
    table("tinted films as JPEG", [jpeg(film, "RGB", tint=6) for film in films], drafts)
    halves = [np.asarray(Image.fromarray(luminance(jpeg(film, "L"), (512, 512))).resize((256, 256))) for film in films]
    wholes = [np.asarray(Image.fromarray(pillow(jpeg(film, "L"))).resize((256, 256))) for film in films]
    apart = max(int(np.abs(half.astype(int) - whole).max()) for half, whole in zip(halves, wholes, strict=True))
    print(f"JPEG decoded at half the size, then resized to 256 pixels: other pixels, by up to {apart} levels")


if __name__ == "__main__":
    main()
