"""Embeddings computed elsewhere: found by path and text, refused when they are not whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import torch

from engine.errors import ConfigError, MammiError, UnreadableImage
from engine.limits import hold
from engine.probing.base import Image
from engine.vlms.models.precomputed import PrecomputedVLM, load_vlm
from engine.vlms.precomputed import Options, load

FILM = np.zeros((4, 4), np.uint8)
PATHS = ("0001.png", "b/0002.png", "/data/nih/0003.png")
TEXTS = ("A film of a", "A film of a rib", "A film of a, b")


@pytest.fixture(autouse=True)
def _limits() -> Iterator[None]:
    yield
    hold()


def vectors(count: int, dimension: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32) * 3


def write_npy(folder: Path, images: np.ndarray, texts: np.ndarray) -> dict[str, str]:
    """The options that name the files."""
    np.save(folder / "images.npy", images)
    np.save(folder / "texts.npy", texts)
    (folder / "images.txt").write_text("\n".join(PATHS) + "\n")
    (folder / "texts.txt").write_bytes("\r\n".join(TEXTS).encode())
    return {
        "images": "images.npy",
        "image_names": "images.txt",
        "texts": "texts.npy",
        "text_names": "texts.txt",
    }


def write_parquet(path: Path, column: str, rows: list[tuple[Any, Any]], kind: str = "FLOAT[]") -> str:
    """Its name."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"CREATE TABLE rows ({column} VARCHAR, embedding {kind})")
        connection.executemany("INSERT INTO rows VALUES (?, ?)", rows)
        connection.execute(f"COPY rows TO '{path}' (FORMAT parquet)")
    return path.name


def loaded(folder: Path, options: Mapping[str, str | None]) -> PrecomputedVLM:
    return load(Options.model_validate(options), folder, torch.device("cpu"))


def unit(values: np.ndarray) -> np.ndarray:
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def image_vectors(vlm: PrecomputedVLM, *paths: str) -> np.ndarray:
    return vlm.encode_images(torch.stack([vlm.preprocess(FILM, Image(path)) for path in paths])).numpy()


def test_npy_files_give_unit_vectors_by_name(tmp_path: Path) -> None:
    images, texts = vectors(3), vectors(3, seed=1)
    vlm = loaded(tmp_path, write_npy(tmp_path, images.astype(np.float64), texts.astype(np.float16)))
    assert vlm.dimension == 5
    np.testing.assert_allclose(image_vectors(vlm, PATHS[2], PATHS[0]), unit(images)[[2, 0]], atol=1e-6)
    np.testing.assert_allclose(vlm.encode_texts([TEXTS[2], TEXTS[1]]), unit(texts)[[2, 1]], atol=1e-3)
    assert vlm.encode_texts(TEXTS).dtype == np.float32


@pytest.mark.parametrize("kind", ["FLOAT[]", "DOUBLE[]", "FLOAT[5]"])
def test_parquet_files_give_the_same_as_npy_files(tmp_path: Path, kind: str) -> None:
    images, texts = vectors(3), vectors(3, seed=1)
    plain = loaded(tmp_path, write_npy(tmp_path, images, texts))
    odd = tmp_path / "a [b] *?'"  # what DuckDB would take for a pattern
    odd.mkdir()
    tables = {
        "images": f"{odd.name}/{write_parquet_beside(odd, 'path', PATHS, images, kind)}",
        "texts": f"{odd.name}/{write_parquet_beside(odd, 'text', TEXTS, texts, kind)}",
    }
    vlm = loaded(tmp_path, tables)
    np.testing.assert_array_equal(image_vectors(vlm, *PATHS), image_vectors(plain, *PATHS))
    np.testing.assert_array_equal(vlm.encode_texts(TEXTS), plain.encode_texts(TEXTS))


