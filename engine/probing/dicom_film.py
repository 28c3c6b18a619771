"""A DICOM file to the 8-bit grey film that a radiology viewer shows.

Pixels are taken as square, as they are in radiographs (Pixel Aspect Ratio is not looked at). Overlays are not drawn,
and writing that is burned into the pixels stays.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.uid import UID

from engine.errors import UnreadableImage
from engine.probing.dicom_codec import stored_values
from engine.probing.dicom_file import damage_told, number, read_file, shown, text
from engine.probing.dicom_levels import colour, grey

_NO_PIXELS = {
    "EncapsulatedDocument": "holds a document, not a film",
    "FloatPixelData": "its pixels are no whole numbers",
    "DoubleFloatPixelData": "its pixels are no whole numbers",
    "DirectoryRecordSequence": "is a DICOMDIR, not a film",
}


def decode_dicom(data: bytes, max_pixels: int) -> NDArray[np.uint8]:
    """The film [h, w] of a DICOM file, in grey levels 0 to 255.

    Stored values become what was measured (Modality LUT, or rescale slope and intercept), then what the file says is
    of interest (the first VOI LUT, else the first window with its function). Without either, 8-bit values are taken as
    they are, and others windowed from the least to the greatest that is no padding. MONOCHROME1, and a presentation
    of INVERSE, are turned so that bone is white. Colour becomes luminance.

    Raises UnreadableImage with the reason, and MammiError where a package is missing that its compression needs.
    """
    with damage_told():
        dataset = read_file(io.BytesIO(data))
        _check(dataset, max_pixels)
        values = stored_values(dataset)
        if text(dataset, "PhotometricInterpretation") == "PALETTE COLOR":
            values = colour(dataset, values)
        return grey(values, dataset) if values.ndim == 2 else _luminance(values, dataset)


def _check(dataset: Dataset, max_pixels: int) -> None:
    """Raises UnreadableImage for what is no film, before anything is allocated for its pixels."""
    for keyword, reason in _NO_PIXELS.items():
        if keyword in dataset:
            raise UnreadableImage(reason)
    if "PixelData" not in dataset:
        raise UnreadableImage(f"has no pixels: {_kind(dataset)}")
    if "TransferSyntaxUID" not in dataset.file_meta:
        raise UnreadableImage("damaged: its header names no transfer syntax")
    frames = number(dataset, "NumberOfFrames") or 1
    if frames > 1:
        raise UnreadableImage(f"multi-frame: {frames:.0f} frames; write the one to be read to a file of its own")
    width, height = number(dataset, "Columns") or 0, number(dataset, "Rows") or 0
    if width < 1 or height < 1:
        raise UnreadableImage(f"damaged: {width:.0f} × {height:.0f} pixels")
    if width * height > max_pixels:
        raise UnreadableImage(f"too large: {width:.0f} × {height:.0f} pixels")
    samples, bits = number(dataset, "SamplesPerPixel"), number(dataset, "BitsAllocated")
    if samples not in (1, 3):
        raise UnreadableImage(f"has {shown(samples)} values a pixel; a film has 1, or 3 in colour")
    if bits not in (1, 8, 16):
        raise UnreadableImage(f"has {shown(bits)} bits a value; a film has 1, 8 or 16")


def _kind(dataset: Dataset) -> str:
    """What sort of DICOM object it says it is."""
    return shown(UID(text(dataset, "SOPClassUID")).name) or "an object of no class"


def _luminance(values: NDArray[np.integer], dataset: Dataset) -> NDArray[np.uint8]:
    """Red, green and blue [h, w, 3] in one grey (ITU-R 601)."""
    spare = int(number(dataset, "BitsStored") or 8) - 8
    eight = values if values.dtype == np.uint8 else np.clip(values >> max(spare, 0), 0, 255).astype(np.uint8)
    return np.asarray(Image.fromarray(np.ascontiguousarray(eight), "RGB").convert("L"))
