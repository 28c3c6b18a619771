"""Arrays and archives: .npy and Parquet of embeddings, lists and films in Parquet, tar files, changed and as bombs."""

from __future__ import annotations

import io
import json
import random
import struct
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import duckdb
import numpy as np

from engine.probing.webdataset.probing_set import Options as TarOptions
from engine.probing.webdataset.probing_set import load as load_tars
from engine.vlms.models.precomputed import load_vlm
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.mutation import mutated
from tests.hard_knocks.together import falls_of
from tests.support.tars import film, tar

NAMES = [f"{number:03}.png" for number in range(6)]


def knock(setting: Setting) -> Outcomes:
    chance, count = setting.chance, setting.count(15, 250)
    for kind, data, read in _kinds(setting.folder):
        others = [data, film(1), b"PAR1"]
        tries = [(f"{kind} mutant {number}", mutated(chance, data, others)) for number in range(count)]
        yield from falls_of(tries, read, setting, at_once=50)
    write = partial(_embeddings, setting.folder, "images.npy")
    yield from falls_of(list(_npy_kinds(chance)), write, setting, at_once=1)
    yield from falls_of(list(_tar_kinds()), partial(_tar, setting.folder), setting, at_once=1)


def _kinds(folder: Path) -> Iterator[tuple[str, bytes, Callable[[bytes], object]]]:
    yield "npy", _npy(np.eye(6, 4, dtype=np.float32) + 1), partial(_embeddings, folder, "images.npy")
    yield "Parquet of embeddings", _parquet(folder), partial(_embeddings, folder, "images.parquet")
    samples = {f"{number:03}.png": film(number) for number in range(3)} | {
        f"{number:03}.json": json.dumps({"labels": ["mass"], "patient": "P1"}).encode() for number in range(3)
    }
    yield "tar", tar(folder / "whole.tar", samples).read_bytes(), partial(_tar, folder)
    (folder / "whole.tar").unlink()
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return
    yield "Parquet of films", _films_in_parquet(folder), partial(_held, folder)


def _embeddings(folder: Path, name: str, data: bytes) -> None:
    """Reads a table of embeddings as a run does."""
    (folder / name).write_bytes(data)
    np.save(folder / "texts.npy", np.eye(2, 4, dtype=np.float32))
    for path, names in ((folder / "texts.txt", ["a", "b"]), (folder / "names.txt", NAMES)):
        path.write_text("\n".join(names))
    names_path = folder / "names.txt" if name.endswith(".npy") else None
    load_vlm(folder / name, names_path, folder / "texts.npy", folder / "texts.txt", "x")


def _tar(folder: Path, data: bytes) -> None:
    (folder / "films.tar").write_bytes(data)
    films = load_tars(TarOptions(folder=str(folder)), Path())
    for image in films.images[:20]:
        films.read(image)


def _held(folder: Path, data: bytes) -> None:
    from engine.probing.parquet.probing_set import Options, load

    (folder / "films.parquet").write_bytes(data)
    films = load(Options(parquet=str(folder / "films.parquet"), image_column="film"), Path())
    for image in films.images[:20]:
        films.read(image)


def _npy(array: np.ndarray, **settings: bool) -> bytes:
    data = io.BytesIO()
    np.save(data, array, **settings)
    return data.getvalue()


def _parquet(folder: Path) -> bytes:
    path = folder / "made.parquet"
    with duckdb.connect(":memory:") as connection:
        rows = ", ".join(f"('{name}', [1.0, {number}, 2, 3]::FLOAT[])" for number, name in enumerate(NAMES))
        connection.execute(f"COPY (SELECT * FROM (VALUES {rows}) AS t(path, embedding)) TO '{path}' (FORMAT parquet)")  # noqa: S608
    data = path.read_bytes()
    path.unlink()
    return data


def _films_in_parquet(folder: Path) -> bytes:
    import pyarrow
    from pyarrow import parquet

    data = io.BytesIO()
    rows = {"film": [film(number) for number in range(5)], "path": [f"{number}.png" for number in range(5)]}
    parquet.write_table(pyarrow.table(rows), data)
    return data.getvalue()


