"""What a file is that holds no weights to be read, by its first bytes and its name, and what to do about it."""

from __future__ import annotations

import re

START = 512
"""The bytes that `what_it_is` looks at"""

_UNPACK = "unpack it, and name the file of weights inside"
_KERAS = "HDF5, as Keras saves models: convert its weights to PyTorch"
_TENSORFLOW = "a checkpoint of TensorFlow: convert its weights to PyTorch"
_MAGIC = {
    b"\x89HDF\r\n\x1a\n": _KERAS,
    b"\x93NUMPY": "an array of NumPy: save a model's arrays as tensors with torch.save",
    b"\x1f\x8b": f"compressed by gzip: {_UNPACK}",
    b"BZh": f"compressed by bzip2: {_UNPACK}",
    b"\xfd7zXZ\0": f"compressed by xz: {_UNPACK}",
    b"7z\xbc\xaf\x27\x1c": f"a 7z archive: {_UNPACK}",
    b"Rar!": f"a RAR archive: {_UNPACK}",
    b"\x28\xb5\x2f\xfd": f"compressed by zstd: {_UNPACK}",
    b"MATLAB 5.0": "a file of MATLAB: save its arrays as tensors with torch.save",
    b"GGUF": "a model in the format of llama.cpp (GGUF): give the weights of PyTorch",
    b"version https://git-lfs": "a pointer of Git LFS, without the file itself: run `git lfs pull`",
}
_TAR, _TFLITE = b"ustar", b"TFL3"
_ONNX = re.compile(rb"\x08[\x01-\x14]\x12.{0,60}(pytorch|onnx|tf2onnx|keras2onnx)", re.DOTALL | re.IGNORECASE)
_NAMES = (
    (re.compile(r"\.data-\d{5}-of-\d{5}$|\.ckpt\.(index|meta)$|(^|/)checkpoint$"), _TENSORFLOW),
    (re.compile(r"\.pb$"), "a graph of TensorFlow: convert its weights to PyTorch"),
    (re.compile(r"\.onnx$"), "an ONNX model, whose layers cannot be tapped: give the weights of the PyTorch model"),
    (re.compile(r"\.(h5|hdf5|keras)$"), _KERAS),
)


def what_it_is(name: str, start: bytes) -> str:
    """What a file is, as words that follow "it is"; "" if that is not known. `start` are its first START bytes."""
    text = start.lstrip().lower()
    if not start:
        return "empty"
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page that was saved in its place: download the file again"
    if text.startswith(b"<?xml"):
        return "XML, such as a server's message that was saved in its place: download the file again"
    for magic, what in _MAGIC.items():
        if start.startswith(magic):
            return what
    if start[257:262] == _TAR:
        return f"a tar archive: {_UNPACK}"
    if start[4:8] == _TFLITE:
        return "a model of TensorFlow Lite, whose layers cannot be tapped: give the weights of the PyTorch model"
    if _ONNX.match(start):
        return _NAMES[2][1]
    if (text.startswith(b"{") and b"weight_map" in text) or name.endswith(".index.json"):
        return "the index of weights in several files: load the model in Python, and save its state dict as one file"
    if text.startswith((b"{", b"[")):
        return "JSON, which holds no weights"
    return next((what for pattern, what in _NAMES if pattern.search(name)), "")