def write_parquet_beside(folder: Path, column: str, names: tuple[str, ...], values: np.ndarray, kind: str) -> str:
    """Written elsewhere and moved: DuckDB's own COPY would not take such a folder's name."""
    rows = list(zip(names, values.tolist(), strict=True))
    written = folder.parent / f"{column}.parquet"
    write_parquet(written, column, rows, kind)
    return written.rename(folder / written.name).name


def test_an_image_is_found_with_more_or_fewer_folders(tmp_path: Path) -> None:
    images = vectors(3)
    vlm = loaded(tmp_path, write_npy(tmp_path, images, vectors(3)))
    np.testing.assert_allclose(
        image_vectors(vlm, "images_001/images/0001.png", "b/0002.png", "nih/0003.png"), unit(images), atol=1e-6
    )
    for path in ("a/0002.png", "1/data/nih/0003.png.png", "x0001.png", "none.png"):
        with pytest.raises(UnreadableImage, match=r"^has no precomputed embedding in images\.npy$"):
            vlm.preprocess(FILM, Image(path))


def test_a_file_name_given_twice_names_no_image(tmp_path: Path) -> None:
    options = write_npy(tmp_path, vectors(3), vectors(3))
    (tmp_path / "images.txt").write_text("p1/view1.jpg\np2/view1.jpg\nother.jpg")
    vlm = loaded(tmp_path, options)
    assert vlm.preprocess(FILM, Image("p2/view1.jpg")).tolist() == vectors(3)[1].tolist()
    with pytest.raises(UnreadableImage):
        vlm.preprocess(FILM, Image("view1.jpg"))


def test_missing_texts_are_counted_and_the_first_named(tmp_path: Path) -> None:
    vlm = loaded(tmp_path, write_npy(tmp_path, vectors(3), vectors(3)))
    with pytest.raises(MammiError) as raised:
        vlm.encode_texts([TEXTS[0], "rib", "one", "two", "three"])
    assert str(raised.value) == (
        f"vlm.texts: {tmp_path / 'texts.npy'} lacks 4 of 5 texts: 'rib', 'one', 'two' and 1 more.\n"
        'It must hold run.template, and for each concept the template, a blank and the concept; with run.template = ""'
        ", or with methods.clip_dissect.prompted = false, the concepts alone."
    )


def test_identity_follows_names_and_vectors(tmp_path: Path) -> None:
    options = write_npy(tmp_path, vectors(3), vectors(3, seed=1))
    before = loaded(tmp_path, options).identity
    assert loaded(tmp_path, options).identity == before
    (tmp_path / "texts.txt").write_text("\n".join(["another", *TEXTS[1:]]))
    renamed = loaded(tmp_path, options).identity
    np.save(tmp_path / "images.npy", vectors(3) + 1e-6)
    assert len({before, renamed, loaded(tmp_path, options).identity}) == 3


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("a", [1.0, 2.0]), ("b", [1.0])], "the vectors in embedding must have one length above 0; found 1, 2."),
        ([("a", []), ("b", [])], "the vectors in embedding must have one length above 0; found 0."),
        ([], "the vectors in embedding must have one length above 0; found no rows."),
        ([("a", [1.0, 2.0]), ("b", [1.0, None])], "row 2 has an embedding that is not finite."),
        ([("a", [float("inf"), 2.0])], "row 1 has an embedding that is not finite."),
        ([("a", [1.0]), (None, [1.0])], "row 2 has no path."),
        ([("a", None)], "row 1 has no embedding."),
        ([("a", [1.0]), ("a", [1.0])], "names 'a' more than once."),
        ([("a", [0.0])], "the vector of 'a' is zero, or not finite."),
    ],
)
def test_parquet_that_is_not_whole(tmp_path: Path, rows: list[tuple[Any, Any]], told: str) -> None:
    options = write_npy(tmp_path, vectors(3), vectors(3))
    options["images"] = write_parquet(tmp_path / "i.parquet", "path", rows) if rows else empty_parquet(tmp_path)
    del options["image_names"]
    with pytest.raises(MammiError, match=rf"i\.parquet.*{re.escape(told)}$"):
        loaded(tmp_path, options)


