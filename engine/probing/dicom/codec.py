"""The pixels of DICOM films, compressed or not, and the decoder of each transfer syntax.

| Transfer syntax | Decoder |
| --- | --- |
| uncompressed, deflated, RLE | pydicom |
| JPEG baseline, JPEG extended (8 bits) | Pillow |
| JPEG 2000 | Pillow, and gdcm for what Pillow refuses: colour of more than 8 bits, false numbers of tile-parts |
| JPEG lossless, JPEG-LS | gdcm |

Damaged frames crash gdcm, so it works in a process of its own, and Pillow decodes whatever it can. JPEG extended with
12 bits has no decoder, because gdcm decodes it to other values.
"""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, uid
from pydicom.pixels.decoders.base import (
    DecodeRunner,
    JPEG2000Decoder,
    JPEG2000LosslessDecoder,
    JPEGLosslessDecoder,
    JPEGLosslessSV1Decoder,
    JPEGLSLosslessDecoder,
    JPEGLSNearLosslessDecoder,
    get_decoder,
)

from engine.errors import MammiError, UnreadableImage
from engine.extras import missing
from engine.limits import limits, named
from engine.probing.dicom.file import number, shown

_SCRIPT = Path(__file__).with_name("gdcm_script.py")
_GDCM_ONLY = (JPEGLosslessDecoder, JPEGLosslessSV1Decoder, JPEGLSLosslessDecoder, JPEGLSNearLosslessDecoder)
_GDCM_TOO = (JPEG2000Decoder, JPEG2000LosslessDecoder)
_DECODERS = {
    uid.ImplicitVRLittleEndian: "",
    uid.ExplicitVRLittleEndian: "",
    uid.ExplicitVRBigEndian: "",
    uid.DeflatedExplicitVRLittleEndian: "",
    uid.RLELossless: "pydicom",
    uid.JPEGBaseline8Bit: "pillow",
    uid.JPEGExtended12Bit: "pillow",
    **dict.fromkeys((decoder.UID for decoder in _GDCM_TOO), "pillow"),
    **dict.fromkeys((decoder.UID for decoder in _GDCM_ONLY), "apart"),
}
_SLOWEST = 20
"""How many times longer gdcm may take by the clock than in processor time: machines have other work"""
_OUT_OF_TIME = (-signal.SIGXCPU, -signal.SIGKILL)
"""How a process ends that has used up its processor time"""
_AS_RGB = ("YBR_ICT", "YBR_RCT")
"""Colours that decoding JPEG 2000 turns into red, green and blue"""
DECODER_DEPENDENCIES = dict.fromkeys((decoder.UID for decoder in (*_GDCM_ONLY, *_GDCM_TOO)), ("gdcm",))
"""pydicom requires this name in a module with a decoder, and the next two functions"""


def is_available(syntax: str) -> bool:
    """True for every syntax with a decoder here: `stored_values` reports a missing package."""
    return syntax in DECODER_DEPENDENCIES


def decode_frame(frame: bytes, runner: DecodeRunner) -> bytes:
    """One frame's pixels, decoded by gdcm. Raises ValueError when it cannot be decoded."""
    precision = runner.get_option("jls_precision", None) or runner.get_option("j2k_precision", None)
    if precision is not None:  # JPEG-LS, JPEG 2000: gdcm returns as many bytes as the frame's own precision needs
        runner.set_option("bits_allocated", 8 if precision <= 8 else 16)
        runner.set_option("planar_configuration", 0)
    length = int(runner.frame_length())
    colours = str(runner.photometric_interpretation)
    if colours in _AS_RGB:
        runner.set_option("photometric_interpretation", "RGB")
    settings: dict[str, Any] = {
        "transfer_syntax": str(runner.transfer_syntax),
        "rows": runner.rows,
        "columns": runner.columns,
        "samples_per_pixel": runner.samples_per_pixel,
        "photometric_interpretation": colours,
        "planar_configuration": runner.planar_configuration if runner.samples_per_pixel > 1 else 0,
        "bits_allocated": runner.bits_allocated,
        "bits_stored": precision or runner.bits_stored,
        "pixel_representation": runner.pixel_representation,
        "length": length,
        "seconds": limits().film_seconds,
    }
    request = json.dumps(settings).encode() + b"\n" + frame
    try:
        answer = subprocess.run(  # noqa: S603 (this program, and a script of ours)
            [sys.executable, "-P", _SCRIPT],
            input=request,
            capture_output=True,
            timeout=_SLOWEST * limits().film_seconds,
            check=False,
            process_group=0,  # Ctrl-C is for this process: it says nothing about the film
        )
    except subprocess.TimeoutExpired:
        raise ValueError(_late()) from None
    if answer.returncode in _OUT_OF_TIME:
        raise ValueError(_late())
    if answer.returncode or len(answer.stdout) != length:
        raise ValueError("its compressed pixels")
    return answer.stdout


