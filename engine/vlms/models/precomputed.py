"""Tables of embeddings behind the VLM protocol: looked up by an image's path and by a text."""

from __future__ import annotations

import tokenize
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.errors import ConfigError, MammiError, UnreadableImage, first_line
from engine.limits import limits, named
from engine.probing.base import Image
from engine.store.tables import read_embeddings
from engine.text_files import TextFiles, UnreadableText, short

_SHOWN = 3
_FALSE_HEADER = (
    ArithmeticError,
    EOFError,
    MemoryError,
    OSError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    tokenize.TokenError,
)
"""What NumPy raises for the header of an .npy file, which it reads as Python writes a dictionary"""


@dataclass(frozen=True, slots=True)
class _Table:
    """Vectors [n, d] and the row of each name."""

    path: Path
    vectors: NDArray[np.float32]
    rows: dict[str, int]

    @classmethod
    def read(cls, key: str, name_column: str, path: Path, names_path: Path | None) -> Self:
        """The table of one of the options, which `key` names in errors. Raises MammiError when it is not whole."""
        names_key = f"vlm.{name_column}_names" if name_column == "text" else "vlm.image_names"
        if not path.is_file():
            raise ConfigError(f"{key}: no file at {path}.")
        if path.suffix == ".npy":
            if names_path is None:
                raise ConfigError(
                    f"{names_key} is missing: an .npy file needs a text file with one {name_column} a line."
                )
            names, vectors = _lines(names_key, names_path), _matrix(key, path)
        elif path.suffix == ".parquet":
            if names_path is not None:
                raise ConfigError(f"{names_key}: a Parquet file has its own column {name_column}: leave this key out.")
            names, vectors = read_embeddings(path, name_column)
        else:
            raise ConfigError(f"{key}: {path} is neither an .npy nor a .parquet file.")
        return cls(path, vectors, _rows(key, path, names, vectors, names_path or path))


class PrecomputedVLM:
    """Both tables behind the VLM protocol."""

    by_name = True

    def __init__(self, images: _Table, texts: _Table, identity: str) -> None:
        self.name = f"precomputed ({images.path.name})"
        self.dimension = images.vectors.shape[1]
        self.identity = identity
        self._images = images
        self._texts = texts
        count = Counter(_file_name(path) for path in images.rows)
        self._by_file_name = {_file_name(path): path for path in images.rows if count[_file_name(path)] == 1}

    def preprocess(self, film: NDArray[np.uint8], image: Image) -> Tensor:  # noqa: ARG002
        """The image's vector as the table has it, float32 [d]. Raises UnreadableImage when there is none."""
        row = self._row(image.path)
        if row is None:
            raise UnreadableImage(f"has no precomputed embedding in {self._images.path.name}")
        return torch.from_numpy(self._images.vectors[row])

    def _row(self, path: str) -> int | None:
        """The row named by the path, or by the path with more or fewer folders."""
        if path in self._images.rows:
            return self._images.rows[path]
        named = self._by_file_name.get(_file_name(path), "")
        shorter, longer = sorted((path, named), key=len)
        return self._images.rows[named] if named and longer.endswith(f"/{shorter}") else None

    def encode_images(self, batch: Tensor) -> Tensor:
        return functional.normalize(batch.float(), dim=1)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Raises MammiError that names the texts without a vector."""
        missing = [text for text in texts if text not in self._texts.rows]
        if missing:
            more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
            shown = ", ".join(repr(text if len(text) <= 80 else f"{text[:79]}…") for text in missing[:_SHOWN])
            raise MammiError(
                f"vlm.texts: {self._texts.path} lacks {len(missing)} of {len(texts)} texts: {shown}{more}.",
                "It must hold run.template, and for each concept the template, a blank and the concept; with "
                'run.template = "", or with methods.clip_dissect.prompted = false, the concepts alone.',
            )
        vectors = self._texts.vectors[[self._texts.rows[text] for text in texts]]
        return functional.normalize(torch.from_numpy(vectors), dim=1).numpy()


def load_vlm(
    images_path: Path, image_names: Path | None, texts_path: Path, text_names: Path | None, identity: str
) -> PrecomputedVLM:
    """Both tables. Raises MammiError when one cannot be read or is not whole, or their vectors differ in length."""
    images = _Table.read("vlm.images", "path", images_path, image_names)
    texts = _Table.read("vlm.texts", "text", texts_path, text_names)
    if images.vectors.shape[1] != texts.vectors.shape[1]:
        raise ConfigError(
            f"vlm: {images.path} has vectors of {images.vectors.shape[1]} numbers, {texts.path} of "
            f"{texts.vectors.shape[1]}: they must be from the same model."
        )
    return PrecomputedVLM(images, texts, identity)


def _matrix(key: str, path: Path) -> NDArray[np.float32]:
    """The vectors of an .npy file. The file is mapped, so a header that lies about the size takes no memory."""
    try:
        with np.errstate(all="ignore"):
            content: Any = np.load(path, mmap_mode="r", allow_pickle=False)
    except _FALSE_HEADER as error:
        raise MammiError(f"{key}: {path} is not an .npy file of numbers, or damaged ({first_line(error)}).") from error
    if not isinstance(content, np.ndarray) or content.ndim != 2 or content.dtype.kind != "f" or 0 in content.shape:
        held = f"{content.dtype} {list(content.shape)}" if isinstance(content, np.ndarray) else "an archive"
        raise MammiError(f"{key}: {path} holds {held}, not floating-point vectors [n, d].")
    most = limits().arrays_mb
    if content.size * 4 > most << 20:
        raise MammiError(f"{key}: {path} holds more than {most:,} MB of vectors ({named('arrays_mb')}).")
    return np.array(content, dtype=np.float32, order="C")


def _lines(key: str, path: Path) -> list[str]:
    texts = TextFiles()
    try:
        text = texts.read(path)
    except UnreadableText as error:
        raise ConfigError(f"{key}: {error}") from None
    texts.warn(path)
    most = limits().rows
    if text.count("\n") > most:
        raise ConfigError(f"{key}: {path} has more than {most:,} lines ({named('rows')}).")
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def _rows(key: str, path: Path, names: Sequence[str], vectors: NDArray[np.float32], names_path: Path) -> dict[str, int]:
    """The row of each name. Raises MammiError unless each vector has a name of its own, and a direction."""
    if len(names) != len(vectors):
        raise MammiError(f"{key}: {names_path} has {len(names)} lines for the {len(vectors)} vectors of {path}.")
    rows = {name: row for row, name in enumerate(names)}
    if len(rows) < len(names):
        twice = next(name for name, count in Counter(names).items() if count > 1)
        raise MammiError(f"{key}: {names_path} names {short(twice)!r} more than once.")
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    bad = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if len(bad):
        raise MammiError(f"{key}: {path}: the vector of {short(names[bad[0]])!r} is zero, or not finite.")
    return rows


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]
