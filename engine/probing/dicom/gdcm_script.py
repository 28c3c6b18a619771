"""A script that decodes one compressed frame with gdcm, from standard input to standard output.

It needs a process of its own because damaged frames make gdcm 3.2.6 write out of bounds or abort (2 to 6 of 400 frames
with a few bytes changed do so). The calls to gdcm follow pydicom/pixels/decoders/gdcm.py in pydicom.
"""

from __future__ import annotations

import json
import math
import os
import sys
from typing import Any

import gdcm

MEMORY = 1 << 30
"""Bytes allowed beside those for the pixels"""


def decode(frame: bytes, settings: dict[str, Any]) -> bytes:
    """The pixels row by row, `bits_allocated` bits for each value; nothing where gdcm cannot decode the frame."""
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((settings["columns"], settings["rows"], 1))
    image.SetDataElement(element)
    colours = gdcm.PhotometricInterpretation.GetPIType(settings["photometric_interpretation"])
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(colours))
    if settings["samples_per_pixel"] > 1:
        image.SetPlanarConfiguration(settings["planar_configuration"])
    syntax = gdcm.TransferSyntax.GetTSType(settings["transfer_syntax"])
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    bits = settings["bits_stored"]
    image.SetPixelFormat(
        gdcm.PixelFormat(
            settings["samples_per_pixel"], settings["bits_allocated"], bits, bits - 1, settings["pixel_representation"]
        )
    )
    pixels: str | None = image.GetBuffer()  # gdcm returns bytes as text
    return (pixels or "").encode("utf-8", "surrogateescape")


def _limit(pixels: int, seconds: float) -> None:
    """Bounds memory, and processor time: who waits for the pixels may have ended."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    limit = MEMORY + 8 * pixels
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds),) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Reads the settings, one line of JSON, and then the frame."""
    settings = json.loads(sys.stdin.buffer.readline())
    _limit(settings["length"], settings["seconds"])
    sys.stdout.buffer.write(decode(sys.stdin.buffer.read(), settings))
    sys.stdout.flush()
    os._exit(0)  # skips destroying gdcm's objects, which may abort


if __name__ == "__main__":
    main()