def _npy_kinds(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Arrays of every order, type and shape, and headers that lie."""
    whole = np.arange(24, dtype=np.float32).reshape(6, 4) + 1
    for kind in ("<f4", ">f4", "<f2", ">f8", "<i4", "?", "<c8", "<U3", "S4", "V4", "<M8[s]", "O", "<f16"):
        yield f"npy of {kind}", _npy(whole.astype(kind) if kind != "V4" else whole.view("V4"), allow_pickle=True)
    yield "npy in Fortran's order", _npy(np.asfortranarray(whole))
    yield "npy in Fortran's order, large ends first", _npy(np.asfortranarray(whole.astype(">f8")))
    yield "npy of a structure", _npy(np.zeros(6, [("a", "f4"), ("b", "O")]), allow_pickle=True)
    for shape in ((), (24,), (6, 2, 2), (0, 4), (6, 0)):
        yield f"npy of shape {shape}", _npy(whole.reshape(-1)[: int(np.prod(shape, dtype=int))].reshape(shape))
    for value in (np.nan, np.inf, 1e38, 1e-45, 0.0):
        array = whole.copy()
        array[2] = value
        yield f"npy with {value}", _npy(array)
    for words in (
        *("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 4)}", "{'descr': '<f4', 'shape': (-6, 4)}"),
        *("{'descr': '<f4', 'fortran_order': True, 'shape': (6, 4), 'x': 1}", "(" * 5000, "[" * 90_000 + "]" * 90_000),
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2**62, 4)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9223372036854775807)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (6, 4)}",
        "{'descr': [('a', '<f4')] * 9999, 'fortran_order': False, 'shape': (6, 4)}",
        "{'descr': '<f4', 'fortran_order': 'yes', 'shape': (6, True)}",
        "-" * 50_000 + "1",
    ):
        encoded = words.encode()
        yield f"npy with the header {words[:60]}", b"\x93NUMPY\2\0" + struct.pack("<I", len(encoded)) + encoded


def _tar_kinds() -> Iterator[tuple[str, bytes]]:
    """Tar files whose headers are attacks."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, kind, link in (
            *(("a.png", tarfile.SYMTYPE, "/etc/passwd"), ("b.png", tarfile.LNKTYPE, "../../etc/passwd")),
            *(("../c.png", tarfile.REGTYPE, ""), ("/d.png", tarfile.REGTYPE, ""), ("e.png", tarfile.FIFOTYPE, "")),
            ("x" * 300 + ".png", tarfile.REGTYPE, ""),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            archive.addfile(member)
    yield "a tar file of names and links that lead out", data.getvalue()
    header = tarfile.TarInfo("pax")
    for size in (1 << 23, 1 << 34):
        header.size, header.type = size, tarfile.XHDTYPE
        records = b"12 comment=x" * 1000
        yield f"a tar file with a pax header of {size} bytes", header.tobuf() + records
    record = b"30 mtime=1.0000000000000000000\n"
    pax = tarfile.TarInfo("pax")
    pax.type, pax.size = tarfile.XHDTYPE, len(record)
    yield "a tar file of 100,000 headers for one file", (pax.tobuf() + record.ljust(512, b"\0")) * 100_000
    long = tarfile.TarInfo("long")
    long.type, long.size = tarfile.GNUTYPE_LONGNAME, 512
    yield "a tar file of long names for long names", (long.tobuf() + b"a" * 512) * 50_000
    sparse = tarfile.TarInfo("a.png")
    sparse.type, sparse.size = tarfile.GNUTYPE_SPARSE, 1 << 40
    yield "a tar file with a sparse film", sparse.tobuf() + bytes(1024)
    many = tarfile.TarInfo("a.png")
    yield "a tar file of 60,000 films of one name", many.tobuf() * 60_000 + bytes(1024)
