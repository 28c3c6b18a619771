"""A second VLM's view of a run's images and words: another run file over the same images, or an .npz of embeddings.

The .npz holds four arrays, and may hold a fifth: `images` [p, d] and `paths` [p], the path of each image as the run has
it; `texts` [m, d] and `concepts` [m], each concept once; `template` [d], which is subtracted from every text as Eq. 2
has it. Vectors are floating-point numbers of any length but 0, names are text (NumPy's type U).
"""

from __future__ import annotations

import sys
import tokenize
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rows import Rows
from engine.comparing.films import shared_films
from engine.errors import ConfigError, MammiError, first_line
from engine.evaluation.truth import FEWEST
from engine.limits import limits, named
from engine.names import compared
from engine.run.cache import VLM_STAGE
from engine.store.reader import RunReader

_KINDS = {"images": ("f", 2), "paths": ("U", 1), "texts": ("f", 2), "concepts": ("U", 1), "template": ("f", 1)}
"""Each array's kind of numbers, as NumPy names it, and its dimensions"""
_KINDS_TOLD = {("f", 2): "vectors [n, d]", ("U", 1): "text [n]", ("f", 1): "a vector [d]"}
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    SyntaxError,
    tokenize.TokenError,
    TypeError,
    OverflowError,
    MemoryError,
    RuntimeError,
    NotImplementedError,
)
"""What zipfile and NumPy raise for a file that is damaged, or lies about itself"""

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Second:
    """Embeddings of some of a run's images, and of words, by one VLM."""

    name: str
    circular: bool
    """Whether the VLM is the one that chose MAMMI's words"""
    known: NDArray[np.int64]
    """The usable images that have an embedding, ascending, [n]"""
    images: Rows
    """Unit vectors [n, d]"""
    texts: Mapping[str, Vectors]
    """Concept, as `compared` -> its unit vector less the template's, [d]"""

    def mean_text(self, words: Sequence[str]) -> Vectors:
        """The mean of the texts of words, [d]: an image's product with it is its mean score of the words."""
        mean: NDArray[np.float64] = np.mean([self.texts[word] for word in words], axis=0, dtype=np.float64)
        return mean.astype(np.float32)


def own(reader: RunReader) -> Second:
    """The run's own VLM, where there is no second one."""
    images = np.arange(reader.image_count)
    return Second(reader.info.vlm, True, images, reader.arrays.image_embeddings(), _texts(reader))


def read_second(path: Path, reader: RunReader) -> Second:
    """The second VLM in a run file or an .npz.

    Raises ConfigError for another kind of file, and MammiError when it is damaged or has too few of the run's images.
    """
    if path.suffix == ".toml":
        raise ConfigError(
            f"--second {path}: compute that run first (`mammi run {quote(str(path))}`), and name its run file."
        )
    if not path.is_file():
        raise ConfigError(f"--second {path}: no such file.")
    if path.suffix == ".npz":
        return _from_npz(path, reader)
    if path.suffix == ".duckdb":
        with RunReader(path) as other:
            return _from_run(path, other, reader)
    raise ConfigError(f"--second {path}: is neither a run file (.duckdb) nor embeddings (.npz).")


def _from_run(path: Path, other: RunReader, reader: RunReader) -> Second:
    """Images are the same where their content is: other phantoms have the same names."""
    rows = shared_films(reader, other).across(0)
    known = _known(path, rows)
    embeddings = other.arrays.image_embeddings()[rows[known]]
    circular = _vlm(other) == _vlm(reader)
    return Second(other.info.vlm, circular, known, embeddings, _texts(other))


def _vlm(reader: RunReader) -> tuple[str, str | None]:
    return reader.info.vlm, reader.stages().get(VLM_STAGE)


def _texts(reader: RunReader) -> dict[str, Vectors]:
    texts, template = reader.arrays.text_embeddings()
    return {compared(name): text for name, text in zip(reader.concepts, texts - template, strict=True)}