def empty_parquet(folder: Path) -> str:
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"COPY (SELECT 'a' AS path, [1.0] AS embedding LIMIT 0) TO '{folder / 'i.parquet'}' (FORMAT parquet)"
        )
    return "i.parquet"


def test_parquet_of_other_columns_or_types(tmp_path: Path) -> None:
    options = write_npy(tmp_path, vectors(3), vectors(3))
    del options["image_names"]
    options["images"] = write_parquet(tmp_path / "i.parquet", "file", [("a", [1.0])])
    with pytest.raises(MammiError, match=r"i\.parquet: needs the columns path \(text\) and embedding"):
        loaded(tmp_path, options)
    write_parquet(tmp_path / "i.parquet", "path", [("a", "x")], "VARCHAR")
    with pytest.raises(MammiError, match=r"i\.parquet: not a Parquet file, or damaged"):
        loaded(tmp_path, options)
    (tmp_path / "i.parquet").write_bytes(b"PAR1 nothing of the kind PAR1")
    with pytest.raises(MammiError, match=r"i\.parquet: not a Parquet file, or damaged"):
        loaded(tmp_path, options)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"images": "none.npy"}, "vlm.images: no file at {folder}/none.npy."),
        ({"image_names": "none.txt"}, "vlm.image_names: no file at {folder}/none.txt."),
        ({"image_names": None}, "vlm.image_names is missing: an .npy file needs a text file with one path a line."),
        ({"texts": "texts.txt"}, "vlm.texts: {folder}/texts.txt is neither an .npy nor a .parquet file."),
        ({"texts": "wide.npy"}, "vlm: {folder}/images.npy has vectors of 5 numbers, {folder}/wide.npy of 6: they must"),
        ({"texts": "more.npy"}, "vlm.texts: {folder}/texts.txt has 3 lines for the 4 vectors of {folder}/more.npy."),
        ({"images": "whole.npy"}, "vlm.images: {folder}/whole.npy holds int64 [3, 5], not floating-point vectors"),
        ({"images": "flat.npy"}, "vlm.images: {folder}/flat.npy holds float32 [3], not floating-point vectors"),
        ({"images": "pickled.npy"}, "vlm.images: {folder}/pickled.npy is not an .npy file of numbers, or damaged"),
        ({"images": "short.npy"}, "vlm.images: {folder}/short.npy is not an .npy file of numbers, or damaged"),
        ({"images": "archive.npy"}, "vlm.images: {folder}/archive.npy holds an archive, not floating-point vectors"),
        ({"images": "nan.npy"}, "vlm.images: {folder}/nan.npy: the vector of 'b/0002.png' is zero, or not finite."),
        ({"image_names": "images.npy"}, "vlm.image_names: {folder}/images.npy is not text"),
        (
            {"images": "i.parquet"},
            "vlm.image_names: a Parquet file has its own column path: leave this key out.",
        ),
    ],
)
def test_files_that_do_not_fit(tmp_path: Path, change: dict[str, str | None], told: str) -> None:
    options: dict[str, Any] = write_npy(tmp_path, vectors(3), vectors(3)) | change
    bad = vectors(3)
    bad[1, 2] = np.nan
    np.save(tmp_path / "wide.npy", vectors(3, 6))
    np.save(tmp_path / "more.npy", vectors(4))
    np.save(tmp_path / "whole.npy", np.zeros((3, 5), np.int64))
    np.save(tmp_path / "flat.npy", np.zeros(3, np.float32))
    np.save(tmp_path / "nan.npy", bad)
    np.save(tmp_path / "pickled.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "short.npy").write_bytes((tmp_path / "images.npy").read_bytes()[:-8])
    np.savez(tmp_path / "archive.npz", a=bad)
    (tmp_path / "archive.npz").rename(tmp_path / "archive.npy")
    write_parquet(tmp_path / "i.parquet", "path", [("a", [1.0])])
    with pytest.raises(MammiError) as raised:
        loaded(tmp_path, options)
    assert str(raised.value).startswith(told.format(folder=tmp_path))


def test_wrong_keys_are_the_configurations_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        loaded(tmp_path, {"images": "none.npy", "texts": "none.npy"})


@pytest.mark.parametrize(
    "header", ["{'descr': '<f4', 'shape': (3, 5", "(" * 5000, "-" * 5000 + "1", "{'shape': (2**62, 5)}", "[" * 9000]
)
def test_a_header_that_is_no_dictionary_is_refused(tmp_path: Path, header: str) -> None:
    options = write_npy(tmp_path, vectors(3), vectors(3))
    (tmp_path / "images.npy").write_bytes(b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode())
    with pytest.raises(MammiError, match=r"vlm\.images: .* is not an \.npy file of numbers, or damaged"):
        loaded(tmp_path, options)


def test_an_array_in_fortrans_order_gives_the_same_vectors(tmp_path: Path) -> None:
    whole = vectors(3)
    vlm = loaded(tmp_path, write_npy(tmp_path, np.asfortranarray(whole).astype(">f8"), np.asfortranarray(whole)))
    np.testing.assert_allclose(image_vectors(vlm, PATHS[0]), unit(whole[:1]), atol=1e-6)
    assert vlm.encode_texts(TEXTS).flags["C_CONTIGUOUS"]


def test_a_file_with_holes_takes_no_memory(tmp_path: Path) -> None:
    options = write_npy(tmp_path, vectors(3), vectors(3))
    with (tmp_path / "images.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (1 << 30, 512)})
        file.truncate(file.tell() + (1 << 41))
    with pytest.raises(MammiError, match=r"images\.npy is larger than 4,096 MB \(twice limits\.arrays_mb = 2048"):
        loaded(tmp_path, options)
    with pytest.raises(MammiError, match=r"more than 2,048 MB of vectors \(limits\.arrays_mb = 2048"):
        load_vlm(tmp_path / "images.npy", tmp_path / "images.txt", tmp_path / "texts.npy", tmp_path / "texts.txt", "x")


def test_more_names_than_rows_are_allowed_are_refused(tmp_path: Path) -> None:
    hold(rows=2)
    with pytest.raises(ConfigError, match=r"images\.txt has more than 2 lines \(limits\.rows = 2\)"):
        loaded(tmp_path, write_npy(tmp_path, vectors(3), vectors(3)))


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("'a' AS path, [1, 2]::FLOAT[] AS embedding FROM range(3000000)", r"more than 2,000,000 rows \(limits\.rows"),
        (
            "repeat('a', 4000000) AS path, [1]::FLOAT[] AS embedding FROM range(60)",
            r"200 MB of names \(limits\.text_mb",
        ),
        (
            "'a' AS path, list_resize([1], 300000, 1)::FLOAT[] AS embedding FROM range(1)",
            r"MB .*limits\.arrays_mb = 1",
        ),
        (
            "'a' AS path, list_resize([1], 9000, 1)::FLOAT[] AS embedding FROM range(100)",
            r"MB .*limits\.arrays_mb = 1",
        ),
    ],
)
def test_a_parquet_file_that_says_far_more_than_it_holds_is_refused(tmp_path: Path, columns: str, told: str) -> None:
    hold(arrays_mb=1)
    options = write_npy(tmp_path, vectors(3), vectors(3))
    with duckdb.connect(":memory:") as connection:
        to = tmp_path / "images.parquet"
        connection.execute(f"COPY (SELECT {columns}) TO '{to}' (FORMAT parquet, COMPRESSION zstd)")
    assert to.stat().st_size < 1_000_000
    with pytest.raises(MammiError, match=told):
        loaded(tmp_path, options | {"images": "images.parquet", "image_names": None})