for _decoder in (*_GDCM_ONLY, *_GDCM_TOO):
    _decoder.add_plugin("apart", (__name__, "decode_frame"))


def stored_values(dataset: Dataset) -> NDArray[np.integer[Any]]:
    """The film's stored values: [h, w], or [h, w, 3] in red, green and blue.

    Raises UnreadableImage when its transfer syntax has no decoder, and MammiError when the decoder's package is
    missing, and whatever pydicom raises on damaged pixels.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax not in _DECODERS:
        raise UnreadableImage(_undecodable(shown(syntax.name)))
    if syntax == uid.JPEGExtended12Bit and number(dataset, "BitsStored") != 8:
        raise UnreadableImage(_undecodable("JPEG Extended with more than 8 bits"))
    plugin = _DECODERS[syntax]
    if plugin == "apart" and (fault := _gdcm_fault()):
        raise MammiError(f"A film in {syntax.name} {fault}.")
    values, properties = _decoded(dataset, plugin)
    if not syntax.is_encapsulated:
        values = _without_unused_bits(values, dataset)
    if values.ndim == 3 and properties["photometric_interpretation"] != "RGB":
        raise UnreadableImage(f"its colours are {shown(properties['photometric_interpretation'])}")
    return values


def _decoded(dataset: Dataset, plugin: str) -> tuple[NDArray[np.integer[Any]], Mapping[str, Any]]:
    """The first frame's pixels, and what the decoder says of them. Where Pillow refuses JPEG 2000, gdcm is asked."""
    syntax = dataset.file_meta.TransferSyntaxUID
    decode = partial(
        get_decoder(syntax).as_array,
        dataset,
        index=0,
        correct_unused_bits=syntax.is_encapsulated,  # type: ignore[arg-type]
    )
    try:
        return decode(decoding_plugin=plugin)
    except RuntimeError as refusal:  # pydicom's, whatever the decoder raised
        if plugin == "apart" or syntax not in DECODER_DEPENDENCIES:
            raise
        if fault := _gdcm_fault():
            raise UnreadableImage(f"Pillow cannot decode its {syntax.name}; gdcm may, but it {fault}") from None
        try:
            return decode(decoding_plugin="apart")
        except RuntimeError:
            raise refusal from None


@cache
def _gdcm_fault() -> str:
    """Why gdcm cannot be used, as the end of a sentence; empty if it can be."""
    if importlib.util.find_spec("gdcm") is None:
        return missing("gdcm")
    answer = subprocess.run([sys.executable, "-P", "-c", "import gdcm"], capture_output=True, check=False)
    lines = answer.stderr.decode(errors="replace").strip().splitlines()
    return f"needs gdcm, which cannot be loaded: {shown(lines[-1] if lines else '')}" if answer.returncode else ""


def _without_unused_bits(values: NDArray[np.integer[Any]], dataset: Dataset) -> NDArray[np.integer[Any]]:
    """The values in their stored bits only: the other bits may hold anything (PS3.5, section 8.1.1)."""
    allocated, stored = int(dataset.BitsAllocated), int(dataset.BitsStored)
    high = number(dataset, "HighBit")
    if high is None or not stored <= high + 1 <= allocated:  # the only value that the standard allows
        high = stored - 1
    if allocated == 1 or stored == allocated:
        return values
    return values << int(allocated - 1 - high) >> (allocated - stored)


def _late() -> str:
    return f"its compressed pixels: not decoded within {named('film_seconds')}"


def _undecodable(syntax: str) -> str:
    return f"compressed as {syntax}, which is not supported: decompress it, for example with gdcmconv --raw"