def _known(path: Path, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The images with a row of embeddings; -1 is none. Raises ConfigError when they are too few."""
    known = np.flatnonzero(rows >= 0)
    if len(known) < FEWEST:
        raise ConfigError(
            f"--second {path}: has {len(known)} of the run's {len(rows)} images; {FEWEST} are the least. It must be "
            "of the same images."
        )
    return known


def _from_npz(path: Path, reader: RunReader) -> Second:
    arrays = _arrays(path)
    places = {str(name): place for place, name in enumerate(arrays["paths"])}
    rows = np.array([places.get(name or "", -1) for name in reader.paths()])
    known = _known(path, rows)
    images = _unit(path, "images", arrays["images"][rows[known]])
    texts = _unit(path, "texts", arrays["texts"])
    if "template" in arrays:
        texts = texts - _unit(path, "template", arrays["template"][None])
    words = {compared(str(name)): text for name, text in zip(arrays["concepts"], texts, strict=True)}
    return Second(path.name, False, known, images, words)


def _unit(path: Path, key: str, vectors: NDArray[Any]) -> Vectors:
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    if bad := np.flatnonzero(~np.isfinite(lengths) | (lengths == 0)).tolist():
        raise MammiError(f"--second {path}: {key}: vector {bad[0]} is zero, or not finite.")
    units: Vectors = (vectors / lengths[:, None]).astype(np.float32)
    return units


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays, whose shapes fit together. Raises MammiError, which names the array at fault."""
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename.removesuffix(".npy"): info.file_size for info in archive.infolist()}
            most = limits().arrays_mb
            if too_large := [key for key in _KINDS if sizes.get(key, 0) > most << 20]:
                raise MammiError(f"--second {path}: {too_large[0]} takes more than {most:,} MB ({named('arrays_mb')}).")
            found = {key: _array(archive, key, sizes[key]) for key in _KINDS if key in sizes}
    except _DAMAGED as error:
        raise MammiError(
            f"--second {path}: is no .npz of numbers and text, or damaged ({first_line(error)})."
        ) from error
    if missing := [key for key in _KINDS if key not in found and key != "template"]:
        raise MammiError(f"--second {path}: lacks the array {missing[0]}; it has images, paths, texts and concepts.")
    return _fitting(path, found)


def _array(archive: zipfile.ZipFile, key: str, size: int) -> NDArray[Any]:
    """One array. Its header is compared with its size before any memory is taken. Raises ValueError."""
    with archive.open(f"{key}.npy") as member:
        version = np.lib.format.read_magic(member)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, kind = read(member)
        if kind.hasobject or kind.itemsize * int(np.prod(shape, dtype=object)) != size - member.tell():
            raise ValueError(f"{key} is not what its header says")
    with archive.open(f"{key}.npy") as member:
        found: NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
    if found.dtype.kind == "U" and (found.astype("=U").reshape(-1).view(np.uint32) > sys.maxunicode).any():
        raise ValueError(f"{key} holds what is no character")
    return found


def _fitting(path: Path, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    for key, array in arrays.items():
        if (array.dtype.kind, array.ndim) != _KINDS[key] or 0 in array.shape:
            wanted = _KINDS_TOLD[_KINDS[key]]
            raise MammiError(f"--second {path}: {key} holds {array.dtype} {list(array.shape)}, not {wanted}.")
    for key, names in (("images", "paths"), ("texts", "concepts")):
        if len(arrays[key]) != len(arrays[names]):
            raise MammiError(f"--second {path}: {len(arrays[key])} {key}, but {len(arrays[names])} {names}.")
        form = str if names == "paths" else compared
        (most, count), *_ = Counter(form(name) for name in arrays[names].tolist()).most_common(1)
        if count > 1:
            raise MammiError(f"--second {path}: {names} has {most[:80]!r} more than once.")
    lengths = {key: arrays[key].shape[-1] for key in ("images", "texts", "template") if key in arrays}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{key} {length}" for key, length in lengths.items())
        raise MammiError(f"--second {path}: vectors differ in length: {told}. They must be from the same model.")
    return arrays
