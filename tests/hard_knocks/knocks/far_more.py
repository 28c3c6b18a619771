"""Files that hold little and say much: Parquet, .npz and .npy that swell, tokenizers, folders without end."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.concepts.report_files import read_reports
from engine.evaluation.faithfulness.second import read_second
from engine.probing import folder as films_in_folder
from engine.store.reader import RunReader
from engine.vlms.models.precomputed import load_vlm
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.mutation import mutated
from tests.hard_knocks.sandbox import fall_of
from tests.hard_knocks.together import falls_of
from tests.support.deep_folders import chain_of_links, deep_folder
from tests.support.films import write_films
from tests.support.worded import WORDS, worded_run

SECONDS = 60.0


def knock(setting: Setting) -> Outcomes:
    place = setting.folder
    with deep_folder(place, "x.txt", b"A nodule."):
        for what, read in _of_folders(place).items():
            fall = fall_of(read, place, seconds=SECONDS)
            yield fall and f"{what}: {fall}"
    run = worded_run(place / "run.duckdb")
    for what, data in _archives(run, setting):
        (place / "two.npz").write_bytes(data)
        fall = fall_of(partial(_second, place / "two.npz", run), place, seconds=SECONDS)
        yield fall and f"{what} of seed {setting.seed}: {fall}"
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return
    yield from falls_of(list(_lists(setting)), partial(_list, place), setting, at_once=1)
    yield from falls_of(list(_embeddings(setting)), partial(_vectors, place), setting, at_once=1)


def _of_folders(place: Path) -> dict[str, Callable[[], object]]:
    write_films(place, ["a.png"])
    chain_of_links(place, "b.png", place / "a.png")
    return {
        "films in a deep folder": lambda: films_in_folder.load(films_in_folder.Options(folder=str(place)), Path()),
        "reports in a deep folder": lambda: list(read_reports([place])),
    }


def _second(path: Path, run: Path) -> None:
    with RunReader(run) as reader:
        read_second(path, reader)


def _archives(run: Path, setting: Setting) -> Iterator[tuple[str, bytes]]:
    """Archives of embeddings: damaged, packed, and with names twice."""
    with RunReader(run) as reader:
        paths = np.array(reader.paths(), dtype=str)
        texts, template = reader.arrays.text_embeddings()
        arrays = {
            "images": reader.arrays.image_embeddings(),
            "paths": paths,
            "texts": texts,
            "concepts": np.array(WORDS),
            "template": template,
        }
    whole = io.BytesIO()
    np.savez_compressed(whole, **arrays)
    for number in range(setting.count(5, 100)):
        yield f"mutant {number}", mutated(setting.chance, whole.getvalue(), [b"PK\x05\x06"])
    size = 1 << (24 if not setting.full else 29)
    for name, swollen in (
        ("images", np.zeros((len(paths), size // len(paths) // 4), np.float32)),
        ("paths", np.zeros(len(paths), f"<U{size // len(paths) // 4}")),
    ):
        packed = io.BytesIO()
        np.savez_compressed(packed, **arrays | {name: swollen})
        yield f"{size >> 20} MB of {name}", packed.getvalue()
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        again = io.BytesIO()
        with zipfile.ZipFile(whole) as old, zipfile.ZipFile(again, "w", method) as new:
            for name in [*old.namelist(), "images.npy"]:
                new.writestr(name, old.read(name))
        yield "a name twice", again.getvalue()


def _list(place: Path, data: bytes) -> None:
    from engine.probing.parquet.probing_set import Options, load

    (place / "list.parquet").write_bytes(data)
    for named in ({}, {"label_columns": ("labels",)}, {"image_column": "labels"}):
        load(Options.model_validate({"parquet": str(place / "list.parquet"), **named}), place)


def _vectors(place: Path, data: bytes) -> None:
    (place / "images.parquet").write_bytes(data)
    np.save(place / "texts.npy", np.eye(2, 4, dtype=np.float32))
    (place / "texts.txt").write_text("a\nb\n")
    load_vlm(place / "images.parquet", None, place / "texts.npy", place / "texts.txt", "x")


def _parquet(columns: dict[str, Any]) -> bytes:
    import pyarrow
    from pyarrow import parquet

    data = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), data, compression="zstd")
    return data.getvalue()


def _packed(value: Any, rows: int) -> Any:
    """A column that says the same in each row."""
    import pyarrow

    return pyarrow.DictionaryArray.from_arrays(pyarrow.array(np.zeros(rows, np.int32)), [value])


def _lists(setting: Setting) -> Iterator[tuple[str, bytes]]:
    import pyarrow

    rows, large = (3_000_000, 1 << 20) if setting.full else (100_000, 1 << 16)
    columns = {
        f"{rows} rows": _packed("Mass", rows),
        "long texts": _packed("x" * large, 9000),
        "bytes": _packed(b"x" * large, 9000),
        "one long text": ["x" * (large * 100)],
        "a list of none": pyarrow.ListArray.from_arrays([0, rows * 10], pyarrow.nulls(rows * 10, pyarrow.string())),
        "a list of long texts": pyarrow.ListArray.from_arrays([0, 9000], _packed("x" * large, 9000)),
        "no text": pyarrow.array([b"\xff\xfe"]).view(pyarrow.string()),
        "times": pyarrow.array([2**62 // 10**6], pyarrow.timestamp("ms")),
        "times of nowhere": pyarrow.array([0], pyarrow.timestamp("s", tz="No/Where")),
        "days": pyarrow.array([2**30], pyarrow.int32()).cast(pyarrow.date32()),
        "lists of lists": [[["a"]]],
        "numbers": [float("inf")],
    }
    for what, column in columns.items():
        yield what, _parquet({"path": _packed("a.png", len(column)), "labels": column})
    whole = _parquet({"path": ["a.png", "b.png"], "labels": [["Mass"], ["Nodule", "Mass"]]})
    for number in range(setting.count(10, 200)):
        yield f"mutant {number}", mutated(setting.chance, whole, [json.dumps({"a": 1}).encode(), b"PAR1"])


def _embeddings(setting: Setting) -> Iterator[tuple[str, bytes]]:
    import pyarrow

    rows = 3_000_000 if setting.full else 50_000
    ones = pyarrow.array(np.ones(rows * 100, np.float32))
    yield "one vector", _parquet({"path": ["a"], "embedding": pyarrow.ListArray.from_arrays([0, rows * 100], ones)})
    yield "names", _parquet({"path": _packed("x" * (1 << 20), 900), "embedding": [[1.0, 2, 3, 4]] * 900})
    texts = _packed("[1, 2, 3, 4]", rows)
    yield "vectors as text", _parquet({"path": _packed("a", rows), "embedding": texts})
