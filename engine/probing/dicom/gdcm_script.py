"""One compressed frame on standard input to its pixels on standard output, by gdcm; run as a script.

It has a process of its own: damaged frames make gdcm 3.2.6 write out of bounds or abort (of 400 frames with a few bytes
changed, 2 to 6 do). How gdcm is asked is known from pydicom, pydicom/pixels/decoders/gdcm.py.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import gdcm

MEMORY = 1 << 30
"""Bytes beside what the pixels take."""


def decode(frame: bytes, settings: dict[str, Any]) -> bytes:
    """Pixels row by row, in as many bytes as `bits_allocated` says, or nothing where gdcm cannot."""
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
    pixels: str | None = image.GetBuffer()  # bytes, which gdcm gives as text
    return (pixels or "").encode("utf-8", "surrogateescape")


def _limit_memory(pixels: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    limit = MEMORY + 8 * pixels
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Reads a line of JSON, the settings, and then the frame."""
    settings = json.loads(sys.stdin.buffer.readline())
    _limit_memory(settings["length"])
    sys.stdout.buffer.write(decode(sys.stdin.buffer.read(), settings))
    sys.stdout.flush()
    os._exit(0)  # without taking gdcm's objects apart, which may abort


if __name__ == "__main__":
    main()
