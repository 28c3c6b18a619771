"""Embeddings of a second VLM in an .npz: read whole, or refused in a line that says what is wrong."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import ConfigError, MammiError
from engine.evaluation.faithfulness.second import own, read_second
from engine.limits import hold
from engine.store.reader import RunReader
from tests.support.runs import small_run
from tests.support.worded import WORDS, worded_run


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> RunReader:
    return RunReader(worded_run(tmp_path_factory.mktemp("worded") / "run.duckdb"))


def arrays_of(reader: RunReader) -> dict[str, np.ndarray]:
    texts, template = reader.arrays.text_embeddings()
    return {
        "images": 3 * reader.arrays.image_embeddings(),
        "paths": np.array(reader.paths(), dtype=str),
        "texts": 2 * texts,
        "concepts": np.array(WORDS),
        "template": 5 * template,
    }


def test_embeddings_are_found_by_path_and_concept_and_normalised(reader: RunReader, tmp_path: Path) -> None:
    arrays = arrays_of(reader)
    order = np.random.default_rng(0).permutation(len(arrays["paths"]))[:150]
    np.savez_compressed(tmp_path / "two.npz", **arrays | {name: arrays[name][order] for name in ("images", "paths")})
    found, expected = read_second(tmp_path / "two.npz", reader), own(reader)
    assert (found.name, found.circular) == ("two.npz", False)
    assert found.known.tolist() == sorted(order.tolist())
    assert found.images == pytest.approx(expected.images[found.known], abs=1e-6)
    assert found.texts.keys() == expected.texts.keys() == {"mass", "effusion", "nodule", "lung"}
    for word in found.texts:
        assert found.texts[word] == pytest.approx(expected.texts[word], abs=1e-6)


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no concepts": ({"concepts": None}, "lacks the array concepts; it has images, paths, texts and concepts"),
    "fewer names": ({"concepts": np.array(["a"])}, "4 texts, but 1 concepts"),
    "a name twice": ({"concepts": np.array(["a", "b", "a", "c"])}, "concepts has 'a' more than once"),
    "a name in two spellings": (
        {"concepts": np.array(["Mass", "b", "mass", "c"])},
        "concepts has 'mass' more than once",
    ),
    "no character": (
        {"concepts": np.full(4, 0x7FFFFFFF, dtype=np.uint32).view("U1")},
        "concepts holds what is no character",
    ),
    "whole numbers": ({"texts": np.ones((4, 16), dtype=int)}, r"texts holds int64 \[4, 16\], not vectors \[n, d\]"),
    "a template of texts": ({"template": np.ones((1, 16))}, r"template holds float64 \[1, 16\], not a vector \[d\]"),
    "another length": ({"template": np.ones(8)}, "vectors differ in length: images 16, texts 16, template 8"),
    "nan": ({"texts": np.full((4, 16), np.nan)}, "texts: vector 0 is zero, or not finite"),
    "a zero": ({"texts": np.zeros((4, 16))}, "texts: vector 0 is zero, or not finite"),
    "objects": ({"paths": np.array([None] * 200, dtype=object)}, "is no .npz of numbers and text, or damaged"),
    "bytes": ({"concepts": np.array([b"a", b"b", b"c", b"d"])}, r"concepts holds \|S1 \[4\], not text"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_said(fault: str, reader: RunReader, tmp_path: Path) -> None:
    changed, message = FAULTS[fault]
    arrays = {name: array for name, array in (arrays_of(reader) | changed).items() if array is not None}
    np.savez(tmp_path / "two.npz", **arrays, allow_pickle=True)
    with pytest.raises(MammiError, match=message):
        read_second(tmp_path / "two.npz", reader)


def test_a_packed_array_is_no_larger_than_it_may_be(reader: RunReader, tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "two.npz", **arrays_of(reader) | {"texts": np.zeros((5, 100_000), np.float32)})
    hold(arrays_mb=1)
    try:
        with pytest.raises(MammiError, match=r"two\.npz: texts takes more than 1 MB \(limits\.arrays_mb = 1\)"):
            read_second(tmp_path / "two.npz", reader)
    finally:
        hold()


def test_a_header_that_lies_about_its_size_takes_no_memory(reader: RunReader, tmp_path: Path) -> None:
    path = tmp_path / "two.npz"
    np.savez(path, **arrays_of(reader))
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40, 16)})
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(tmp_path / "lies.npz", "w") as lies:
        for name in archive.namelist():
            lies.writestr(name, content.getvalue() if name == "images.npy" else archive.read(name))
    with pytest.raises(MammiError, match="images is not what its header says"):
        read_second(tmp_path / "lies.npz", reader)


@pytest.mark.parametrize(
    "header",
    [
        b"{[]: 1}",
        b"{'descr': '|V0', 'fortran_order': False, 'shape': (1 << 80, 16)}",
        b"{'descr': '|V0', 'fortran_order': False, 'shape': (%d, 16)}" % (1 << 80),
        b"{'descr': 5, 'fortran_order': False, 'shape': (200, 16)}",
        b"(" * 5000,
    ],
)
def test_a_header_of_nonsense_is_refused(header: bytes, reader: RunReader, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two.npz", "w") as archive:
        archive.writestr("images.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(MammiError, match="of numbers and text, or damaged"):
        read_second(tmp_path / "two.npz", reader)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", b"{}"])
def test_a_file_that_is_no_archive_is_refused(content: bytes, reader: RunReader, tmp_path: Path) -> None:
    (tmp_path / "two.npz").write_bytes(content)
    with pytest.raises(MammiError, match="of numbers and text, or damaged"):
        read_second(tmp_path / "two.npz", reader)


def test_a_cut_archive_is_refused(reader: RunReader, tmp_path: Path) -> None:
    np.savez(tmp_path / "whole.npz", **arrays_of(reader))
    content = bytearray((tmp_path / "whole.npz").read_bytes())
    content[2000:2100] = bytes(100)
    (tmp_path / "two.npz").write_bytes(content)
    with pytest.raises(MammiError, match="of numbers and text, or damaged"):
        read_second(tmp_path / "two.npz", reader)


def test_a_file_of_another_kind_is_refused_with_what_to_do(reader: RunReader, tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("")
    for name, message in (
        ("two.csv", "is neither a run file (.duckdb) nor embeddings (.npz)"),
        ("none.npz", "no such file"),
        ("two.toml", "compute that run first (`mammi run"),
    ):
        with pytest.raises(ConfigError, match=re.escape(message)):
            read_second(tmp_path / name, reader)


def test_embeddings_of_other_images_are_refused(reader: RunReader, tmp_path: Path) -> None:
    arrays = arrays_of(reader)
    np.savez(tmp_path / "two.npz", **arrays | {"paths": np.array([f"other/{path}" for path in arrays["paths"]])})
    with pytest.raises(ConfigError, match="has 0 of the run's 200 images; 20 are the least"):
        read_second(tmp_path / "two.npz", reader)
    with pytest.raises(MammiError, match="of the run's 200 images; 20 are the least"):
        read_second(small_run(tmp_path, images=10), reader)
