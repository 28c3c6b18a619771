"""DICOM files as devices and archives write them, with any pixels and in any transfer syntax."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, dcmread, uid
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate, get_frame

BY_PILLOW = {
    uid.JPEGBaseline8Bit: ("JPEG", {"quality": 98}),
    uid.JPEGExtended12Bit: ("JPEG", {"quality": 98}),
    uid.JPEG2000Lossless: ("JPEG2000", {"irreversible": False, "no_jp2": True}),
    uid.JPEG2000: ("JPEG2000", {"irreversible": True, "quality_layers": [90], "quality_mode": "dB", "no_jp2": True}),
}
BY_GDCM = {
    uid.JPEGLossless: "JPEGLosslessProcess14",
    uid.JPEGLosslessSV1: "JPEGLosslessProcess14_1",
    uid.JPEGLSLossless: "JPEGLSLossless",
    uid.JPEGLSNearLossless: "JPEGLSNearLossless",
}


def radiograph(pixels: NDArray[np.generic], syntax: uid.UID = uid.ExplicitVRLittleEndian, **elements: Any) -> Dataset:
    """A digital X-ray of stored values [h, w], or [h, w, 3] in colour; an element that is None is left out."""
    bits = 8 * pixels.dtype.itemsize
    colour = pixels.ndim == 3
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = uid.DigitalXRayImageStorageForPresentation
    values: dict[str, Any] = {
        "SOPClassUID": uid.DigitalXRayImageStorageForPresentation,
        "SOPInstanceUID": uid.generate_uid(),
        "Modality": "DX",
        "PatientName": "Doe^Jane",
        "PatientID": "MRN-0042",
        "ViewPosition": "PA",
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "SamplesPerPixel": 3 if colour else 1,
        "PlanarConfiguration": 0 if colour else None,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "BitsAllocated": bits,
        "BitsStored": bits,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        "PixelData": pixels.astype(pixels.dtype.newbyteorder("<" if syntax.is_little_endian else ">")).tobytes(),
    } | elements
    values.setdefault("HighBit", (values["BitsStored"] or 1) - 1)
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, value)
    if "PixelData" in dataset:
        dataset["PixelData"].VR = "OW" if bits > 8 else "OB"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
    return dataset


def compressed(pixels: NDArray[np.generic], syntax: uid.UID, **elements: Any) -> Dataset:
    """The same in an encapsulated transfer syntax, written by a library that supports it."""
    dataset = radiograph(pixels, syntax, **elements)
    if syntax == uid.RLELossless:
        dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
        dataset.compress(uid.RLELossless, generate_instance_uid=False)
        return dataset
    dataset.PixelData = encapsulate([frame(pixels, syntax, dataset)])
    dataset["PixelData"].VR = "OB"
    return dataset


def frame(pixels: NDArray[np.generic], syntax: uid.UID, dataset: Dataset) -> bytes:
    if syntax in BY_PILLOW:
        buffer = io.BytesIO()
        kind, settings = BY_PILLOW[syntax]
        Image.fromarray(pixels).save(buffer, kind, **settings)
        return buffer.getvalue()
    return frame_by_gdcm(pixels, BY_GDCM[syntax], dataset)


def frame_by_gdcm(pixels: NDArray[np.generic], syntax: str, dataset: Dataset) -> bytes:
    """Runs in its own process, because gdcm sometimes aborts when its objects are destroyed."""
    plain = as_bytes(radiograph(pixels, **{each.keyword: each.value for each in dataset if each.tag.group == 0x28}))
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "plain.dcm"), Path(folder, "compressed.dcm")
        source.write_bytes(plain)
        subprocess.run([sys.executable, "-c", _COMPRESS, source, target, syntax], check=True)
        return get_frame(dcmread(target).PixelData, 0, number_of_frames=1)


_COMPRESS = """
import gdcm, os, sys
source, target, syntax = sys.argv[1:]
reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
reader.SetFileName(source)
assert reader.Read()
change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
change.SetInput(reader.GetImage())
assert change.Change()
writer.SetFile(reader.GetFile())
writer.SetFileName(target)
writer.SetImage(change.GetOutput())
assert writer.Write()
os._exit(0)
"""


def as_bytes(dataset: Dataset) -> bytes:
    """The bytes of a data set's file. Its elements are written as they are, right or wrong."""
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def write_radiograph(path: Path, seed: int = 0, side: int = 48, **elements: Any) -> Path:
    """A 12-bit film of smooth noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)).astype(np.uint16) * 16
    path.write_bytes(as_bytes(radiograph(smooth, **{"BitsStored": 12} | elements)))
    return path
