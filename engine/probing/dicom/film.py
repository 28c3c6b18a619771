"""Decodes a DICOM file to the 8-bit grey film that a radiology viewer shows.

Pixels are taken as square, as they are in radiographs: Pixel Aspect Ratio is ignored. Overlays are not drawn; text
burned into the pixels stays.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.uid import UID

from engine.errors import UnreadableImage
from engine.probing.dicom.codec import stored_values
from engine.probing.dicom.file import damage_as_unreadable, number, read_file, shown, text
from engine.probing.dicom.levels import grey
from engine.probing.dicom.lookup import colour

_NO_PIXELS = {
    "EncapsulatedDocument": "not a film but a document",
    "FloatPixelData": "its pixels are not whole numbers",
    "DoubleFloatPixelData": "its pixels are not whole numbers",
    "DirectoryRecordSequence": "not a film but a DICOMDIR",
}


def decode_dicom(data: bytes, max_pixels: int) -> NDArray[np.uint8]:
    """The film [h, w] of a DICOM file, in grey levels 0 to 255.

    The stored values are first converted to measured ones (Modality LUT, or rescale slope and intercept), then mapped
    by the first VOI LUT, else by the first window with its function. Where the file has neither, 8-bit values are taken
    as they are, and others are windowed from the least to the greatest value that is not padding. MONOCHROME1 films and
    those with the presentation INVERSE are inverted, so that bone is white. Colour becomes luminance.

    Raises UnreadableImage with the reason, and MammiError when a package that the film's compression needs is missing.
    """
    with damage_as_unreadable():
        dataset = read_file(io.BytesIO(data))
        _check(dataset, max_pixels)
        values = stored_values(dataset)
        if text(dataset, "PhotometricInterpretation") == "PALETTE COLOR":
            values = colour(dataset, values)
        return grey(values, dataset) if values.ndim == 2 else _luminance(values, dataset)


def _check(dataset: Dataset, max_pixels: int) -> None:
    """Raises UnreadableImage for a file that is not a film, before memory is allocated for its pixels."""
    for keyword, reason in _NO_PIXELS.items():
        if keyword in dataset:
            raise UnreadableImage(reason)
    if "PixelData" not in dataset:
        kind = shown(UID(text(dataset, "SOPClassUID")).name)
        raise UnreadableImage("damaged: has no pixels" if "Rows" in dataset or not kind else f"not a film but {kind}")
    if "TransferSyntaxUID" not in dataset.file_meta:
        raise UnreadableImage("damaged: its header has no transfer syntax")
    frames = _count(dataset, "NumberOfFrames")
    if frames > 1:
        raise UnreadableImage(f"multi-frame: {frames} frames; save the one to read in a file of its own")
    width, height = _count(dataset, "Columns"), _count(dataset, "Rows")
    if width < 1 or height < 1:
        raise UnreadableImage(f"damaged: {width} × {height} pixels")
    if width * height > max_pixels:
        raise UnreadableImage(f"too large: {width} × {height} pixels")
    samples, bits = _count(dataset, "SamplesPerPixel"), _count(dataset, "BitsAllocated")
    if samples not in (1, 3):
        raise UnreadableImage(f"{samples} values per pixel; a film has 1, or 3 in colour")
    if bits not in (1, 8, 16):
        raise UnreadableImage(f"{bits} bits per value; a film has 1, 8 or 16")


def _count(dataset: Dataset, keyword: str) -> int:
    """An element's whole number; 0 where there is none."""
    return int(number(dataset, keyword) or 0)


def _luminance(values: NDArray[np.integer], dataset: Dataset) -> NDArray[np.uint8]:
    """Turns red, green and blue [h, w, 3] into one grey [h, w] (ITU-R 601)."""
    spare = _count(dataset, "BitsStored") - 8
    eight = values if values.dtype == np.uint8 else np.clip(values >> max(spare, 0), 0, 255).astype(np.uint8)
    return np.asarray(Image.fromarray(np.ascontiguousarray(eight), "RGB").convert("L"))
